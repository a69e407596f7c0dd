"""Read whether tasks for model reviews may be made of a case: who said what, who has yet to, what it comes to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from clearinghouse.cases.docket import HOUSE
from clearinghouse.core.protocol.consent import Consent
from clearinghouse.core.protocol.embargo import Embargo
from clearinghouse.core.review.use import ReviewUse, Voice, granted, lacking
from clearinghouse.core.roles import CaseRole
from clearinghouse.core.visibility import INSIDERS

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

    from clearinghouse.cases.models import Case, Membership, Participant, ReviewAnswer


@dataclass(frozen=True, slots=True)
class AnswerView:
    """What one said, by handle (`clearinghouse` for the house). `counts`: its yes holds now."""

    party: str
    use: ReviewUse
    at: datetime
    counts: bool


@dataclass(frozen=True, slots=True)
class ReviewUseView:
    """What a case may be used for as it stands, whose yes is missing for that, and every answer."""

    use: ReviewUse
    lacking: tuple[str, ...]
    answers: tuple[AnswerView, ...]


def review_use(case: Case) -> ReviewUseView:
    """All of it; who may read that, the caller has asked."""
    voices = _voices(case)
    heard = {one.name for one in voices if one.answer is not None}
    rows = case.review_answers.select_related("party").order_by("at", "id")
    answers = [AnswerView(_name(row), ReviewUse(row.use), row.at, _name(row) in heard) for row in rows]
    return ReviewUseView(granted(voices), lacking(voices), tuple(answers))


def usable(case: Case) -> tuple[ReviewUse, QuerySet[Membership]]:
    """What the case may be used for, and the places of the proofs that this is about: those that were there then."""
    voices = _voices(case)
    use = granted(voices)
    if use is ReviewUse.NO:
        return use, case.memberships.none()
    heard = [one.name for one in voices if one.answer is not None]
    since = min(row.at for row in case.review_answers.select_related("party") if _name(row) in heard)
    return use, case.memberships.filter(since__lte=since)


def _voices(case: Case) -> tuple[Voice, ...]:
    """A no counts whoever says it; a yes only of who is bound by the embargo, where one is in force."""
    answers = {_name(row): row for row in case.review_answers.select_related("party")}
    embargoed = Embargo(case.embargo).in_force
    house = answers.get(HOUSE)
    found = [Voice(name=HOUSE, house=True, answer=ReviewUse(house.use) if house else None)]
    for row in case.participants.select_related("party").order_by("id"):
        roles = {CaseRole(role) for role in row.roles}
        if roles & INSIDERS:
            vendor = CaseRole.VENDOR in roles and row.consent != Consent.DECLINED
            answer = _counted(row, answers.get(row.party.handle), embargoed=embargoed)
            found.append(Voice(name=row.party.handle, vendor=vendor, answer=answer))
    return tuple(found)


def _counted(row: Participant, said: ReviewAnswer | None, *, embargoed: bool) -> ReviewUse | None:
    if said is None:
        return None
    use = ReviewUse(said.use)
    return use if use is ReviewUse.NO or not embargoed or Consent(row.consent).adheres else None


def _name(row: ReviewAnswer) -> str:
    return row.party.handle if row.party else HOUSE
