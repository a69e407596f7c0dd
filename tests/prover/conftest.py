"""A sandbox shared by the prover's tests, and a short way to run steps or a script against a small target."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from clearinghouse.core.manifest import CallRun, Claim, Manifest, OracleSpec, Runtime, ScriptRun, Target
from clearinghouse.core.proof import OracleName
from clearinghouse.prover.cache import Cache
from clearinghouse.prover.runner import Plan, Runner
from clearinghouse.prover.runtimes.python.interpreters import own_interpreter
from clearinghouse.prover.sandbox.find import find_sandbox
from tests.prover.targets import SOURCES, HandMade, installed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from clearinghouse.prover.installed import Installed
    from clearinghouse.prover.observation import Observation
    from clearinghouse.prover.sandbox.bubblewrap import BubblewrapSandbox


def manifest_of(run: CallRun | ScriptRun, oracle: OracleSpec, **given: Any) -> Manifest:
    """A manifest about the small target."""
    target = Target("pkg:pypi/fake", "pypi", "fake", "1.0.1", "1.0.2")
    return Manifest(Claim("a claim"), target, Runtime(), run, oracle, **given)


class Observe(Protocol):
    """Run steps (or an argv) once; `plan` and the manifest's other keys as keywords."""

    def __call__(
        self,
        run: list[dict[str, Any]] | CallRun | ScriptRun,
        oracle: str | OracleSpec = ...,
        *,
        plan: Plan = ...,
        files: Mapping[str, bytes] = ...,
        tree: Installed | None = ...,
        **given: Any,
    ) -> Observation: ...


@pytest.fixture(scope="session")
def prover_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the shared sandbox keeps its files."""
    return tmp_path_factory.mktemp("prover-state")


@pytest.fixture(scope="session")
def prover_sandbox(prover_state: Path) -> Iterator[BubblewrapSandbox]:
    """The sandbox of this machine."""
    found = find_sandbox(prover_state)
    yield found
    found.close()


@pytest.fixture(scope="session")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> HandMade:
    """Releases made by hand, and the harness compiled once."""
    interpreter = own_interpreter()
    assert interpreter is not None
    return HandMade(Cache(tmp_path_factory.mktemp("cache")), interpreter)


@pytest.fixture(scope="session")
def small_target(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The small target, installed by hand."""
    return installed(tmp_path_factory.mktemp("targets") / "fake-1.0.1", "1.0.1", SOURCES)


@pytest.fixture
def observe(prover_sandbox: BubblewrapSandbox, runtime: HandMade, small_target: Installed, tmp_path: Path) -> Observe:
    """Run steps or a script once against the small target, in the real sandbox."""

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
        manifest = manifest_of(form, spec, **given)
        state = tmp_path / "bundles"
        runner = Runner(prover_sandbox, manifest=manifest, files=files, runtime=runtime, state=state)
        try:
            return runner.run(tree or small_target, plan)
        finally:
            runner.close()

    return run
