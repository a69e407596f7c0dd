"""What the participants of a case say to each other."""

from __future__ import annotations

from django.http import HttpRequest

from clearinghouse.api import cursors
from clearinghouse.api.case_inputs import NewMessage
from clearinghouse.api.case_schemas import Message, MessagePage, Posted
from clearinghouse.api.cases import checked, router
from clearinghouse.api.cursors import Cursor, Limit
from clearinghouse.api.operations import Reply, actor_in, reads, writes
from clearinghouse.bootstrap import wiring
from clearinghouse.cases import services
from clearinghouse.cases.coordination import coordination
from clearinghouse.core.errors import NotFound
from clearinghouse.core.roles import Scope


@reads(router, "/cases/{case}/messages", scope=Scope.CASES_READ, gives=MessagePage)
def list_messages(request: HttpRequest, case: str, cursor: Cursor = None, limit: Limit = cursors.PAGE_SIZE) -> Reply:
    """Read what was said in a case, in order, as far as each message's label lets you."""
    of = f"messages {case}"
    mark = cursors.read(cursor, of=of, parts=2) if cursor else None
    found = coordination(checked(case), actor=actor_in(request))
    if found is None or not found.letters:
        raise NotFound("no case")
    rows = list(found.messages)
    if mark is not None:
        at = cursors.instant(mark[0])
        told = {row.key for row in rows if row.at < at} | {mark[1]}
        upto = max((place for place, row in enumerate(rows) if row.key in told), default=-1)
        rows = rows[upto + 1 :]
    shown = rows[:limit]
    following = cursors.after((shown[-1].at.isoformat(), shown[-1].key), of=of) if len(rows) > limit else None
    page = MessagePage(items=[Message.model_validate(row) for row in shown], next=following)
    return cursors.page(request, page, following)


@writes(router, "/cases/{case}/messages", scope=Scope.CASES_WRITE, gives=Posted)
def post_message(request: HttpRequest, case: str, sent: NewMessage) -> Reply:
    """Say something to everybody who may read the case. The journal keeps that something was said, not what."""
    key = services.post_message(
        checked(case), sent.text, actor=actor_in(request), at=wiring.clock(), tlp=sent.tlp, party=sent.party
    )
    return Reply(Posted(message=key), status=201)
