"""Runs steps or a script once against the small npm package, in the real sandbox; skips where there is no Node."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from clearinghouse.core.manifest import CallRun, Claim, Manifest, OracleSpec, Runtime, ScriptRun, Target
from clearinghouse.core.proof import OracleName
from clearinghouse.prover.cache import Cache
from clearinghouse.prover.runner import Plan, Runner
from clearinghouse.prover.runtimes.node.executables import Node, fitting
from tests.prover.node.targets import HandMade, installed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from clearinghouse.prover.installed import Installed
    from clearinghouse.prover.observation import Observation
    from clearinghouse.prover.sandbox.bubblewrap import BubblewrapSandbox
    from tests.prover.conftest import Observe


@pytest.fixture(scope="session")
def node() -> Node:
    """The Node of this machine."""
    found = fitting(None)
    if found is None:
        pytest.skip("there is no Node on this machine: install nodejs and npm")
    return found


@pytest.fixture(scope="session")
def npm_target(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The small npm package."""
    return installed(tmp_path_factory.mktemp("npm") / "fake")


@pytest.fixture(scope="session")
def node_runtime(node: Node, tmp_path_factory: pytest.TempPathFactory) -> HandMade:
    """Node, with a cache of its own."""
    return HandMade(Cache(tmp_path_factory.mktemp("node-cache")), node)


@pytest.fixture
def observe(
    prover_sandbox: BubblewrapSandbox, node_runtime: HandMade, npm_target: Installed, tmp_path: Path
) -> Observe:
    """Run steps or a script once against the small package, in the real sandbox."""

    def run(
        run: list[dict[str, Any]] | CallRun | ScriptRun,
        oracle: str | OracleSpec = "predicate",
        *,
        plan: Plan = Plan(),  # noqa: B008  # frozen
        files: Mapping[str, bytes] = {},
        tree: Installed | None = None,
        **given: Any,
    ) -> Observation:
        spec = oracle if isinstance(oracle, OracleSpec) else OracleSpec(OracleName(oracle))
        if spec.name is OracleName.PREDICATE and spec.insecure is None:
            spec = replace(spec, insecure="INSECURE")
        form = CallRun(tuple(run)) if isinstance(run, list) else run
        target = Target("pkg:npm/fake", "npm", "fake", "1.0.1", "1.0.2")
        manifest = Manifest(Claim("a claim"), target, Runtime("node"), form, spec, **given)
        state = tmp_path / "bundles"
        runner = Runner(prover_sandbox, manifest=manifest, files=files, runtime=node_runtime, state=state)
        try:
            return runner.run(tree or npm_target, plan)
        finally:
            runner.close()

    return run
