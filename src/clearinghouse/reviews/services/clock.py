"""What comes due for reviews: windows open and close, people are reminded, reports lapse; each exactly once.

`strike` changes rows: each is taken under its lock and only while it is still due, with its journal entry in the same
transaction. `effect` does what no transaction can (end processes, remove files, sign) and then says so, also once; it
may be broken off anywhere and is begun again.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from django.db import connection, transaction
from django.db.models import Q

from clearinghouse.core.review.records import Destruction, Final
from clearinghouse.core.review.states import ReviewState, ReviewStep, at_close
from clearinghouse.core.review.window import ANSWER_DAYS, DRAFT_DAYS, REPORT_WITHIN, working_days
from clearinghouse.core.visibility import Actor
from clearinghouse.journal.repeating import repeated
from clearinghouse.registry.queries import hash_of
from clearinghouse.reviews.docket import Docket
from clearinghouse.reviews.holdout import suite_folder
from clearinghouse.reviews.models import Evaluation, EvaluationState, Review
from clearinghouse.reviews.services.ending import begin_destruction, end_access
from clearinghouse.reviews.services.ordering import work_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from django.db.models import QuerySet

    from clearinghouse.core.ports import Runs, Signer

CLOCK = Actor("clock")  # what no person did; it passes no gate, and nothing here asks for one
_WORKING = [state for state in ReviewState if not state.over]
_WRITING = [ReviewState.ANALYSIS, ReviewState.DRAFT_REPORT, ReviewState.DEVELOPER_COMMENT]
_WAITING = {ReviewState.SUBMITTED: ("submitted_at", ANSWER_DAYS), ReviewState.DRAFT_REPORT: ("reported_at", DRAFT_DAYS)}
_DESTROYED = [state for state in ReviewState if state.destroys]


def strike(*, at: datetime) -> tuple[str, ...]:
    """Open and close every window whose instant has come, remind, and let what nobody reported on expire.

    Returns what was done, a line each. Called at each look of each worker; may run anywhere, any number of times.
    """
    done = [_once(_closing(at), pk, at, _close) for pk in _keys(_closing(at))]
    done += [_once(_opening(at), pk, at, _open) for pk in _keys(_opening(at))]
    done += [_once(_lapsing(at), pk, at, _lapse) for pk in _keys(_lapsing(at))]
    done += [_once(_unreminded(), pk, at, _remind) for pk in _keys(_unreminded())]
    return tuple(line for line in done if line is not None)


def effect(*, at: datetime, runs: Runs, folder: Path, signer: Signer | None) -> tuple[str, ...]:
    """End the processes of cancelled evaluations, remove what is to be destroyed below `folder`, sign what is unsigned.

    Evaluations keep their files in `folder`, each below its key. Without a signer, records wait for one.
    """
    done: list[str | None] = []
    for row in Evaluation.objects.filter(state=EvaluationState.CANCELLED, stopped_at__isnull=True).order_by("pk"):
        if row.control is None or runs.stop(row.control):
            Evaluation.objects.filter(pk=row.pk, stopped_at__isnull=True).update(stopped_at=at)
            done.append(f"evaluation {row.key}: stopped")
    done += [_destroy(review, folder, at) for review in _undestroyed()]
    if signer is not None:
        done += [_sign_receipt(review, signer) for review in _unreceipted()]
        done += [
            _sign_final(review, signer) for review in Review.objects.filter(state=ReviewState.FINAL, statement=None)
        ]
    return tuple(line for line in done if line is not None)


def _closing(at: datetime) -> QuerySet[Review]:
    planned = Q(state__in=[ReviewState.DRAFT, ReviewState.SUBMITTED], closes_at__isnull=True)
    released = planned & (Q(partners_at__lte=at) | Q(public_at__lte=at))
    return Review.objects.filter(Q(closes_at__lte=at) | released, closed_at__isnull=True, state__in=_WORKING)


def _opening(at: datetime) -> QuerySet[Review]:
    return Review.objects.filter(state=ReviewState.ACCEPTED, opens_at__lte=at, closes_at__gt=at)


def _lapsing(at: datetime) -> QuerySet[Review]:
    return Review.objects.filter(state__in=_WRITING, closed_at__lte=at - REPORT_WITHIN)


def _unreminded() -> QuerySet[Review]:
    return Review.objects.filter(state__in=list(_WAITING), reminded_at__isnull=True)


def _keys(rows: QuerySet[Review]) -> list[int]:
    return list(rows.order_by("pk").values_list("pk", flat=True))


@repeated
def _once(due: QuerySet[Review], pk: int, at: datetime, what: Callable[[Docket], str | None]) -> str | None:
    """Do it to the review if it is still due, under its lock."""
    with transaction.atomic():
        review = due.select_for_update().filter(pk=pk).first()
        if review is None or (done := what(Docket(review, CLOCK, at))) is None:
            return None
        review.save()
        return f"review {review.key}: {done}"


def _open(docket: Docket) -> str:
    docket.take(ReviewStep.OPEN)
    return "window opened"


def _close(docket: Docket) -> str:
    step = at_close(docket.state)
    if step is not None:
        docket.take(step)
    if docket.state.destroys:
        docket.review.because = "its window closed before anything was measured"
        begin_destruction(docket)
        return "expired"
    end_access(docket, "the window closed")
    return "window closed"


def _lapse(docket: Docket) -> str:
    docket.take(ReviewStep.EXPIRE)
    docket.review.because = f"no report within {REPORT_WITHIN.days} days after access ended"
    begin_destruction(docket)
    return "expired"


def _remind(docket: Docket) -> str | None:
    field, days = _WAITING[docket.state]
    since = getattr(docket.review, field)
    if since is None or docket.at < working_days(since, days):
        return None
    docket.review.reminded_at = docket.at
    docket.note("reminder", waits=docket.state, working_days=days)
    return f"{docket.state} for {days} working days"


def _undestroyed() -> QuerySet[Review]:
    rows = Review.objects.filter(state__in=_DESTROYED, destroyed_at__isnull=True, destroyed__isnull=False)
    return rows.exclude(evaluations__stopped_at__isnull=True, evaluations__state=EvaluationState.CANCELLED)


def _destroy(review: Review, folder: Path, at: datetime) -> str | None:
    """Remove the files of the review's evaluations, then say so, once. Counts survive a crash between the two."""
    keys = list(review.evaluations.order_by("id").values_list("key", flat=True))
    counts = dict((review.destroyed or {}).get("files", {}))
    for key in keys:
        there = [place for place in (folder / key, work_folder(folder, key)) if place.exists()]
        if there:
            files = (path for place in there for path in place.rglob("*"))
            counts[key] = counts.get(key, 0) + sum(1 for path in files if path.is_file() or path.is_symlink())
            Review.objects.filter(pk=review.pk).update(destroyed={**(review.destroyed or {}), "files": counts})
            for place in there:
                shutil.rmtree(place)
    shutil.rmtree(suite_folder(folder, review.key), ignore_errors=True)
    with transaction.atomic():
        row = Review.objects.select_for_update().filter(pk=review.pk, destroyed_at__isnull=True).first()
        if row is None:
            return None
        row.destroyed_at = at
        row.destroyed = {**(row.destroyed or {}), "files": {key: counts.get(key, 0) for key in keys}}
        row.save(update_fields=["destroyed_at", "destroyed"])
        Docket(row, CLOCK, at).note("destroyed", files=sum(counts.values()), evaluations=len(keys))
    _forget_pages()
    return f"review {review.key}: destroyed"


def _forget_pages() -> None:
    """SQLite's log of changes is emptied too; what is deleted there is overwritten (`secure_delete`).

    While somebody reads, the log stays as it is; the next destruction, or the end of the process, empties it.
    """
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _unreceipted() -> QuerySet[Review]:
    return Review.objects.filter(destroyed_at__isnull=False, receipt__isnull=True)


def _sign_receipt(review: Review, signer: Signer) -> str | None:
    assert review.destroyed is not None
    assert review.destroyed_at is not None
    files: dict[str, int] = review.destroyed["files"]
    record = Destruction(
        review=review.key,
        why=review.state,
        key_destroyed=bool(review.destroyed["key"]),
        credentials=int(review.destroyed["credentials"]),
        evaluations=tuple(files),
        files=tuple(files.values()),
        asked=_instant(review.ended_at or review.destroyed_at),
        done=_instant(review.destroyed_at),
    )
    signed = signer.record(record).content
    if not Review.objects.filter(pk=review.pk, receipt__isnull=True).update(receipt=signed):
        return None
    return f"review {review.key}: receipt signed"


def _sign_final(review: Review, signer: Signer) -> str | None:
    assert review.final_lead is not None
    assert review.final_second is not None
    assert review.final_at is not None
    record = Final(
        review=review.key,
        report=review.report_digest,
        comment=hash_of(review.comment) if review.commented_at else "",
        terms=review.terms_id or "",
        lead=review.final_lead.handle,
        second=review.final_second.handle,
        at=_instant(review.final_at),
    )
    signed = signer.record(record).content
    if not Review.objects.filter(pk=review.pk, statement__isnull=True).update(statement=signed):
        return None
    return f"review {review.key}: final, signed"


def _instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
