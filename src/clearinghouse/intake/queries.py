"""Read reports."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, QuerySet

from clearinghouse.core.proof import Grade, Verdict
from clearinghouse.core.report import ReportKind, ReportState
from clearinghouse.intake.models import Report
from clearinghouse.journal import queries as journal
from clearinghouse.proofs import blobs
from clearinghouse.proofs.queries import ProofView, view

if TYPE_CHECKING:
    from datetime import datetime

    from clearinghouse.core.visibility import Viewer


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


def visible_to(viewer: Viewer) -> QuerySet[Report]:
    """The reports that the viewer may see: coordinators all, the public none (their credit is in the advisory)."""
    return Report.objects.all() if viewer.sees_unpublished else Report.objects.none()


def reports(*, viewer: Viewer, state: ReportState | None = None) -> tuple[ReportRow, ...]:
    """All visible reports in order of arrival."""
    rows = visible_to(viewer).select_related("finder", "proof__membership__case").order_by("received_at", "id")
    return tuple(row_of(report) for report in (rows.filter(state=state) if state else rows))


def report(public_id: str, *, viewer: Viewer) -> ReportDetail | None:
    """One report, or None when there is none or none to see."""
    found = visible_to(viewer).select_related("finder", "proof__membership__case").filter(public_id=public_id).first()
    if found is None:
        return None
    readable = found.kind in {ReportKind.TEXT, ReportKind.SARIF}
    return ReportDetail(
        row=row_of(found),
        sha256=found.content_id,
        size=found.content.size,
        findings=tuple(
            FindingView(f.ordinal, f.title, f.rule, f.location, Grade(f.grade))
            for f in found.findings.order_by("ordinal")
        ),
        proof=view(found.proof) if found.proof else None,
        text=blobs.read(found.content_id).decode("utf-8", "replace") if readable else "",
        journal=journal.entries(f"report/{found.public_id}"),
    )


def unanswered() -> tuple[str, ...]:
    """Ids of reports that wait for nothing but their answer: the proof was settled before they came."""
    rows = Report.objects.filter(state=ReportState.PROVING, proof__settled_at__isnull=False).order_by("id")
    return tuple(rows.values_list("public_id", flat=True))


def count_by_state() -> dict[ReportState, int]:
    """How many reports stand in each state that has any."""
    rows = Report.objects.values_list("state").annotate(n=Count("id")).order_by()
    return {ReportState(state): n for state, n in rows}


def row_of(report: Report) -> ReportRow:
    """A report as one line."""
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
        case_id=membership.case.public_id if membership else None,
    )
