"""The states of a model review and the steps between them; none of them says anything about the model's release.

A review measures. It ends with a report (final), with the developer's word (withdrawn), with the house's (declined), or
with time (expired). What must be so before a step is taken stands in `guards`, when the window closes in `window`.
"""

from __future__ import annotations

from enum import StrEnum

from clearinghouse.core.protocol.machine import machine


class ReviewState(StrEnum):
    """Where one review stands."""

    DRAFT = "draft"  # the developer writes its submission
    SUBMITTED = "submitted"
    DECLINED = "declined"  # the house has no room for it, or it is not of its kind
    ACCEPTED = "accepted"
    WINDOW_OPEN = "window open"
    RUNNING = "running"
    PAUSED = "paused"
    ANALYSIS = "analysis"  # the time of access is over; what was measured is looked at
    DRAFT_REPORT = "draft report"
    DEVELOPER_COMMENT = "developer comment"
    FINAL = "final"
    SUPERSEDED = "superseded"  # another report, with what was wrong put right, stands in its place
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"

    @property
    def over(self) -> bool:
        """Whether nothing is measured, written or decided any more."""
        return self in {*_ENDS, ReviewState.FINAL}

    @property
    def destroys(self) -> bool:
        """Whether everything that the review held is to be destroyed."""
        return self in {ReviewState.WITHDRAWN, ReviewState.EXPIRED, ReviewState.DECLINED}

    @property
    def accessible(self) -> bool:
        """Whether the model may be asked anything."""
        return self in {ReviewState.WINDOW_OPEN, ReviewState.RUNNING, ReviewState.PAUSED}


class ReviewStep(StrEnum):
    """What can happen to a review."""

    SUBMIT = "submit"
    ACCEPT = "accept"  # two people
    DECLINE = "decline"
    OPEN = "open"  # the window: its first instant has come
    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    CLOSE = "close"  # the window: its last instant has come, or the lead has measured enough
    DRAFT = "draft"  # a report is written
    SHARE = "share"  # with the developer, for its comment
    FINALISE = "finalise"  # two people
    SUPERSEDE = "supersede"
    WITHDRAW = "withdraw"
    EXPIRE = "expire"


_ENDS = (ReviewState.DECLINED, ReviewState.WITHDRAWN, ReviewState.EXPIRED, ReviewState.SUPERSEDED)
_BEFORE_FINAL = tuple(state for state in ReviewState if state not in {*_ENDS, ReviewState.FINAL})

REVIEW = machine(
    "the review",
    ReviewState.DRAFT,
    (
        (ReviewState.DRAFT, ReviewStep.SUBMIT, ReviewState.SUBMITTED),
        (ReviewState.SUBMITTED, ReviewStep.ACCEPT, ReviewState.ACCEPTED),
        (ReviewState.SUBMITTED, ReviewStep.DECLINE, ReviewState.DECLINED),
        (ReviewState.ACCEPTED, ReviewStep.OPEN, ReviewState.WINDOW_OPEN),
        (ReviewState.WINDOW_OPEN, ReviewStep.START, ReviewState.RUNNING),
        (ReviewState.RUNNING, ReviewStep.START, ReviewState.RUNNING),  # one more evaluation
        (ReviewState.RUNNING, ReviewStep.PAUSE, ReviewState.PAUSED),
        (ReviewState.PAUSED, ReviewStep.RESUME, ReviewState.RUNNING),
        (ReviewState.RUNNING, ReviewStep.CLOSE, ReviewState.ANALYSIS),
        (ReviewState.PAUSED, ReviewStep.CLOSE, ReviewState.ANALYSIS),
        (ReviewState.ANALYSIS, ReviewStep.DRAFT, ReviewState.DRAFT_REPORT),
        (ReviewState.DRAFT_REPORT, ReviewStep.DRAFT, ReviewState.DRAFT_REPORT),
        (ReviewState.DRAFT_REPORT, ReviewStep.SHARE, ReviewState.DEVELOPER_COMMENT),
        (ReviewState.DEVELOPER_COMMENT, ReviewStep.DRAFT, ReviewState.DRAFT_REPORT),  # a figure was wrong
        (ReviewState.DEVELOPER_COMMENT, ReviewStep.FINALISE, ReviewState.FINAL),
        (ReviewState.FINAL, ReviewStep.SUPERSEDE, ReviewState.SUPERSEDED),
        *((state, ReviewStep.WITHDRAW, ReviewState.WITHDRAWN) for state in _BEFORE_FINAL),
        *((state, ReviewStep.EXPIRE, ReviewState.EXPIRED) for state in _BEFORE_FINAL),
    ),
)


def at_close(state: ReviewState) -> ReviewStep | None:
    """What the end of the window does to a review; None where it changes nothing but that access is over.

    What was measured goes to analysis. A review of which nothing was measured by then has expired.
    """
    if state in {ReviewState.RUNNING, ReviewState.PAUSED}:
        return ReviewStep.CLOSE
    if state in {ReviewState.DRAFT, ReviewState.SUBMITTED, ReviewState.ACCEPTED, ReviewState.WINDOW_OPEN}:
        return ReviewStep.EXPIRE
    return None
