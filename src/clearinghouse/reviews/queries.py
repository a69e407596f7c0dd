"""Read reviews: the list, and of one review what the actor may see; everything else is empty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q

from clearinghouse.core.review.guards import Access, missing
from clearinghouse.core.review.seats import ReviewRole
from clearinghouse.core.review.states import REVIEW, ReviewState, ReviewStep
from clearinghouse.core.visibility import Action, can
from clearinghouse.journal import queries as journal
from clearinghouse.reviews.access import seen, visible_to
from clearinghouse.reviews.docket import Docket, chain
from clearinghouse.reviews.models import EvaluationState, TermsText
from clearinghouse.reviews.terms import Terms, terms_now

if TYPE_CHECKING:
    from datetime import datetime

    from clearinghouse.core.visibility import Actor
    from clearinghouse.journal.queries import EntryView
    from clearinghouse.reviews.models import Evaluation, Review

__all__ = [
    "EvaluationState",
    "EvaluationView",
    "NextStep",
    "ReviewRow",
    "ReviewView",
    "SubmissionView",
    "Terms",
    "next_steps",
    "page",
    "review",
    "terms",
    "terms_now",
]


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """What everybody with a part in a review may know of it. `roles` are the reader's own; instants are UTC."""

    key: str
    model: str
    version: str
    state: ReviewState
    opened_at: datetime
    opens_at: datetime | None
    closes_at: datetime | None
    closed_at: datetime | None
    ended_at: datetime | None
    destroyed_at: datetime | None
    roles: tuple[ReviewRole, ...]


@dataclass(frozen=True, slots=True)
class SubmissionView:
    """What the developer handed in and what was agreed with it."""

    card: dict[str, str]
    access: Access
    partners_at: datetime | None
    public_at: datetime | None
    terms: str
    submitted_at: datetime | None
    credential: bool  # one is kept; what it is, nobody reads here
    budget: dict[str, int]
    comment: str
    comment_by: datetime | None
    because: str


@dataclass(frozen=True, slots=True)
class EvaluationView:
    """One run: `done` of `total` samples are judged (0 of 0: it was not carried out here).

    For a reader who may not see samples `suite`, `doing`, `trouble` and `outcomes` (samples by outcome) are empty.
    """

    key: str
    state: EvaluationState
    suite: str
    started_at: datetime
    ended_at: datetime | None
    done: int
    total: int
    doing: str
    trouble: str
    outcomes: dict[str, int]


@dataclass(frozen=True, slots=True)
class NextStep:
    """A step that the reader may take now. `lacking` says what must come first, in words; `agreed` who said yes to it.

    `agreed` is empty but for the two steps that two people take, and counts only a yes to the form that stands now.
    """

    step: ReviewStep
    lacking: tuple[str, ...]
    agreed: tuple[ReviewRole, ...]


@dataclass(frozen=True, slots=True)
class ReviewView:
    """One review. What the reader may not see is None or empty. `may` are the actions that are open to it."""

    row: ReviewRow
    people: tuple[tuple[ReviewRole, str], ...]
    submission: SubmissionView | None
    evaluations: tuple[EvaluationView, ...]
    plan: str
    report: str
    report_digest: str
    statement: bytes
    receipt: bytes
    journal: tuple[EntryView, ...]
    may: frozenset[Action]


def page(*, actor: Actor, after: tuple[datetime, str] | None = None, limit: int = 1000) -> tuple[ReviewRow, ...]:
    """At most `limit` reviews that the actor may know of, in the order of their opening, after that instant and key."""
    rows = visible_to(actor, Action.SEE_REVIEW).order_by("opened_at", "key").prefetch_related("appointments__party")
    if after is not None:
        at, key = after
        rows = rows.filter(Q(opened_at__gt=at) | Q(opened_at=at, key__gt=key))
    return tuple(_row(found, actor) for found in rows[:limit])


def review(key: str, *, actor: Actor) -> ReviewView | None:
    """One review; None when there is none or none to see."""
    found = visible_to(actor, Action.SEE_REVIEW).filter(key=key).first()
    if found is None:
        return None
    facts = seen(found)
    may = frozenset(action for action in Action if can(actor, action, facts))
    names = found.appointments.select_related("party").order_by("id")
    reads_report = Action.READ_DRAFT in may or Action.READ_REVIEW_REPORT in may
    return ReviewView(
        row=_row(found, actor),
        people=tuple((ReviewRole(one.role), one.party.handle) for one in names),
        submission=_submission(found) if Action.READ_SUBMISSION in may else None,
        evaluations=_evaluations(found, samples=Action.READ_SAMPLES in may) if Action.READ_SUBMISSION in may else (),
        plan=found.plan if Action.READ_SUBMISSION in may else "",
        report=found.report if reads_report else "",
        report_digest=found.report_digest if reads_report else "",
        statement=bytes(found.statement or b"") if Action.READ_REVIEW_REPORT in may else b"",
        receipt=bytes(found.receipt or b"") if Action.READ_RECEIPT in may else b"",
        journal=journal.entries(chain(key)) if Action.READ_REVIEW_JOURNAL in may else (),
        may=may,
    )


# Who may take which step; what time does is nobody's.
_TAKEN_WITH = {
    ReviewStep.SUBMIT: Action.OFFER_MODEL,
    ReviewStep.WITHDRAW: Action.OFFER_MODEL,
    ReviewStep.ACCEPT: Action.DECIDE_REVIEW,
    ReviewStep.DECLINE: Action.DECIDE_REVIEW,
    ReviewStep.FINALISE: Action.DECIDE_REVIEW,
    ReviewStep.PAUSE: Action.RUN_EVALUATION,
    ReviewStep.RESUME: Action.RUN_EVALUATION,
    ReviewStep.CLOSE: Action.LEAD_REVIEW,
    ReviewStep.SHARE: Action.LEAD_REVIEW,
}
_BY_TWO = (ReviewStep.ACCEPT, ReviewStep.FINALISE)


def next_steps(key: str, *, actor: Actor, at: datetime) -> tuple[NextStep, ...]:
    """The steps that the actor may take now, in the order of the table, and what each still lacks."""
    found = visible_to(actor, Action.SEE_REVIEW).filter(key=key).first()
    if found is None:
        return ()
    docket, facts = Docket(found, actor, at), seen(found)
    steps = []
    for step in REVIEW.steps(docket.state):
        if step not in _TAKEN_WITH or not can(actor, _TAKEN_WITH[step], facts):
            continue
        situation = docket.situation(step)
        holders = {ReviewRole.LEAD: situation.lead, ReviewRole.SECOND: situation.second}
        agreed = tuple(role for role, party in holders.items() if step in _BY_TWO and party in situation.agreed)
        steps.append(NextStep(step, missing(step, situation, at), agreed))
    return tuple(steps)


def terms(digest: str) -> Terms | None:
    """A text of terms that is in force, or that somebody accepted; they are no secret."""
    now = terms_now()
    if digest == now.digest:
        return now
    row = TermsText.objects.filter(digest=digest).first()
    return Terms(row.text, row.digest) if row else None


def _row(found: Review, actor: Actor) -> ReviewRow:
    own = sorted(ReviewRole(one.role) for one in found.appointments.all() if one.party.key in actor.parties)
    return ReviewRow(
        key=found.key,
        model=found.model,
        version=found.version,
        state=ReviewState(found.state),
        opened_at=found.opened_at,
        opens_at=found.opens_at,
        closes_at=found.closes_at,
        closed_at=found.closed_at,
        ended_at=found.ended_at,
        destroyed_at=found.destroyed_at,
        roles=tuple(own),
    )


def _submission(found: Review) -> SubmissionView:
    credential = getattr(found, "credential", None)
    return SubmissionView(
        card=dict(found.card),
        access=Access(found.access),
        partners_at=found.partners_at,
        public_at=found.public_at,
        terms=found.terms_id or "",
        submitted_at=found.submitted_at,
        credential=credential is not None and credential.sealed is not None,
        budget=dict(found.budget or {}),
        comment=found.comment,
        comment_by=found.comment_by,
        because=found.because,
    )


def _evaluations(found: Review, *, samples: bool) -> tuple[EvaluationView, ...]:
    def view(row: Evaluation) -> EvaluationView:
        told = row.progress if samples else {}
        return EvaluationView(
            key=row.key,
            state=EvaluationState(row.state),
            suite=row.suite if samples else "",
            started_at=row.started_at,
            ended_at=row.ended_at,
            done=int(row.progress.get("done", 0)),
            total=int(row.progress.get("total", 0)),
            doing=str(told.get("doing", "")),
            trouble=str(told.get("trouble", "")),
            outcomes=dict(told.get("outcomes", {})),
        )

    return tuple(view(row) for row in found.evaluations.order_by("id"))
