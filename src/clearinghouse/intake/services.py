"""Take a report in, and answer it once its proof is settled."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction

from clearinghouse.core.errors import InvalidInput, Refused, UsageError
from clearinghouse.core.ids import report_id
from clearinghouse.core.report import MAX_REPORT_BYTES, ReportState, path_after, step
from clearinghouse.core.storable import storable, storable_json
from clearinghouse.intake.models import Finding, Report
from clearinghouse.intake.screening import Screened, screen
from clearinghouse.journal import services as journal
from clearinghouse.journal.repeating import repeated
from clearinghouse.proofs import blobs
from clearinghouse.proofs import services as proofs
from clearinghouse.registry.models import Party
from clearinghouse.registry.services import know_finder

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from clearinghouse.core.ports import Clock, JobQueue
    from clearinghouse.core.proof import Verdict
    from clearinghouse.core.visibility import Actor

PROVE = "prove"  # the job of a new proof, by bundle id
ANSWER = "answer"  # the job of a report whose proof is settled already, by report id
ACTOR = "intake"  # who moves reports when no person does
MAX_NAME = 255
MAX_TITLE = 500


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a finder gets back. `known` says that these very bytes came from this finder before."""

    id: str
    finder: str
    name: str
    sha256: str
    received_at: datetime
    kind: str
    state: ReportState
    title: str
    reasons: tuple[str, ...]
    bundle_id: str | None
    known: bool


def submit(content: bytes, *, finder: str, name: str, clock: Clock, queue: JobQueue) -> Receipt:
    """Keep `content` as it came and have it proven where it can be. The same bytes from the same finder are one report.

    Raises InvalidInput above MAX_REPORT_BYTES, UsageError for a finder's name that is none; anything else that is
    wrong with the content is kept, and answered in the report's state and reasons.
    """
    return _take(content, lambda at: know_finder(finder, at=at), name=name, clock=clock, queue=queue)


def hand_in(
    content: bytes, *, actor: Actor, party: str | None = None, name: str, clock: Clock, queue: JobQueue
) -> Receipt:
    """`submit` for somebody who is known: the finder is the party with that key, else the actor's own.

    Raises Refused for an actor that is no party, UsageError for a party that the actor does not act for, InvalidInput
    above MAX_REPORT_BYTES.
    """
    chosen = party or actor.person or (min(actor.parties) if len(actor.parties) == 1 else None)
    if not actor.parties or chosen is None:
        raise Refused("reports come from a party", advice="use a token of a person or of an organisation")
    if chosen not in actor.parties:
        raise UsageError(
            "you do not act for that party", advice="name your own key or that of an organisation of yours"
        )
    return _take(content, lambda _at: Party.objects.get(key=chosen), name=name, clock=clock, queue=queue)


@repeated
def _take(
    content: bytes, sender_at: Callable[[datetime], Party], *, name: str, clock: Clock, queue: JobQueue
) -> Receipt:
    if len(content) > MAX_REPORT_BYTES:
        raise InvalidInput(f"{name}: larger than {MAX_REPORT_BYTES // 2**20} MiB", advice="make it smaller")
    shown = "".join(c if c.isprintable() else "�" for c in name.encode("utf-8", "replace").decode())[-MAX_NAME:]
    screened = screen(content, shown)
    at = clock()
    with transaction.atomic():
        stored = blobs.keep(content)
        proof = proofs.store(screened.bundle, at=at) if screened.bundle else None
        sender = sender_at(at)
        report, new = Report.objects.select_related("finder", "proof").get_or_create(
            finder=sender,
            content=stored,
            defaults={
                "public_id": report_id(sender.handle, stored.sha256),
                "received_at": at,
                "name": shown,
                "kind": screened.kind,
                "title": storable(screened.title, MAX_TITLE),
                "state": ReportState.RECEIVED,
                "reasons": storable_json(list(screened.reasons)),
                "proof": proof,
            },
        )
        if not new:
            return _receipt(report, known=True)
        _note_findings(report, screened)
        body = {"sha256": stored.sha256, "size": len(content), "name": shown, "kind": screened.kind}
        _journal(report, "report received", actor=sender.name, at=at, body=body)
        _move(report, (ReportState.SCREENED, *screened.states), at=at, actor=ACTOR)
        if proof is not None:
            job = (ANSWER, report.public_id) if proof.settled_at else (PROVE, proof.bundle_id)
            # robust: the report is kept even if the queue cannot be reached; the worker's reconciler enqueues it then.
            transaction.on_commit(partial(queue.enqueue, *job), robust=True)
    return _receipt(report, known=False)


def answer(report: Report, *, verdict: Verdict, reasons: Sequence[str], at: datetime, case: str | None) -> bool:
    """Move a report that waits for its proof to where the verdict leads; False when it was answered before.

    Call inside the transaction that settles the proof. `case` is the case that a supported claim belongs to.
    """
    if report.state != ReportState.PROVING:
        return False
    report.reasons = storable_json([f"verdict {verdict}", *reasons])
    body = {"verdict": str(verdict)} | ({"case": case} if case else {})
    _move(report, path_after(verdict), at=at, actor=ACTOR, body=body)
    return True


def _move(
    report: Report, states: Sequence[ReportState], *, at: datetime, actor: str, body: dict[str, str] | None = None
) -> None:
    """Step through the table, one journal entry for each state."""
    for state in states:
        before = ReportState(report.state)
        report.state = step(before, state)
        entry = {"from": before, "to": state, "reasons": report.reasons, **(body or {})}
        _journal(report, f"report {state.replace('_', ' ')}", actor=actor, at=at, body=entry)
    if report.state in {ReportState.ATTACHED, ReportState.PARKED, ReportState.RETURNED}:
        report.closed_at = at
    report.save()


def _note_findings(report: Report, screened: Screened) -> None:
    Finding.objects.bulk_create(
        Finding(
            report=report,
            ordinal=i,
            title=storable(claimed.title, MAX_TITLE),
            rule=storable(claimed.rule, 200),
            location=storable(claimed.location, MAX_TITLE),
            grade=claimed.grade,
        )
        for i, claimed in enumerate(screened.findings, start=1)
    )


def _journal(report: Report, kind: str, *, actor: str, at: datetime, body: dict[str, object]) -> None:
    journal.append(f"report/{report.public_id}", kind, actor=actor, at=at, body=body)


def _receipt(report: Report, *, known: bool) -> Receipt:
    return Receipt(
        id=report.public_id,
        finder=report.finder.name,
        name=report.name,
        sha256=report.content_id,
        received_at=report.received_at,
        kind=report.kind,
        state=ReportState(report.state),
        title=report.title,
        reasons=tuple(report.reasons),
        bundle_id=report.proof.bundle_id if report.proof else None,
        known=known,
    )
