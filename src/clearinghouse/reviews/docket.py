"""One review under the lock of a transaction: what the guards see of it, and how a step is taken and written down."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction

from clearinghouse.core.chain import canonical
from clearinghouse.core.errors import NotFound
from clearinghouse.core.review.guards import Access, Situation, check
from clearinghouse.core.review.seats import ReviewRole
from clearinghouse.core.review.states import REVIEW, ReviewState, ReviewStep
from clearinghouse.core.review.window import Planned, Window
from clearinghouse.core.visibility import can
from clearinghouse.journal import services as journal
from clearinghouse.registry.queries import hash_of
from clearinghouse.reviews.access import seen
from clearinghouse.reviews.models import Review
from clearinghouse.reviews.terms import terms_now

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from clearinghouse.core.visibility import Action, Actor
    from clearinghouse.registry.models import Party


def chain(key: str) -> str:
    """The journal's chain of a review. It holds decisions: no name of a model, no comment, nothing secret."""
    return f"review/{key}"


@contextmanager
def opened(key: str, actor: Actor, action: Action, *, at: datetime) -> Iterator[Docket]:
    """The review of that key, locked until the block ends, which is one transaction.

    Raises NotFound when there is none and when the actor may not: it never learns which.
    """
    with transaction.atomic():
        review = Review.objects.select_for_update().filter(key=key).first()
        if review is None or not can(actor, action, seen(review)):
            raise NotFound(f"no review {key}", advice="`clearinghouse review list` shows those that you take part in")
        yield Docket(review, actor, at)


@dataclass
class Docket:
    """The review, on whose behalf, and when."""

    review: Review
    actor: Actor
    at: datetime

    @property
    def state(self) -> ReviewState:
        """Where it stands."""
        return ReviewState(self.review.state)

    def note(self, kind: str, **body: Any) -> None:
        """Keep it in the review's journal."""
        journal.append(chain(self.review.key), kind, actor=self.actor.name, at=self.at, body=body)

    def holder(self, role: ReviewRole) -> Party | None:
        """Who has that seat."""
        row = self.review.appointments.select_related("party").filter(role=role).first()
        return row.party if row else None

    def form(self, step: ReviewStep) -> str:
        """The digest of what a yes to that step is a yes to: when one of it changes, every yes is asked for again."""
        review = self.review
        shown: dict[str, Any] = {"step": step, "review": review.key, "terms": review.terms_id}
        if step is ReviewStep.ACCEPT:
            dates = (review.opens_at, review.closes_at)
            shown |= {"window": [date and journal.stamp(date) for date in dates], "budget": review.budget}
        else:
            shown |= {"report": review.report_digest, "comment": hash_of(review.comment)}
        return hash_of(canonical(shown))

    def situation(self, step: ReviewStep) -> Situation:
        """What the guard of that step looks at."""
        review = self.review
        lead, second = self.holder(ReviewRole.LEAD), self.holder(ReviewRole.SECOND)
        agreed = review.yeses.filter(step=step, form=self.form(step)).values_list("party__key", flat=True)
        credential = getattr(review, "credential", None)
        return Situation(
            state=self.state,
            model=review.model,
            card=frozenset(name for name, words in review.card.items() if words),
            planned=Planned(partners=review.partners_at, public=review.public_at),
            terms=review.terms_id or "",
            terms_now=terms_now().digest,
            has_credential=credential is not None and credential.sealed is not None,
            access=Access(review.access),
            access_tested=review.access_tested_at is not None,
            budget=review.budget is not None,
            window=window_of(review),
            plan=review.plan,
            report=review.report_digest,
            commented=review.commented_at is not None,
            due=review.comment_by,
            lead=lead.key if lead else None,
            second=second.key if second else None,
            agreed=frozenset(agreed),
        )

    def take(self, step: ReviewStep, **body: Any) -> None:
        """Take the step, if the table and the guard let it, and write it down. Raises Conflict. Does not save."""
        following = REVIEW.after(self.state, step)
        check(step, self.situation(step), self.at)
        before, self.review.state = self.state, following
        self.note(f"review {step}", before=before, after=following, **body)


def window_of(review: Review) -> Window | None:
    """The window, once one was chosen."""
    if review.opens_at is None or review.closes_at is None:
        return None
    return Window(review.opens_at, review.closes_at)
