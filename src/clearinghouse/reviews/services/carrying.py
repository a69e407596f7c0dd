"""What a worker does for evaluations that it carries out: no person acts here, and nothing asks for one.

An evaluation stays with the place that took it up first: its files are there. Each process that is started for it is a
take of its own; whatever comes from an earlier one is not heard any more.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Q

from clearinghouse.core.errors import Conflict
from clearinghouse.core.review.guards import Access
from clearinghouse.core.review.states import ReviewState, ReviewStep
from clearinghouse.core.visibility import Actor
from clearinghouse.journal import queries as journal
from clearinghouse.journal.repeating import repeated
from clearinghouse.reviews.docket import Docket, chain
from clearinghouse.reviews.holdout import recalled
from clearinghouse.reviews.models import Evaluation, EvaluationState, Review
from clearinghouse.reviews.services import ordering
from clearinghouse.reviews.services.ending import LIVE
from clearinghouse.reviews.services.running import about, credential_in, released

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from clearinghouse.core.ports import Vault

WORKER = Actor("worker")
MAX_WORDS = 500
FINDING = "finding handed in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """An evaluation that this place carries out, or may take up; `paused`: not now.

    `left_out` are its holdout tasks that nobody lets be shown any more.
    """

    key: str
    paused: bool
    suite: str
    control: Mapping[str, Any] | None
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What a new process is to be told; `closes_at` is the last instant of the window."""

    key: str
    take: int
    suite: str
    width: int
    prices: tuple[float, float] | None
    signed_plan: bytes
    plan: str
    closes_at: datetime


def due(place: str) -> tuple[Due, ...]:
    """Every evaluation with an order that is not over, and is this place's or nobody's yet."""
    here = Q(place=place) | Q(place="")
    rows = Evaluation.objects.filter(here, state__in=LIVE, order__isnull=False).order_by("pk")
    return tuple(
        Due(
            key=row.key,
            paused=row.state == EvaluationState.PAUSED,
            suite=str((row.order or {})["suite"]),
            control=row.control,
            left_out=recalled(row),
        )
        for row in rows
    )


@repeated
def take_up(key: str, place: str, *, at: datetime) -> Taken | None:
    """Take the evaluation for a new process of this place; None when it may not run, or is another's by now."""
    with _held(key, at) as (docket, row):
        review = docket.review
        if row.place not in {"", place} or row.order is None or review.closes_at is None:
            return None
        if row.state != EvaluationState.RUNNING or review.closed_at is not None or at >= review.closes_at:
            return None
        row.place, row.take, row.control = place, row.take + 1, None
        row.save(update_fields=["place", "take", "control"])
        prices = row.order["prices"]
        return Taken(
            key=row.key,
            take=row.take,
            suite=str(row.order["suite"]),
            width=int(row.order["width"]),
            prices=(float(prices[0]), float(prices[1])) if prices else None,
            signed_plan=bytes(row.signed_plan or b""),
            plan=row.plan,
            closes_at=review.closes_at,
        )


@repeated
def note_process(key: str, take: int, control: Mapping[str, Any], *, at: datetime) -> None:
    """Keep how the process of this take is reached, before it is told anything. Raises Conflict: end it."""
    with _held(key, at) as (_, row):
        if row.state != EvaluationState.RUNNING or row.take != take:
            raise Conflict("this evaluation runs no more", advice="end its process")
        row.control = dict(control)
        row.save(update_fields=["control"])


@repeated
def hand_over(key: str, take: int, *, vault: Vault, at: datetime) -> tuple[dict[str, str], bytes]:
    """The credential (empty where access needs none), once for this take, and the key of the evaluation's files.

    Both go on by a pipe and are forgotten here. Raises Conflict where nothing may be handed out any more.
    """
    secret = None
    with _held(key, at) as (docket, row):
        review = docket.review
        if row.take != take or row.state != EvaluationState.RUNNING or row.sealed_key is None:
            raise Conflict("this evaluation runs no more", advice="end its process")
        if Access(review.access) is Access.ENDPOINT:
            secret, _ = released(docket, row)
        wrapped, sealed = bytes(review.wrapped_key or b""), bytes(row.sealed_key)
    files = vault.open(wrapped, sealed, ordering.about(key))
    return (credential_in(vault.open(wrapped, secret, about(review.key))) if secret is not None else {}), files


def note_progress(key: str, take: int, progress: Mapping[str, Any]) -> None:
    """Keep how far the process of this take is; nothing, once the evaluation is over."""
    Evaluation.objects.filter(key=key, take=take, state__in=LIVE).update(progress=dict(progress))


@repeated
def note_finding(key: str, report: str, *, at: datetime) -> None:
    """Keep in the review's journal, once, that a weakness that is not a task's own was handed in as that report."""
    with _held(key, at) as (docket, _):
        entries = journal.entries(chain(docket.review.key))
        if not any(entry.kind == FINDING and entry.body.get("report") == report for entry in entries):
            docket.note(FINDING, report=report)


@repeated
def ended(key: str, take: int, *, at: datetime) -> None:
    """The process of this take made and judged everything."""
    with _held(key, at) as (docket, row):
        if row.state in LIVE and row.take == take:
            row.state, row.ended_at, row.stopped_at = EvaluationState.FINISHED, at, at
            row.save(update_fields=["state", "ended_at", "stopped_at"])
            docket.note("evaluation finished", evaluation=row.key)


@repeated
def broke_off(key: str, take: int, trouble: str, *, at: datetime) -> None:
    """The process of this take could not go on: the review pauses until somebody resumes it. The words are for them."""
    with _held(key, at) as (docket, row):
        if row.state != EvaluationState.RUNNING or row.take != take:
            return
        row.progress = {**row.progress, "trouble": trouble[:MAX_WORDS]}
        row.save(update_fields=["progress"])
        if docket.state is ReviewState.RUNNING:
            docket.take(ReviewStep.PAUSE, because="an evaluation broke off", evaluation=row.key)
            docket.review.save()
        docket.review.evaluations.filter(state=EvaluationState.RUNNING).update(state=EvaluationState.PAUSED)


@contextmanager
def _held(key: str, at: datetime) -> Iterator[tuple[Docket, Evaluation]]:
    """The evaluation of that key under its review's lock, in one transaction."""
    with transaction.atomic():
        review = Review.objects.select_for_update().get(evaluations__key=key)
        yield Docket(review, WORKER, at), review.evaluations.get(key=key)
