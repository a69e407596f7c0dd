"""What the house decides: who takes part, whether a submission is taken, and, by two people, what is final."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from clearinghouse.core.errors import Conflict, InvalidInput, NotFound, Refused, UsageError
from clearinghouse.core.review.guards import missing, two_people
from clearinghouse.core.review.seats import OF_THE_HOUSE, ReviewRole
from clearinghouse.core.review.states import REVIEW, ReviewState, ReviewStep
from clearinghouse.core.review.window import Planned, comment_by, window
from clearinghouse.core.roles import SiteRole
from clearinghouse.core.storable import storable
from clearinghouse.core.visibility import Action
from clearinghouse.journal.repeating import repeated
from clearinghouse.journal.services import stamp
from clearinghouse.registry.models import Membership, Party, SiteGrant
from clearinghouse.reviews.docket import Docket, opened
from clearinghouse.reviews.models import Appointment, Review
from clearinghouse.reviews.services.ending import begin_destruction
from clearinghouse.reviews.services.holdout import refuse_holdout_words

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from clearinghouse.core.visibility import Actor

MAX_REPORT = 8 << 20  # bytes of a report
BUDGET = ("tokens", "cost_micros", "hours")
_TWO = frozenset({ReviewRole.LEAD, ReviewRole.SECOND})


@repeated
def appoint(key: str, party: str, role: ReviewRole, *, actor: Actor, at: datetime) -> None:
    """Give a party (by handle or key) a seat. A new lead or second person takes the place of the one before.

    Raises NotFound for no such party, Refused for one that may not have the seat, Conflict for one that has another.
    """
    with opened(key, actor, Action.APPOINT, at=at) as docket:
        if docket.state.over:
            raise Conflict(f'the review is "{docket.state}"', advice="nobody is appointed any more")
        if role is ReviewRole.SUBMITTER:
            raise UsageError("the submitter is whoever offers the model", advice="appoint another role")
        who = Party.objects.filter(handle=party).first() or Party.objects.filter(key=party).first()
        if who is None:
            raise NotFound(f"no party {party}", advice="`clearinghouse user list` and `org list` show them")
        _may_sit(docket, who, role)
        held = docket.review.appointments.filter(party=who).first()
        if held is not None and held.role == role:
            return
        if held is not None:
            raise Conflict(f"{who.handle} is {held.role} of this review", advice="a party has one seat")
        if role in _TWO:
            _vacate(docket, role)
        docket.review.appointments.create(party=who, role=role, appointed_by=actor.name, at=at)
        docket.note("appointed", party=who.handle, role=role)


@repeated
def dismiss(key: str, party: str, *, actor: Actor, at: datetime) -> None:
    """Take an evaluator's or observer's seat away; lead and second person are replaced instead. Raises NotFound."""
    with opened(key, actor, Action.APPOINT, at=at) as docket:
        roles = [ReviewRole.EVALUATOR, ReviewRole.OBSERVER]
        row = docket.review.appointments.filter(party__handle=party, role__in=roles).first()
        if row is None:
            raise NotFound(f"{party} is neither evaluator nor observer of this review")
        row.delete()
        docket.note("dismissed", party=party)


@repeated
def accept(
    key: str,
    *,
    actor: Actor,
    at: datetime,
    opens: datetime | None = None,
    budget: Mapping[str, int] | None = None,
    access_tested: bool = False,
) -> ReviewState:
    """Say yes to a submission; the state afterwards, which is accepted with the second yes to the same form.

    The lead says when the window opens and what may be spent (`tokens`, `cost_micros`, `hours`), and that the access
    was tested; to change any of it asks both again. Raises Conflict naming everything that is missing.
    """
    with opened(key, actor, Action.DECIDE_REVIEW, at=at) as docket:
        review = docket.review
        REVIEW.after(docket.state, ReviewStep.ACCEPT)
        if opens is not None or budget is not None or access_tested:
            _set_frame(docket, opens, budget, tested=access_tested)
        lacking = missing(ReviewStep.ACCEPT, docket.situation(ReviewStep.ACCEPT), at)
        if lacking:
            raise Conflict(f"not ready to be accepted: {'; '.join(lacking)}", advice="see to that first")
        if _yes(docket, ReviewStep.ACCEPT):
            review.accepted_lead, review.accepted_second = _both(docket)
            docket.take(ReviewStep.ACCEPT, window=_window_words(review), budget=review.budget)
        review.save()
        return docket.state


@repeated
def decline(key: str, *, because: str, actor: Actor, at: datetime) -> None:
    """Do not take a submission, with the reason, which the submitter reads. What it held is destroyed."""
    with opened(key, actor, Action.DECIDE_REVIEW, at=at) as docket:
        docket.take(ReviewStep.DECLINE)
        docket.review.because = _reason(because)
        begin_destruction(docket)


@repeated
def draft(key: str, report: bytes, *, actor: Actor, at: datetime) -> str:
    """Keep a report (JSON) as the draft, in place of the one before; its SHA-256. Any yes to that one is void.

    Raises InvalidInput for what is no JSON object, or too long, Refused for one that tells of a holdout task.
    """
    text = _report(report)
    with opened(key, actor, Action.LEAD_REVIEW, at=at) as docket:
        review = docket.review
        refuse_holdout_words(review, report)
        review.report, review.report_digest = text, sha256(report).hexdigest()
        review.reported_at, review.reminded_at = at, None
        docket.take(ReviewStep.DRAFT, report=review.report_digest)
        review.save()
        return review.report_digest


@repeated
def share(key: str, *, actor: Actor, at: datetime) -> datetime:
    """Show the draft to the developer; until when it may comment. An earlier comment is asked for anew."""
    with opened(key, actor, Action.LEAD_REVIEW, at=at) as docket:
        review = docket.review
        review.comment_by, review.comment, review.commented_at = comment_by(at), "", None
        docket.take(ReviewStep.SHARE, report=review.report_digest, comment_by=stamp(review.comment_by))
        review.save()
        return review.comment_by


@repeated
def finalise(key: str, *, report: str, actor: Actor, at: datetime) -> ReviewState:
    """Say yes to the report with that SHA-256; it is final with the second person's yes. It is then signed.

    Raises Conflict for another report than the one that stands, and while the developer may still comment.
    """
    with opened(key, actor, Action.DECIDE_REVIEW, at=at) as docket:
        review = docket.review
        REVIEW.after(docket.state, ReviewStep.FINALISE)
        if report != review.report_digest:
            raise Conflict("another report stands now", advice=f"read it, and say yes to {review.report_digest}")
        lacking = missing(ReviewStep.FINALISE, docket.situation(ReviewStep.FINALISE), at)
        waits = [words for words in lacking if "developer" in words]
        if waits:
            raise Conflict(f"not ready to be final: {'; '.join(waits)}", advice="wait for it")
        if _yes(docket, ReviewStep.FINALISE):
            review.final_lead, review.final_second = _both(docket)
            review.final_at = at
            docket.take(ReviewStep.FINALISE, report=report)
        review.save()
        return docket.state


@repeated
def supersede(key: str, successor: str, *, actor: Actor, at: datetime) -> None:
    """Say that another final review of the same submitter stands in this one's place. Raises Conflict for no such."""
    with opened(key, actor, Action.LEAD_REVIEW, at=at) as docket:
        other = Review.objects.filter(
            key=successor, state=ReviewState.FINAL, submitter=docket.review.submitter
        ).exclude(pk=docket.review.pk)
        found = other.first()
        if found is None:
            raise Conflict(f"{successor} is no final review of this submitter", advice="make it final first")
        docket.review.successor = found
        docket.take(ReviewStep.SUPERSEDE, successor=successor)
        docket.review.save()


def _report(content: bytes) -> str:
    try:
        text = content.decode("utf-8")
        whole = len(content) <= MAX_REPORT and isinstance(json.loads(text), dict) and "\x00" not in text
    except ValueError:
        whole = False
    if not whole:
        raise InvalidInput("no report: it must be a JSON object of at most 8 MiB", advice="`review report` writes one")
    return text


def _may_sit(docket: Docket, who: Party, role: ReviewRole) -> None:
    if role not in OF_THE_HOUSE:
        return
    person = getattr(who, "person", None)
    evaluates = person is not None and person.is_active
    if not evaluates or not SiteGrant.objects.filter(person=person, role=SiteRole.EVALUATOR).exists():
        raise Refused(f"{who.handle} is no evaluator", advice="an admin gives a person that site role")
    if Membership.objects.filter(person=person, organisation__party=docket.review.submitter).exists():
        raise Refused(f"{who.handle} belongs to the submitter", advice="appoint somebody who does not")


def _vacate(docket: Docket, role: ReviewRole) -> None:
    for row in Appointment.objects.select_related("party").filter(review=docket.review, role=role):
        docket.note("replaced", party=row.party.handle, role=role)
        row.delete()


def _set_frame(docket: Docket, opens: datetime | None, budget: Mapping[str, int] | None, *, tested: bool) -> None:
    review, lead = docket.review, docket.holder(ReviewRole.LEAD)
    if lead is None or lead.key != docket.actor.person:
        raise Refused("only the lead sets the window and the budget", advice="say yes without them")
    if opens is not None:
        found = window(max(opens, docket.at), Planned(partners=review.partners_at, public=review.public_at))
        review.opens_at, review.closes_at = found.opens, found.closes
    if budget is not None:
        if not budget or any(name not in BUDGET or not 0 < amount < 1 << 50 for name, amount in budget.items()):
            raise UsageError("no budget", advice=f"give one or more of {', '.join(BUDGET)}, each a positive number")
        review.budget = dict(budget)
    if tested:
        review.access_tested_at = docket.at


def _yes(docket: Docket, step: ReviewStep) -> bool:
    """Keep the actor's yes; whether both people said it to the form as it stands."""
    seat = next(
        (role for role in _TWO if (held := docket.holder(role)) is not None and held.key == docket.actor.person), None
    )
    if seat is None:
        raise Refused("a yes is given in person", advice="sign in as the lead or the second person")
    who = docket.holder(seat)
    assert who is not None
    _, new = docket.review.yeses.get_or_create(step=step, form=docket.form(step), party=who, defaults={"at": docket.at})
    if new:
        docket.note(f"yes to {step}", party=who.handle, role=seat, form=docket.form(step))
    return two_people(docket.situation(step))


def _both(docket: Docket) -> tuple[Party, Party]:
    lead, second = docket.holder(ReviewRole.LEAD), docket.holder(ReviewRole.SECOND)
    assert lead is not None
    assert second is not None
    return lead, second


def _window_words(review: Review) -> list[Any]:
    return [stamp(date) for date in (review.opens_at, review.closes_at) if date]


def _reason(because: str) -> str:
    said = storable(because, 2000).strip()
    if not said:
        raise UsageError("no reason", advice="say why; it is kept")
    return said
