"""Say something in a case: plain text under a label, for those who take part and may read it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from clearinghouse.cases.docket import HOUSE, opened
from clearinghouse.core.errors import UsageError
from clearinghouse.core.roles import Tlp
from clearinghouse.core.storable import storable
from clearinghouse.core.visibility import Action
from clearinghouse.journal.repeating import repeated

if TYPE_CHECKING:
    from datetime import datetime

    from clearinghouse.core.visibility import Actor

MAX_TEXT = 20_000  # characters of one message
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@repeated
def post_message(
    case: str, text: str, *, actor: Actor, at: datetime, tlp: Tlp | None = None, party: str | None = None
) -> str:
    """Say something to everybody who may read the case; the message's key. The journal keeps that, not what, was said.

    The label is the case's unless a stricter one is given; RED reaches people who are named, and coordinators. Raises
    UsageError for no text, too much of it, and a label wider than the case's.
    """
    said = _CONTROL.sub("", storable(text.replace("\r\n", "\n"))).strip()
    if not said or len(said) > MAX_TEXT:
        raise UsageError(f"a message of {len(said)} characters", advice=f"write 1 to {MAX_TEXT}")
    with opened(case, actor, Action.WRITE_MESSAGE, at=at) as docket:
        label, widest = Tlp(tlp or docket.case.tlp), Tlp(docket.case.tlp)
        if list(Tlp).index(label) < list(Tlp).index(widest):
            raise UsageError(
                f"TLP:{label} is wider than the case's TLP:{widest}", advice="give the same or a stricter one"
            )
        who = docket.acting(party)
        row = docket.case.messages.create(
            brought_to=docket.case,
            party=None if who == HOUSE else docket.participant(who).party,
            author=actor.name,
            text=said,
            tlp=label,
            at=at,
        )
        docket.note("message posted", message=row.key, by=docket.called(who), tlp=label, characters=len(said))
        return row.key
