"""A prover without a sandbox: its verdicts follow from a bundle's manifest and a table of planted bugs."""

from __future__ import annotations

from dataclasses import dataclass, field

from packaging.version import Version

from clearinghouse.core.errors import InvalidBundle
from clearinghouse.core.manifest import CallRun, Manifest
from clearinghouse.core.proof import Environment, Grade, Input, MatrixRow, ProofResult, Signal, Trial, Variant, Verdict
from clearinghouse.prover.bundle import read_archive


@dataclass(frozen=True, slots=True)
class Bug:
    """A planted bug: where it is, what shows it, and the half-open ranges of releases that have it."""

    function: str | None
    oracle: str = "exec"
    ranges: tuple[tuple[str, str], ...] = (("0", "1.5"),)

    def is_in(self, version: str) -> bool:
        return any(Version(low) <= Version(version) < Version(high) for low, high in self.ranges)


@dataclass
class Simulator:
    """Implements `core.ports.Prover`. `calls` keeps what was asked.

    `broken` names releases on which every run breaks, `out_of_reach` those that cannot be installed just now.
    """

    bugs: dict[str, Bug]
    broken: frozenset[str] = frozenset()
    out_of_reach: frozenset[str] = frozenset()
    calls: list[tuple[str, str]] = field(default_factory=list)

    def prove(self, bundle: bytes) -> ProofResult:
        try:
            read = read_archive(bundle)
        except InvalidBundle as error:
            return ProofResult(id=None, verdict=Verdict.INVALID, reasons=error.problems)
        target = read.manifest.target
        self.calls.append(("prove", read.id))
        fires = self._fires(read.manifest, target.vulnerable)
        rows = [_row(Variant.VULNERABLE, target.vulnerable, 5, 5 if fires else 0, read.id)]
        reasons: tuple[str, ...]
        verdict, reasons = Verdict.NOT_REPRODUCED, ("the trigger did nothing",)
        if fires and target.fixed is None:
            verdict, reasons = Verdict.REPRODUCED, ("no fix is known",)
        elif fires and target.fixed is not None:
            still = self._fires(read.manifest, target.fixed)
            rows.append(_row(Variant.FIXED, target.fixed, 4, 4 if still else 0, read.id))
            verdict, reasons = (Verdict.FIX_INEFFECTIVE, ("still fires",)) if still else (Verdict.PROVEN, ())
        confirm = ("that the output means a weakness",) if read.manifest.oracle.name == "predicate" else ()
        return ProofResult(
            id=read.id,
            verdict=verdict,
            grade=Grade.A,
            confirm=confirm,
            reasons=reasons,
            matrix=tuple(rows),
            function=self._bug(read.manifest).function if fires else None,
            environment=Environment(prover="simulator", oracle=f"{read.manifest.oracle.name}/1", isolation="g2"),
            logs={digest: f"output of {read.id}" for row in rows for digest in row.logs},
        )

    def try_on(self, bundle: bytes, version: str) -> Trial:
        read = read_archive(bundle)
        self.calls.append((version, read.id))
        if version in self.broken:
            return Trial(version, Signal.BROKEN, n=4, k=0, reason="does not import")
        if version in self.out_of_reach:
            return Trial(version, Signal.BROKEN, n=0, k=0, reason="could not be fetched")
        fired = self._fires(read.manifest, version)
        return Trial(version, Signal.FIRED if fired else Signal.SILENT, n=4, k=4 if fired else 0)

    def _bug(self, manifest: Manifest) -> Bug:
        assert isinstance(manifest.run, CallRun)
        words = [str(step) for step in manifest.run.steps]
        return next(
            (bug for name, bug in self.bugs.items() if any(f"'{name}'" in w for w in words)), Bug(None, ranges=())
        )

    def _fires(self, manifest: Manifest, version: str) -> bool:
        bug = self._bug(manifest)
        return bug.oracle == manifest.oracle.name and bug.is_in(version)


def _row(variant: Variant, version: str, n: int, k: int, bundle: str) -> MatrixRow:
    return MatrixRow(variant, Input.TRIGGER, version, n, k, logs=(f"{variant}-{bundle}"[:64],))
