"""Who takes part in a review, and what the rules of who may see what need to know of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from clearinghouse.core.review.states import ReviewState


class ReviewRole(StrEnum):
    """What a party is in one review; it has one role there and no other."""

    SUBMITTER = "submitter"  # the organisation that develops the model
    LEAD = "lead"  # answers for the review; one person
    SECOND = "second"  # says yes or no beside the lead; another person
    EVALUATOR = "evaluator"  # runs evaluations and reads what came of them
    OBSERVER = "observer"  # an agency that may know that the review is there, and read its report


OF_THE_HOUSE = frozenset({ReviewRole.LEAD, ReviewRole.SECOND, ReviewRole.EVALUATOR})
SHARED = frozenset({ReviewState.DEVELOPER_COMMENT, ReviewState.FINAL, ReviewState.SUPERSEDED})
PUBLISHED = frozenset({ReviewState.FINAL, ReviewState.SUPERSEDED})


@dataclass(frozen=True, slots=True)
class ReviewSeat:
    """One party's part in a review, by its key."""

    party: str
    role: ReviewRole


@dataclass(frozen=True, slots=True)
class ReviewFacts:
    """What the decision needs of a review."""

    state: ReviewState
    seats: tuple[ReviewSeat, ...] = ()
