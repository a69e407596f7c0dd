"""Read reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, F, Q, QuerySet

from clearinghouse.core.proof import Grade, Verdict
from clearinghouse.core.report import ReportKind, ReportState
from clearinghouse.core.visibility import PUBLIC, Action, Brought, can
from clearinghouse.intake.models import Report
from clearinghouse.journal import queries as journal
from clearinghouse.proofs import blobs
from clearinghouse.proofs.queries import ProofView, view
from clearinghouse.registry.access import where

if TYPE_CHECKING:
    from datetime import datetime

    from clearinghouse.core.visibility import Actor


@dataclass(frozen=True, slots=True)
class ReportRow:
    """One line of the report list."""

    id: str
    finder: str
    received_at: datetime
    name: str
    kind: ReportKind
    title: str
    state: ReportState
    reasons: tuple[str, ...]
    verdict: Verdict | None
    grade: Grade | None
    case_id: str | None


@dataclass(frozen=True, slots=True)
class FindingView:
    """One claimed weakness, as the report words it."""

    ordinal: int
    title: str
    rule: str
    location: str
    grade: Grade


@dataclass(frozen=True, slots=True)
class ReportDetail:
    """A report in full; `text` is its content when that is prose or SARIF, else empty."""

    row: ReportRow
    sha256: str
    size: int
    findings: tuple[FindingView, ...]
    proof: ProofView | None
    text: str
    journal: tuple[journal.EntryView, ...]


def visible_to(actor: Actor, action: Action = Action.READ_REPORT) -> QuerySet[Report]:
    """The reports that the actor may read: its own always, others' where the case they are attached to lets it."""
    found = where(
        actor,
        action,
        case="proof__membership__case__",
        origin="proof__membership__brought_to",
        own="finder",
        attached=Q(state=ReportState.ATTACHED),
        published=Q(published_at__isnull=False, proof__membership__published_in=F("proof__membership__case")),
    )
    return Report.objects.filter(pk__in=Report.objects.filter(found).values("pk"))


def reports(*, actor: Actor, state: ReportState | None = None) -> tuple[ReportRow, ...]:
    """All visible reports in order of arrival."""
    rows = visible_to(actor).select_related("finder", "proof__membership__case").order_by("received_at", "id")
    return tuple(row_of(report, actor) for report in (rows.filter(state=state) if state else rows))


def report(public_id: str, *, actor: Actor) -> ReportDetail | None:
    """One report, or None when there is none or none to see.

    What its proof did on releases that others named, and the bodies of its journal, are for the house alone.
    """
    found = visible_to(actor).select_related("finder", "proof__membership__case").filter(public_id=public_id).first()
    if found is None:
        return None
    readable = found.kind in {ReportKind.TEXT, ReportKind.SARIF}
    return ReportDetail(
        row=row_of(found, actor),
        sha256=found.content_id,
        size=found.content.size,
        findings=tuple(
            FindingView(f.ordinal, f.title, f.rule, f.location, Grade(f.grade))
            for f in found.findings.order_by("ordinal")
        ),
        proof=view(found.proof, trials=can(actor, Action.READ_JOURNAL)) if found.proof else None,
        text=blobs.read(found.content_id).decode("utf-8", "replace") if readable else "",
        journal=_journal(found, actor),
    )


def unanswered() -> tuple[str, ...]:
    """Ids of reports that wait for nothing but their answer: the proof was settled before they came."""
    rows = Report.objects.filter(state=ReportState.PROVING, proof__settled_at__isnull=False).order_by("id")
    return tuple(rows.values_list("public_id", flat=True))


def count_by_state(actor: Actor) -> dict[ReportState, int]:
    """How many of the reports that the actor may read stand in each state that has any."""
    rows = visible_to(actor).values_list("state").annotate(n=Count("id")).order_by()
    return {ReportState(state): n for state, n in rows}


def row_of(report: Report, actor: Actor = PUBLIC) -> ReportRow:
    """A report as one line; its case goes by its number inside the house, and by its opaque key before publication."""
    proof = report.proof
    membership = getattr(proof, "membership", None) if report.state == ReportState.ATTACHED else None
    return ReportRow(
        id=report.public_id,
        finder=report.finder.name,
        received_at=report.received_at,
        name=report.name,
        kind=ReportKind(report.kind),
        title=report.title,
        state=ReportState(report.state),
        reasons=tuple(report.reasons),
        verdict=Verdict(proof.verdict) if proof and proof.verdict else None,
        grade=Grade(proof.grade) if proof and proof.grade else None,
        case_id=membership.case.address(can(actor, Action.READ_FIGURES)) if membership else None,
    )


def _journal(report: Report, actor: Actor) -> tuple[journal.EntryView, ...]:
    """The report's chain: whole for the house, without the bodies for whoever sent it, nothing for others."""
    bodies = can(actor, Action.READ_JOURNAL)
    if not bodies and not can(actor, Action.READ_JOURNAL_METADATA, Brought(own=report.finder.key in actor.parties)):
        return ()
    return journal.entries(f"report/{report.public_id}", bodies=bodies)
