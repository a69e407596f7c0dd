"""Advisory documents: from a draft to its publication and updates. Nobody approves what they wrote themselves."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from clearinghouse.core.errors import Conflict, Refused
from clearinghouse.core.protocol.machine import machine

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clearinghouse.core.protocol.embargo import Embargo


class AdvisoryState(StrEnum):
    """Where one advisory stands."""

    DRAFT = "draft"
    REVIEW = "review"
    APPROVED = "approved"
    SCHEDULED = "scheduled"
    PUBLISHED = "published"
    UPDATED = "updated"  # published, and changed since
    WITHDRAWN = "withdrawn"

    @property
    def public(self) -> bool:
        """Whether the world has read it; a withdrawn one may have been, and its history says so."""
        return self in {AdvisoryState.PUBLISHED, AdvisoryState.UPDATED}


class AdvisoryStep(StrEnum):
    """What can happen to an advisory."""

    SUBMIT = "submit"
    RETURN = "return"  # from review, back to its authors
    APPROVE = "approve"
    SCHEDULE = "schedule"
    REWRITE = "rewrite"  # what was approved changes, so the approval is void
    PUBLISH = "publish"
    UPDATE = "update"
    WITHDRAW = "withdraw"


ADVISORY = machine(
    "the advisory",
    AdvisoryState.DRAFT,
    (
        (AdvisoryState.DRAFT, AdvisoryStep.SUBMIT, AdvisoryState.REVIEW),
        (AdvisoryState.REVIEW, AdvisoryStep.RETURN, AdvisoryState.DRAFT),
        (AdvisoryState.REVIEW, AdvisoryStep.APPROVE, AdvisoryState.APPROVED),
        (AdvisoryState.APPROVED, AdvisoryStep.REWRITE, AdvisoryState.DRAFT),
        (AdvisoryState.APPROVED, AdvisoryStep.SCHEDULE, AdvisoryState.SCHEDULED),
        (AdvisoryState.SCHEDULED, AdvisoryStep.REWRITE, AdvisoryState.DRAFT),
        (AdvisoryState.SCHEDULED, AdvisoryStep.PUBLISH, AdvisoryState.PUBLISHED),
        (AdvisoryState.PUBLISHED, AdvisoryStep.UPDATE, AdvisoryState.UPDATED),
        (AdvisoryState.UPDATED, AdvisoryStep.UPDATE, AdvisoryState.UPDATED),
        *(
            (state, AdvisoryStep.WITHDRAW, AdvisoryState.WITHDRAWN)
            for state in AdvisoryState
            if state is not AdvisoryState.WITHDRAWN
        ),
    ),
)


def approved(state: AdvisoryState, approver: str, authors: Iterable[str]) -> AdvisoryState:
    """The state after an approval; raises Refused when the approver wrote any of it."""
    following = ADVISORY.after(state, AdvisoryStep.APPROVE)
    if approver in set(authors):
        raise Refused(f"{approver} wrote this advisory", advice="have somebody approve it who did not write any of it")
    return following


def published(state: AdvisoryState, embargo: Embargo) -> AdvisoryState:
    """The state after publication; raises Conflict while the case's embargo is in force."""
    following = ADVISORY.after(state, AdvisoryStep.PUBLISH)
    if embargo.in_force:
        raise Conflict("the case's embargo is in force", advice="wait for its end, or have the case's owner end it")
    return following
