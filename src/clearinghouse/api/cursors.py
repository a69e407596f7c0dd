"""Marks in a list: where the last page ended, signed, so that the next begins right after it however the list grew."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

from django.core import signing
from ninja import Query

from clearinghouse.api.errors import RequestError
from clearinghouse.api.operations import Reply

if TYPE_CHECKING:
    from django.http import HttpRequest
    from ninja import Schema

PAGE_SIZE = 50
MAX_PAGE_SIZE = 200
_SALT = "clearinghouse.api.cursor"

Mark = tuple[str, ...]
Cursor = Annotated[str | None, Query(max_length=500, description="`next` of the page before")]
Limit = Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE, description="how many at most")]


def after(mark: Mark, *, of: str) -> str:
    """The cursor of what follows `mark` in the list called `of`."""
    return signing.dumps([of, *mark], salt=_SALT)


def read(cursor: str, *, of: str, parts: int) -> Mark:
    """The mark in a cursor. Raises RequestError for one that we did not make, or made for another list."""
    try:
        found = signing.loads(cursor, salt=_SALT)
    except (signing.BadSignature, ValueError):
        found = None
    if not isinstance(found, list) or len(found) != parts + 1 or found[0] != of:
        raise RequestError("the cursor is not of this list", advice="take it from `next`, or begin without one")
    return tuple(str(part) for part in found[1:])


def instant(text: str) -> datetime:
    """The instant in a mark of ours."""
    return datetime.fromisoformat(text)


def page(request: HttpRequest, content: Schema, following: str | None) -> Reply:
    """A page of a list, with a Link to the next where there is one."""
    if following is None:
        return Reply(content)
    query = request.GET.copy()
    query["cursor"] = following
    return Reply(content, headers={"Link": f'<{request.path}?{query.urlencode()}>; rel="next"'})
