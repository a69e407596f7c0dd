"""Patch candidates: from a proposal to a release. A patch is checked by the proof it is to silence, not by reading."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from clearinghouse.core.errors import Conflict
from clearinghouse.core.protocol.machine import machine


class PatchState(StrEnum):
    """Where one patch candidate stands."""

    PROPOSED = "proposed"
    CHECKED = "checked"
    ACCEPTED = "accepted"
    RELEASED = "released"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"


class PatchStep(StrEnum):
    """What can happen to a patch candidate."""

    CHECK = "check"
    ACCEPT = "accept"
    RELEASE = "release"
    SUPERSEDE = "supersede"
    WITHDRAW = "withdraw"


_ALIVE = (PatchState.PROPOSED, PatchState.CHECKED, PatchState.ACCEPTED, PatchState.RELEASED)

PATCH = machine(
    "the patch",
    PatchState.PROPOSED,
    (
        (PatchState.PROPOSED, PatchStep.CHECK, PatchState.CHECKED),
        (PatchState.CHECKED, PatchStep.ACCEPT, PatchState.ACCEPTED),
        (PatchState.ACCEPTED, PatchStep.RELEASE, PatchState.RELEASED),
        *((state, PatchStep.SUPERSEDE, PatchState.SUPERSEDED) for state in _ALIVE),
        *((state, PatchStep.WITHDRAW, PatchState.WITHDRAWN) for state in _ALIVE),
    ),
)


@dataclass(frozen=True, slots=True)
class PatchCheck:
    """What running the proof and the target's own tests showed."""

    red_before: bool  # the proof shows its effect without the patch
    green_after: bool  # and none with it
    suite_green: bool  # the target's own tests pass with it

    @property
    def faults(self) -> tuple[str, ...]:
        """What speaks against the patch, in words; nothing when it may be checked off."""
        said = (
            (self.red_before, "the proof shows no effect without the patch"),
            (self.green_after, "the proof still shows its effect with the patch"),
            (self.suite_green, "the target's own tests fail with the patch"),
        )
        return tuple(words for holds, words in said if not holds)


def checked(state: PatchState, check: PatchCheck) -> PatchState:
    """The state after a check that passed; raises Conflict naming what did not."""
    following = PATCH.after(state, PatchStep.CHECK)
    if check.faults:
        raise Conflict(f"the patch is not checked: {'; '.join(check.faults)}", advice="propose another patch")
    return following
