"""Decides a proof's verdict from the matrix of its runs. Pure: the same matrix, the same verdict."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from clearinghouse.core.proof import Grade, Input, MatrixRow, Variant, Verdict
from clearinghouse.core.statistics import LEAST_RATE, lower_bound, silent_runs
from clearinghouse.core.verdict_patch import PatchSeen, patch_confirm, patch_fault, patch_reasons

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CONFIRM_SCRIPT = (
    "that the script reaches the weakness through the target as an attacker could, and does nothing else of its own"
)
CONFIRM_COMMAND = "that the arguments and files given to the target's command are data to it, and not a program to run"
CONFIRM_PREDICATE = (
    "that what the predicate shows is the weakness claimed, and not a mere difference between two releases"
)

CONFIRM_EXCEPTION = (
    "that a caller could not have been meant to catch the exception, so that it is a weakness and no answer"
)
CONFIRM_CODE = (
    "that the target is not meant to run code from such an input: the effect came from code that it made of text"
)
CONFIRM_NO_FIX = "that the effect is not what the target is meant to do: no fixed release is there to say so"


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict with its reasons, and what a person must confirm before anything leaves the house."""

    verdict: Verdict
    reasons: tuple[str, ...]
    confirm: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Basis:
    """What the decision rests on beside the matrix. `doubt` is why a person must look."""

    grade: Grade
    predicate: bool
    exception: bool = field(default=False, kw_only=True)
    has_fix: bool
    doubt: str | None = None
    born: bool = False  # the effect came from code that the target made of text
    foreign: str | None = None  # the effect demonstrably came from elsewhere than the target
    command: bool = False  # the target's own command was started
    patch: PatchSeen | None = field(default=None, kw_only=True)  # None where there is none, or it was not judged


Key = tuple[Variant, Input]
_V = (Variant.VULNERABLE, Input.TRIGGER)
_F = (Variant.FIXED, Input.TRIGGER)
_V_CONTROL = (Variant.VULNERABLE, Input.CONTROL)
_F_CONTROL = (Variant.FIXED, Input.CONTROL)
_V_TESTS = (Variant.VULNERABLE, Input.TESTS)
_F_TESTS = (Variant.FIXED, Input.TESTS)


def by_key(rows: Iterable[MatrixRow]) -> dict[Key, MatrixRow]:
    """The matrix by variant and input."""
    return {(row.variant, row.input): row for row in rows}


def decide(rows: Iterable[MatrixRow], basis: Basis) -> Decision:
    """The verdict of a complete matrix, or of one cut short by a finding that already settles it."""
    matrix = by_key(rows)
    for rule in (_fires, _without_target, _control, _fix, _names, _patch, _doubt):
        decision = rule(matrix, basis)
        if decision is not None:
            return decision
    return _supported(matrix[_V], matrix, basis)


def _fires(matrix: Mapping[Key, MatrixRow], basis: Basis) -> Decision | None:
    row = matrix[_V]
    if row.k == 0:
        if row.broken and row.signature.startswith("signal "):
            return Decision(Verdict.WRONG_SIGNAL, (f"crashed ({row.signature}) instead of showing the claimed effect",))
        if row.broken:
            return Decision(Verdict.NOT_REPRODUCED, (f"the trigger ended in an error of its own: {row.signature}",))
        return Decision(Verdict.NOT_REPRODUCED, (f"did not fire on {row.version} in {row.n} runs: {row.signature}",))
    if basis.foreign:
        return Decision(Verdict.WRONG_SIGNAL, (basis.foreign,))
    bound = lower_bound(row.k, row.n)
    if row.k < row.n and bound < LEAST_RATE:
        reason = (
            f"fired in {row.k} of {row.n} runs (at least {bound:.2f} at 95 %), too seldom to tell silence from luck"
        )
        return Decision(Verdict.FLAKY, (reason,))
    return None


def _without_target(matrix: Mapping[Key, MatrixRow], basis: Basis) -> Decision | None:
    del basis
    row = matrix.get((Variant.NULL_TARGET, Input.TRIGGER))
    if row and row.k:
        return Decision(
            Verdict.NOT_REPRODUCED, ("fires on an inert stub in the target's place: the effect is the script's own",)
        )
    return None


def _control(matrix: Mapping[Key, MatrixRow], basis: Basis) -> Decision | None:
    del basis
    row = matrix.get(_V_CONTROL)
    if row and row.k:
        return Decision(Verdict.CONTROL_FAILED, ("the benign control fires too",))
    if row and row.broken:
        return Decision(Verdict.CONTROL_FAILED, (f"the benign control ended in an error: {row.signature}",))
    return None


def _fix(matrix: Mapping[Key, MatrixRow], basis: Basis) -> Decision | None:
    del basis
    row = matrix.get(_F)
    if row and row.k:
        reason = f"still fires on {row.version}, in {row.k} of {row.n} runs: that release does not fix it"
        return Decision(Verdict.FIX_INEFFECTIVE, (reason,))
    if row and row.broken:
        reason = f"on {row.version} the trigger ended in an error of its own, which is no silence: {row.signature}"
        return Decision(Verdict.NEEDS_HUMAN, (reason,))
    control = matrix.get(_F_CONTROL)
    if control and (control.k or control.broken):
        reason = f"the benign control no longer works on {control.version}: {control.signature or 'it fires'}"
        return Decision(Verdict.FIX_BREAKS, (reason,))
    failing = tests_fail(matrix, Variant.FIXED)
    return Decision(Verdict.FIX_BREAKS, (failing,)) if failing else None


def tests_fail(matrix: Mapping[Key, MatrixRow], variant: Variant) -> str | None:
    """Why the bundle's tests do not pass on a build, or None where they do in one run at least, or were not run."""
    row = matrix.get((variant, Input.TESTS))
    if row is None or row.broken < row.n:
        return None
    where = row.version if variant is Variant.FIXED else f"{row.version} with the patch"
    before = matrix.get(_V_TESTS)
    also = "; they do not pass on the vulnerable release either" if before and before.broken == before.n else ""
    return f"the tests do not pass on {where}{also}: {row.signature}"


def _names(matrix: Mapping[Key, MatrixRow], basis: Basis) -> Decision | None:
    row = matrix.get((Variant.F_NAMED_V, Input.TRIGGER))
    if row and row.k:
        reason = "fires on fixed code that merely calls itself the vulnerable version: the proof looks at the version"
        return Decision(Verdict.NOT_REPRODUCED, (reason,))
    for variant, change in (
        (Variant.V_NAMED_F, "calls itself the fixed version"),
        (Variant.V_RESPELT, "has comments added to each source"),
    ):
        row = matrix.get((variant, Input.TRIGGER))
        # One firing run shows that the effect does not hang on the change; a proof that hangs on it misses each time.
        if row and not row.k and not _does_not_load(row, basis):
            return Decision(
                Verdict.NEEDS_HUMAN, (f"no longer fires when the vulnerable code {change}: {row.signature}",)
            )
    broken = matrix.get((Variant.F_NAMED_V, Input.TRIGGER))
    if broken and broken.broken and not _does_not_load(broken, basis):
        reason = f"fixed code under the vulnerable version's name ended in an error: {broken.signature}"
        return Decision(Verdict.NEEDS_HUMAN, (reason,))
    return None


def _patch(matrix: Mapping[Key, MatrixRow], basis: Basis) -> Decision | None:
    if basis.patch is None:
        return None
    # A pattern may take a harmless answer for the weakness; only a release that stays silent shows that it does not.
    keyed = Verdict.NEEDS_HUMAN if basis.predicate and not basis.has_fix else Verdict.FIX_INEFFECTIVE
    fault = patch_fault(matrix, basis.patch, tests_fail(matrix, Variant.PATCHED), keyed=keyed)
    return Decision(fault[0], (fault[1],)) if fault else None


def _doubt(matrix: Mapping[Key, MatrixRow], basis: Basis) -> Decision | None:
    """Last: what was seen outranks what is only feared."""
    del matrix
    if basis.doubt and basis.grade is not Grade.C:
        return Decision(Verdict.NEEDS_HUMAN, (basis.doubt,))
    return None


def _does_not_load(row: MatrixRow, basis: Basis) -> bool:
    """Whether the target does not import under another name, as some check their own.

    Steps cannot bring that about, so for form 1 the control counts as not possible; a script can, so there it failed.
    """
    return basis.grade is Grade.A and row.broken == row.n and row.signature.startswith("cannot import ")


def _supported(row: MatrixRow, matrix: Mapping[Key, MatrixRow], basis: Basis) -> Decision:
    bound = lower_bound(row.k, row.n)
    reasons = [
        f"fired on {row.version} in {row.k} of {row.n} runs (rate at least {bound:.2f} at 95 %): {row.signature}"
    ]
    reasons += [
        f"silent on {other.version}{' with the control' if other.input is Input.CONTROL else ''} in {other.n} runs"
        for key, other in matrix.items()
        if key in {_F, _V_CONTROL}
    ]
    if _F_TESTS in matrix:
        reasons.append(f"the tests pass on {matrix[_F_TESTS].version}")
    if basis.patch is not None:
        reasons += patch_reasons(matrix, basis.patch)
    need = silent_runs(bound)
    short = [other for key, other in matrix.items() if key in {_F, _V_CONTROL} and other.n < need]
    if short:
        reason = f"only {short[0].n} silent runs where {need} are needed at this rate"
        return Decision(Verdict.FLAKY, (*reasons, reason))
    confirm = _to_confirm(basis)
    has_fix = basis.has_fix or basis.patch is not None
    if basis.grade is Grade.C:
        if not has_fix:
            reasons.append(
                "a script judged by its output shows a difference at best, and no fixed release is there to differ from"
            )
            return Decision(Verdict.NEEDS_HUMAN, tuple(reasons), tuple(confirm))
        return Decision(Verdict.DIFFERS, tuple(reasons), tuple(confirm))
    return Decision(Verdict.PROVEN if has_fix else Verdict.REPRODUCED, tuple(reasons), tuple(confirm))


def _to_confirm(basis: Basis) -> list[str]:
    """What a person must confirm of a proof that stands."""
    facts = (
        (basis.command, CONFIRM_COMMAND),
        (basis.grade is not Grade.A, CONFIRM_SCRIPT),
        (basis.predicate, CONFIRM_PREDICATE),
        (basis.exception, CONFIRM_EXCEPTION),
        (basis.born, CONFIRM_CODE),
        (basis.patch is None and not basis.has_fix, CONFIRM_NO_FIX),
    )
    confirm = [words for holds, words in facts if holds]
    return confirm + (patch_confirm(basis.patch, released=basis.has_fix) if basis.patch is not None else [])
