"""Carry a request out once, however often it is sent, and count how often each client asks."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.db.models import F

from clearinghouse.journal.repeating import repeated
from clearinghouse.traffic.errors import InProgress, KeyReused
from clearinghouse.traffic.models import Call, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from django.db.models import QuerySet

    from clearinghouse.core.ports import Clock

KEPT = timedelta(hours=24)  # how long an answer is given again
ABANDONED = timedelta(seconds=60)  # an attempt without an answer for this long was cut off: another may take over


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request got: the status, the body as text, and headers that belong to it."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a client has left: `remaining` requests in this window, which ends in `reset` seconds."""

    limit: int
    window: int
    remaining: int
    reset: int
    allowed: bool


def once(owner: str, key: str, request: str, effect: Callable[[], Answer], *, clock: Clock) -> tuple[Answer, bool]:
    """The answer of `effect`, carried out in one transaction with the record of it; True when it is an earlier one.

    `request` is a hash of all that was asked. An attempt that raises leaves nothing behind, so its key is free again.
    A process killed at any point has had its effect and its record, or neither. Raises KeyReused, InProgress, and
    what the effect raises.
    """
    owner, key, claim = _digest(owner), _digest(key), secrets.token_hex(16)
    before = _claim(owner, key, request, claim, at=clock())
    if before is not None:
        return before, True
    mine = Call.objects.filter(owner=owner, key=key, claim=claim)
    try:
        answer = _carry_out(mine, effect)
    except BaseException:
        mine.filter(status=None).delete()
        raise
    return answer, False


@repeated
def _carry_out(mine: QuerySet[Call], effect: Callable[[], Answer]) -> Answer:
    with transaction.atomic():
        answer = effect()
        _keep(mine, answer)
    return answer


def _keep(mine: QuerySet[Call], answer: Answer) -> None:
    if not mine.update(status=answer.status, body=answer.body, headers=dict(answer.headers)):
        advice = "repeat it in a moment under the same key: it gets that attempt's answer"
        raise InProgress("the request took so long that another attempt took it over", advice=advice)


def _claim(owner: str, key: str, request: str, claim: str, *, at: datetime) -> Answer | None:
    """Take the key for this attempt, or give back what an earlier one was answered."""
    with transaction.atomic():
        Call.objects.filter(claimed_at__lt=at - KEPT).delete()
        fields = {"request": request, "claim": claim, "claimed_at": at}
        call, new = Call.objects.select_for_update().get_or_create(owner=owner, key=key, defaults=fields)
        if new:
            return None
        if call.request != request:
            raise KeyReused(
                "this Idempotency-Key was used for another request",
                advice="use a fresh key for each request, and the same one only to repeat it unchanged",
            )
        if call.status is not None:
            return Answer(call.status, call.body, call.headers)
        left = call.claimed_at + ABANDONED - at
        if left > timedelta(0):
            wait = max(1, int(left.total_seconds()))
            advice = f"repeat it in a moment; an attempt that was cut off is given up after {wait} seconds"
            raise InProgress("the same request is being carried out", advice=advice)
        call.claim, call.claimed_at = claim, at
        call.save(update_fields=["claim", "claimed_at"])
        return None


def allow(client: str, *, limit: int, window: int, at: datetime) -> Allowance:
    """Count one request of `client` and say whether it is within `limit` in `window` seconds; holds over processes."""
    now = int(at.timestamp())
    opened = now - now % window
    count = _count(client, opened, window)
    left = opened + window - now
    return Allowance(limit, window, max(0, limit - count), left, allowed=count <= limit)


def _count(client: str, opened: int, window: int) -> int:
    mine = Window.objects.filter(client=client, opened_at=opened)
    with transaction.atomic():
        if not mine.update(count=F("count") + 1):
            try:
                with transaction.atomic():
                    Window.objects.create(client=client, opened_at=opened, count=1)
                    Window.objects.filter(client=client, opened_at__lt=opened).delete()
                    Window.objects.filter(opened_at__lt=opened - 60 * window).delete()
            except IntegrityError:  # another process opened it in between
                mine.update(count=F("count") + 1)
        return mine.get().count


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
