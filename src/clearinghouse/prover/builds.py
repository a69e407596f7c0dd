"""Chooses the runtime for a bundle and installs both releases under it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clearinghouse.core.proof import Verdict
from clearinghouse.prover.runtimes.interface import ProvisionError, RuntimeMissing
from clearinghouse.prover.runtimes.native.runtime import native_runtimes
from clearinghouse.prover.runtimes.node.runtime import node_runtimes
from clearinghouse.prover.runtimes.python.runtime import python_runtimes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from clearinghouse.core.manifest import Manifest
    from clearinghouse.prover.installed import Installed
    from clearinghouse.prover.runtimes.interface import Runtime, Workbench


@dataclass(frozen=True, slots=True)
class Builds:
    """What a proof runs against. `notes` say what a reader should know of the choice."""

    runtime: Runtime
    vulnerable: Installed
    fixed: Installed | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotBuilt:
    """Why there is nothing to run against."""

    verdict: Verdict
    reason: str


_VERDICTS = {
    "infra": Verdict.INFRA_ERROR,
    "no_release": Verdict.BUILD_FAILED,
    "build_failed": Verdict.BUILD_FAILED,
    "no_wheel": Verdict.UNSUPPORTED,
    "unsupported": Verdict.UNSUPPORTED,
}
_ANOTHER_MAY = {"no_wheel", "build_failed", "unsupported"}  # where another interpreter may do better
_LANGUAGES: dict[str, Callable[[Manifest, Workbench], Sequence[Runtime]]] = {
    "python": python_runtimes,
    "node": node_runtimes,
    "native": native_runtimes,
}


def runtimes_for(manifest: Manifest, workbench: Workbench) -> Sequence[Runtime]:
    """Every runtime of this machine that fits a bundle, the best first. Raises RuntimeMissing."""
    return _LANGUAGES[manifest.runtime.language](manifest, workbench)


def build(manifest: Manifest, workbench: Workbench) -> Builds | NotBuilt:
    """Install the target's releases under the first fitting runtime that can have both."""
    language = manifest.runtime.language
    if language not in _LANGUAGES:
        return NotBuilt(Verdict.UNSUPPORTED, f"this prover does not build or run {language} targets yet")
    try:
        candidates = _LANGUAGES[language](manifest, workbench)
    except RuntimeMissing as error:
        return NotBuilt(Verdict.UNSUPPORTED, str(error))
    problem: ProvisionError | None = None
    for runtime in candidates:
        try:
            vulnerable = runtime.install(manifest.target, manifest.target.vulnerable)
            fixed = None
            if manifest.target.fixed is not None:
                fixed = runtime.install(manifest.target, manifest.target.fixed)
        except ProvisionError as error:
            if error.kind not in _ANOTHER_MAY:
                return NotBuilt(_VERDICTS[error.kind], error.message)
            problem = _graver(problem, error)
            continue
        fault = runtime.fault(vulnerable, manifest.target) or _tests_fault(manifest, vulnerable)
        if fault:
            return NotBuilt(Verdict.INVALID, fault)
        return Builds(runtime, vulnerable, fixed, _notes(manifest, candidates, runtime, vulnerable, fixed))
    assert problem is not None
    return NotBuilt(_VERDICTS[problem.kind], problem.message)


def _tests_fault(manifest: Manifest, installed: Installed) -> str | None:
    """Why the tests cannot be started: a module that `python -m` names is nowhere; None when all is well."""
    argv = manifest.tests or ()
    if manifest.runtime.language != "python" or argv[:2] != ("python", "-m") or len(argv) == 2:  # noqa: PLR2004
        return None
    module = argv[2].partition(".")[0]
    if module in sys.stdlib_module_names or module in {path.name.split(".")[0] for path in installed.tree.iterdir()}:
        return None
    remedy = f'add it to target.with with an exact version ("pkg:pypi/{module}@…"), or use unittest'
    return f'run.tests: the module "{module}" is not installed beside the target; {remedy}'


def _graver(one: ProvisionError | None, other: ProvisionError) -> ProvisionError:
    """The problem to tell of: the first, but a build that failed says more than a wheel that is not there."""
    if one is None or (one.kind == "no_wheel" and other.kind != "no_wheel"):
        return other
    return one


def _notes(
    manifest: Manifest, candidates: Sequence[Runtime], runtime: Runtime, vulnerable: Installed, fixed: Installed | None
) -> tuple[str, ...]:
    """What a reader should know of the choice."""
    notes = []
    if runtime.label != candidates[0].label:
        notes.append(f"run under {runtime.label}: {candidates[0].label} has no wheels for it and builds none")
    built = [item.version for item in (vulnerable, fixed) if item is not None and item.source is not None]
    if built and manifest.build is None:
        notes.append(f"built from source, for want of a wheel: {', '.join(built)}")
    return tuple(notes)
