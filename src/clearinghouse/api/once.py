"""Every POST is carried out once: its Idempotency-Key names it, and a repetition gets the first answer."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from django.http import HttpResponse

from clearinghouse.api.errors import KeyMissing, PreconditionFailed
from clearinghouse.api.middleware import names, tag_of
from clearinghouse.bootstrap import wiring
from clearinghouse.traffic import services as traffic

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest

    from clearinghouse.core.visibility import Actor

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
_KEY = re.compile(r"[\x21-\x7e]{8,255}")


def owner_of(actor: Actor) -> str:
    """Whose keys these are: the person, or the organisation that a service acts for."""
    return actor.person or ",".join(sorted(actor.parties)) or actor.name


def key_in(request: HttpRequest) -> str:
    """The key of a request. Raises KeyMissing."""
    key = request.headers.get(HEADER, "")
    if not _KEY.fullmatch(key):
        advice = f"send `{HEADER}` with 8 to 255 visible ASCII characters: a fresh UUID for each new request"
        raise KeyMissing(f"a POST needs an {HEADER}", advice=advice)
    return key


def answer_once(
    request: HttpRequest,
    actor: Actor,
    effect: Callable[[], HttpResponse],
    *,
    content: bytes,
    current: Callable[[], bytes] | None = None,
) -> HttpResponse:
    """Carry out `effect`, or give again what it was answered. The answer and the effect are one transaction.

    `content` is what the request holds; `current`, where the request may state what it is based on, gives the
    object as the actor would read it now. Raises KeyMissing, PreconditionFailed, and what `traffic.once` raises.
    """
    key = key_in(request)

    def carry_out() -> traffic.Answer:
        stated = request.headers.get("If-Match")
        if stated is not None and current is not None and not names(stated, tag_of(current())):
            advice = "read it again, and decide whether the change still fits"
            raise PreconditionFailed("it changed since you read it", advice=advice)
        response = effect()
        kept = {name: value for name, value in response.headers.items() if name != "Content-Length"}
        return traffic.Answer(response.status_code, response.content.decode(), kept)

    owner = owner_of(actor)
    answer, replayed = traffic.once(owner, key, _hash(request, content), carry_out, clock=wiring.clock)
    response = HttpResponse(answer.body, status=answer.status, headers=dict(answer.headers))
    if replayed:
        response.headers[REPLAYED] = "true"
    return response


def _hash(request: HttpRequest, content: bytes) -> str:
    """What was asked, without what a client may word anew when it repeats itself, such as a form's boundary."""
    line = f"{request.method} {request.path_info}?{request.META.get('QUERY_STRING', '')}\n"
    return hashlib.sha256(line.encode() + hashlib.sha256(content).digest()).hexdigest()
