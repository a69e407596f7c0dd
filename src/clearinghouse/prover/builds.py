"""Chooses the interpreter for a bundle and installs both releases under it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from clearinghouse.core.proof import Verdict
from clearinghouse.prover.installed import Installed, trespass
from clearinghouse.prover.interpreters import all_interpreters, fitting
from clearinghouse.prover.provision import ProvisionError

if TYPE_CHECKING:
    from clearinghouse.core.manifest import Manifest
    from clearinghouse.prover.interpreters import Interpreter
    from clearinghouse.prover.provision import Provisioner


@dataclass(frozen=True, slots=True)
class Builds:
    """What a proof runs against. `notes` say what a reader should know of the choice."""

    interpreter: Interpreter
    vulnerable: Installed
    fixed: Installed | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class NotBuilt:
    """Why there is nothing to run against."""

    verdict: Verdict
    reason: str


_VERDICTS = {"infra": Verdict.INFRA_ERROR, "no_release": Verdict.BUILD_FAILED, "no_wheel": Verdict.UNSUPPORTED}


def build(manifest: Manifest, provisioner: Provisioner) -> Builds | NotBuilt:
    """Install the target's releases under the first interpreter that has wheels for both."""
    asked = manifest.runtime.version
    candidates = fitting(asked)
    if not candidates:
        present = ", ".join(item.version for item in all_interpreters()) or "none"
        return NotBuilt(Verdict.UNSUPPORTED, f"Python {asked} is not on this machine; it has {present}")
    problem: ProvisionError | None = None
    tried: set[str] = set()
    for interpreter in candidates:
        if interpreter.minor in tried:
            continue  # wheels are made for minor versions
        tried.add(interpreter.minor)
        try:
            vulnerable = provisioner.install(manifest.target, manifest.target.vulnerable, interpreter)
            fixed = None
            if manifest.target.fixed is not None:
                fixed = provisioner.install(manifest.target, manifest.target.fixed, interpreter)
        except ProvisionError as error:
            problem = problem or error
            if error.kind != "no_wheel":
                return NotBuilt(_VERDICTS[error.kind], error.message)
            continue
        fault = trespass(vulnerable, {item.name for item in manifest.target.companions})
        if fault:
            return NotBuilt(Verdict.INVALID, fault)
        notes = () if problem is None else (f"run under {interpreter.label}: no wheels for {candidates[0].label}",)
        return Builds(interpreter, vulnerable, fixed, notes)
    assert problem is not None
    return NotBuilt(Verdict.UNSUPPORTED, problem.message)
