"""What the runs of a patched build mean for a verdict: does the patch fix, does it break, does it know the input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from clearinghouse.core.proof import Input, Variant, Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clearinghouse.core.proof import MatrixRow

CONFIRM_OWN_PATCH = (
    "that what the patch takes away is a weakness, and not what the target is meant to do: only the bundle says so, "
    "no release does"
)
CONFIRM_UNCHANGED = (
    "that the patch does not merely know this input: no changed input showed the weakness, so none could be tried on it"
)


@dataclass(frozen=True, slots=True)
class PatchSeen:
    """What judging a patch showed beside the matrix.

    `not_built` says why there is no patched build; `control` what the control gives otherwise than before. Of `tried`
    changed inputs, `fired` still showed the weakness on the vulnerable release: `slipped` did on the patched build
    alone, `incomplete` on the fixed release too, each in words.
    """

    not_built: str | None = None
    control: str | None = None
    tried: int = 0
    fired: int = 0
    slipped: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()


def patch_fault(
    matrix: Mapping[tuple[Variant, Input], MatrixRow], seen: PatchSeen, tests: str | None, *, keyed: Verdict
) -> tuple[Verdict, str] | None:
    """The verdict that a patch which is not good leads to, and why; None for a good one.

    `tests` is why the tests do not pass on it; `keyed` the verdict on a patch that knows the input alone.
    """
    row = matrix.get((Variant.PATCHED, Input.TRIGGER))
    if seen.not_built is not None:
        return Verdict.BUILD_FAILED, f"there is no patched build: {seen.not_built}"
    if row and row.k:
        reason = f"still fires on {row.version} with the patch, in {row.k} of {row.n} runs: the patch does not fix it"
        return Verdict.FIX_INEFFECTIVE, reason
    breaks = f"with the patch {seen.control}" if seen.control is not None else tests
    if row and row.broken:
        breaks = f"with the patch the trigger ended in an error of its own, which is no silence: {row.signature}"
    if breaks:
        return Verdict.FIX_BREAKS, breaks
    if seen.slipped:
        count = f"{len(seen.slipped)} of {seen.fired} changed inputs that show the weakness"
        return keyed, f"with the patch {count} still fire ({seen.slipped[0]}): it knows the proof's input"
    return None


def patch_reasons(matrix: Mapping[tuple[Variant, Input], MatrixRow], seen: PatchSeen) -> list[str]:
    """What to say of a good patch."""
    row = matrix[Variant.PATCHED, Input.TRIGGER]
    reasons = [f"silent on {row.version} with the patch in {row.n} runs"]
    if (Variant.PATCHED, Input.TESTS) in matrix:
        reasons.append(f"the tests pass on {row.version} with the patch")
    if seen.fired:
        rest = (
            "with the patch none does that the fixed release stops" if seen.incomplete else "with the patch none does"
        )
        reasons.append(f"{seen.fired} of {seen.tried} changed inputs fire on {row.version}; {rest}")
    if seen.incomplete:
        count = f"{len(seen.incomplete)} of the changed inputs"
        reasons.append(f"{count} fire on the fixed release too ({seen.incomplete[0]}): it may be incomplete")
    return reasons


def patch_confirm(seen: PatchSeen, *, released: bool) -> list[str]:
    """What a person must confirm of a good patch."""
    confirm = [] if released else [CONFIRM_OWN_PATCH]
    return confirm if seen.fired else [*confirm, CONFIRM_UNCHANGED]
