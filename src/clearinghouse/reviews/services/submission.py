"""What the developer does: offer a model, hand the submission in, plan otherwise, comment, withdraw."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.db import transaction

from clearinghouse.core.errors import Conflict, NotFound, UsageError
from clearinghouse.core.review.guards import CARD_FIELDS, Access
from clearinghouse.core.review.seats import ReviewFacts, ReviewRole, ReviewSeat
from clearinghouse.core.review.states import ReviewState, ReviewStep
from clearinghouse.core.review.window import Planned, moved
from clearinghouse.core.storable import storable
from clearinghouse.core.visibility import Action, can
from clearinghouse.journal.repeating import repeated
from clearinghouse.journal.services import stamp
from clearinghouse.registry.models import Party
from clearinghouse.reviews.docket import Docket, opened, window_of
from clearinghouse.reviews.models import Review
from clearinghouse.reviews.services.ending import begin_destruction
from clearinghouse.reviews.terms import store, terms_now

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from clearinghouse.core.visibility import Actor

MAX_WORDS = 5000  # characters of one field of the card
MAX_COMMENT = 50_000
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@repeated
def open_review(
    submitter: str,
    *,
    model: str,
    actor: Actor,
    at: datetime,
    version: str = "",
    card: Mapping[str, str] | None = None,
    access: Access = Access.ENDPOINT,
    planned: Planned | None = None,
) -> str:
    """Begin a submission for an organisation (its party's handle or key) that the actor acts for; the review's key.

    Raises NotFound for an organisation that is not the actor's, UsageError for words that are too long or unknown.
    """
    with transaction.atomic():
        party = Party.objects.filter(handle=submitter).first() or Party.objects.filter(key=submitter).first()
        seat = ReviewSeat(party.key, ReviewRole.SUBMITTER) if party else None
        if party is None or not can(actor, Action.OFFER_MODEL, ReviewFacts(ReviewState.DRAFT, (seat,) if seat else ())):
            raise NotFound(f"no organisation {submitter} that you act for", advice="name one that you are a member of")
        if getattr(party, "organisation", None) is None:
            raise UsageError("a model is offered by an organisation", advice="name one that you are a member of")
        review = Review(submitter=party, opened_at=at)
        _write(review, model=model, version=version, card=card or {}, access=access, planned=planned or Planned())
        review.save()
        review.appointments.create(party=party, role=ReviewRole.SUBMITTER, appointed_by=actor.name, at=at)
        Docket(review, actor, at).note("review opened", access=access)
        return review.key


@repeated
def change_submission(
    key: str,
    *,
    actor: Actor,
    at: datetime,
    model: str | None = None,
    version: str | None = None,
    card: Mapping[str, str] | None = None,
    access: Access | None = None,
) -> None:
    """Write the draft anew, as far as given. Raises Conflict once it was handed in."""
    with opened(key, actor, Action.OFFER_MODEL, at=at) as docket:
        review = docket.review
        if docket.state is not ReviewState.DRAFT:
            raise Conflict("the submission was handed in", advice="withdraw it and open another one")
        planned = Planned(partners=review.partners_at, public=review.public_at)
        _write(
            review,
            model=review.model if model is None else model,
            version=review.version if version is None else version,
            card={**review.card, **(card or {})},
            access=access or Access(review.access),
            planned=planned,
        )
        review.save()
        docket.note("submission changed")


@repeated
def plan_release(key: str, planned: Planned, *, actor: Actor, at: datetime) -> None:
    """Say when the model goes to others. Earlier than before closes the window earlier; later changes no window."""
    with opened(key, actor, Action.OFFER_MODEL, at=at) as docket:
        review, current = docket.review, window_of(docket.review)
        if docket.state.over:
            raise Conflict(f'the review is "{docket.state}"', advice="nothing of it changes any more")
        _check_dates(planned)
        if current is not None:
            found = moved(current, planned)
            review.closes_at = found.closes
            # What was planned when the window was chosen holds it, so that a later plan never lets it close later.
            planned = Planned(
                partners=planned.partners and max(planned.partners, found.closes),
                public=planned.public and max(planned.public, found.closes),
            )
        review.partners_at, review.public_at = planned.partners, planned.public
        review.save()
        docket.note("release planned", closes=review.closes_at and stamp(review.closes_at))


@repeated
def submit(key: str, *, terms: str, actor: Actor, at: datetime) -> None:
    """Hand the submission in, under the terms with that digest. Raises Conflict naming everything that is missing."""
    with opened(key, actor, Action.OFFER_MODEL, at=at) as docket:
        if terms != terms_now().digest:
            raise Conflict("these are not the terms as they are now", advice="read them: `clearinghouse review terms`")
        review = docket.review
        review.terms, review.terms_by, review.submitted_at = store(at=at), actor.name, at
        docket.take(ReviewStep.SUBMIT, terms=terms)
        review.save()


@repeated
def comment(key: str, text: str, *, actor: Actor, at: datetime) -> None:
    """Comment on the draft report, in time; kept word for word, and attached so. A later comment replaces it.

    Raises Conflict when no draft was shared, or its time is over; UsageError for nothing, or too much of it.
    """
    said = _CONTROL.sub("", storable(text.replace("\r\n", "\n")))
    if not said.strip() or len(said) > MAX_COMMENT:
        raise UsageError(f"a comment of {len(said)} characters", advice=f"write 1 to {MAX_COMMENT}")
    with opened(key, actor, Action.OFFER_MODEL, at=at) as docket:
        review = docket.review
        if docket.state is not ReviewState.DEVELOPER_COMMENT:
            raise Conflict(f'the review is "{docket.state}"', advice="a comment is for a draft that was shared")
        if review.comment_by is not None and at >= review.comment_by:
            raise Conflict(
                f"the time for a comment ended {review.comment_by:%Y-%m-%d %H:%M} UTC", advice="ask the lead"
            )
        review.comment, review.commented_at = said, at
        review.save(update_fields=["comment", "commented_at"])
        docket.note("developer commented", characters=len(said))


@repeated
def withdraw(key: str, *, actor: Actor, at: datetime, because: str = "") -> None:
    """End the review without a report: access is over at once, and what it held is destroyed. No reason is needed.

    Raises Conflict once it is final, or over.
    """
    with opened(key, actor, Action.OFFER_MODEL, at=at) as docket:
        docket.take(ReviewStep.WITHDRAW)
        docket.review.because = storable(because, 2000)
        begin_destruction(docket)


def _write(
    review: Review, *, model: str, version: str, card: Mapping[str, str], access: Access, planned: Planned
) -> None:
    unknown = sorted(set(card) - set(CARD_FIELDS))
    if unknown:
        raise UsageError(f"the card has no field {unknown[0]!r}", advice=f"there are {', '.join(CARD_FIELDS)}")
    words = {name: _CONTROL.sub("", storable(text)).strip() for name, text in card.items()}
    for name, text in words.items():
        if len(text) > MAX_WORDS:
            raise UsageError(f"the card's {name} has {len(text)} characters", advice=f"write at most {MAX_WORDS}")
    _check_dates(planned)
    review.model = _CONTROL.sub("", storable(model, 200)).strip()
    review.version = _CONTROL.sub("", storable(version, 100)).strip()
    if not review.model:
        raise UsageError("a model without a name", advice="name it as the report is to name it")
    review.card, review.access = {name: text for name, text in words.items() if text}, access
    review.partners_at, review.public_at = planned.partners, planned.public


def _check_dates(planned: Planned) -> None:
    for date in (planned.partners, planned.public):
        if date is not None and date.utcoffset() is None:
            raise UsageError(f"{date} has no zone", advice="give it in UTC, as 2026-06-02T12:00:00Z")
