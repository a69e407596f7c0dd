"""Reports: hand one in, see where it stands, read one's own and what running its proof showed."""

from __future__ import annotations

import re
from typing import Annotated

from django.http import HttpRequest
from ninja import Query, Router

from clearinghouse.api import cursors, limits, status_tokens
from clearinghouse.api.auth import NoToken, token_in
from clearinghouse.api.bodies import Upload
from clearinghouse.api.cursors import Cursor, Limit
from clearinghouse.api.errors import Unauthenticated
from clearinghouse.api.once import owner_of
from clearinghouse.api.operations import Reply, actor_in, reads, writes
from clearinghouse.api.schemas import Finding, Report, ReportItem, ReportPage, ReportReceipt, ReportStatus, Verdict
from clearinghouse.api.verdicts import verdict_of
from clearinghouse.bootstrap import wiring
from clearinghouse.core.errors import NotFound
from clearinghouse.core.report import ReportState
from clearinghouse.core.roles import Scope
from clearinghouse.intake import pages, queries, services
from clearinghouse.intake.queries import ReportDetail, ReportRow

router = Router(tags=["reports"])
_ID = re.compile(r"R-[a-z2-7]{12}")
_SETTLED = frozenset({ReportState.ATTACHED, ReportState.PARKED, ReportState.RETURNED})
_BASE = "/api/v1"


@writes(router, "/reports", scope=Scope.REPORTS_SUBMIT, gives=ReportReceipt, status=202, uploads=True)
def hand_in(
    request: HttpRequest,
    name: Annotated[str | None, Query(max_length=255, description="the file's name, shown to people")] = None,
    party: Annotated[str | None, Query(max_length=32, description="whose report it is: one of your parties")] = None,
) -> Reply:
    """Hand in a report: a proof bundle as an archive, SARIF 2.1.0, Markdown or text.

    It is kept as it is, and proven where it holds a proof. The same bytes from the same party are one report. The
    answer's `status_token` tells where it stands to whoever has it, without an account.
    """
    del name  # was read with the upload
    upload: Upload = request.upload  # type: ignore[attr-defined]
    actor = actor_in(request)
    limits.count_report(request, owner_of(actor))
    receipt = services.hand_in(
        upload.content, actor=actor, party=party, name=upload.name, clock=wiring.clock, queue=wiring.queue()
    )
    where = f"{_BASE}/reports/{receipt.id}"
    body = ReportReceipt(
        id=receipt.id,
        state=receipt.state,
        known=receipt.known,
        kind=receipt.kind,
        title=receipt.title,
        sha256=receipt.sha256,
        received_at=receipt.received_at,
        reasons=list(receipt.reasons),
        status_token=status_tokens.token_of(receipt.id),
        report=where,
        status=f"{_BASE}/report-status",
    )
    return Reply(body, status=202, headers={"Location": where})


@reads(router, "/reports", scope=Scope.REPORTS_READ, gives=ReportPage)
def list_reports(
    request: HttpRequest,
    cursor: Cursor = None,
    limit: Limit = cursors.PAGE_SIZE,
    state: Annotated[ReportState | None, Query(description="only reports that stand here")] = None,
) -> Reply:
    """List the reports that you may see, in order of arrival."""
    of = f"reports {state or ''}"
    mark = cursors.read(cursor, of=of, parts=2) if cursor else None
    after = (cursors.instant(mark[0]), mark[1]) if mark else None
    rows = pages.page(actor_in(request), after=after, limit=limit + 1, state=state)
    shown = rows[:limit]
    following = None
    if len(rows) > limit:
        following = cursors.after((shown[-1].received_at.isoformat(), shown[-1].id), of=of)
    return cursors.page(request, ReportPage(items=[_item(row) for row in shown], next=following), following)


@reads(router, "/reports/{report}", scope=Scope.REPORTS_READ, gives=Report)
def get_report(request: HttpRequest, report: str) -> Report:
    """Read a report: where it stands and why, and what is claimed."""
    found = _report(request, report)
    return Report(
        **_item(found.row).model_dump(),
        sha256=found.sha256,
        size=found.size,
        findings=[Finding.model_validate(finding) for finding in found.findings],
        text=found.text,
        bundle=found.proof.bundle_id if found.proof else None,
    )


@reads(router, "/reports/{report}/verdict", scope=Scope.REPORTS_READ, gives=Verdict)
def get_report_verdict(request: HttpRequest, report: str) -> Verdict:
    """Read what running a report's proof showed; there is none of a report without a proof."""
    found = _report(request, report)
    if found.proof is None:
        raise NotFound("no proof")
    return verdict_of(found.proof)


@reads(router, "/report-status", scope=None, gives=ReportStatus, auth=NoToken(), by_status=True)
def get_report_status(request: HttpRequest) -> ReportStatus:
    """Say where the report stands whose status token is in the Authorization header; needs no account."""
    report = status_tokens.report_in(token_in(request) or "")
    found = pages.standing(report) if report else None
    if found is None:
        raise Unauthenticated("this needs the status token of a report", advice="send the receipt's `status_token`")
    return ReportStatus(
        id=found.id,
        state=found.state,
        reasons=list(found.reasons),
        received_at=found.received_at,
        closed_at=found.closed_at,
        verdict=found.verdict,
        settled=found.state in _SETTLED,
    )


def _report(request: HttpRequest, report: str) -> ReportDetail:
    found = queries.report(report, actor=actor_in(request)) if _ID.fullmatch(report) else None
    if found is None:
        raise NotFound("no report")
    return found


def _item(row: ReportRow) -> ReportItem:
    return ReportItem(
        id=row.id,
        finder=row.finder,
        received_at=row.received_at,
        name=row.name,
        kind=row.kind,
        title=row.title,
        state=row.state,
        reasons=list(row.reasons),
        verdict=row.verdict,
        grade=row.grade,
        case=row.case_id,
    )
