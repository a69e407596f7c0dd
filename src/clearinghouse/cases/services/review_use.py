"""Say whether tasks for model reviews may be made of a case, and take it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clearinghouse.cases.docket import HOUSE, opened
from clearinghouse.cases.review_use import review_use
from clearinghouse.core.storable import storable
from clearinghouse.core.visibility import Action
from clearinghouse.journal.repeating import repeated

if TYPE_CHECKING:
    from datetime import datetime

    from clearinghouse.core.review.use import ReviewUse
    from clearinghouse.core.visibility import Actor

MAX_REASON = 2000  # characters


@repeated
def answer_review_use(
    case: str, use: ReviewUse, *, actor: Actor, at: datetime, because: str = "", party: str | None = None
) -> ReviewUse:
    """Say what the case may be used for, in place of what was said before; what it may be used for afterwards.

    A no takes a yes back at once; what was shown before stays shown. A yes speaks of what is in the case now.
    """
    with opened(case, actor, Action.ANSWER_REVIEW_USE, at=at) as docket:
        who = docket.acting(party)
        reason = storable(because.strip(), MAX_REASON)
        docket.case.review_answers.update_or_create(
            party=None if who == HOUSE else docket.participant(who).party,
            defaults={"use": use, "at": at, "by": actor.name, "because": reason},
        )
        found = review_use(docket.case).use
        docket.note("review use answered", party=docket.called(who), use=use, comes_to=found, because=reason)
        return found
