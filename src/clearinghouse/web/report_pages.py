"""Reports as pages: all of them, by state, and one with the reasons for where it stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404
from django.views.decorators.http import require_safe

from clearinghouse.core.report import ReportState
from clearinghouse.core.visibility import Action, can
from clearinghouse.intake import queries
from clearinghouse.web.answers import actor_of, as_json, html, one_page
from clearinghouse.web.words import answer_to

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from clearinghouse.intake.queries import ReportDetail


@require_safe
def report_list(request: HttpRequest) -> HttpResponse:
    """All reports in order of arrival, or those of `?state=`; what is no state shows all."""
    actor = actor_of(request)
    if not actor.parties and not can(actor, Action.READ_REPORT):
        raise Http404
    asked = request.GET.get("state", "")
    state = ReportState(asked) if asked in set(ReportState) else None
    counts = queries.count_by_state(actor)
    page = one_page(request, queries.reports(actor=actor, state=state))
    return html(
        request,
        "reports.html",
        here="reports",
        page=page,
        state=state,
        total=sum(counts.values()),
        states=[(known, counts[known]) for known in ReportState if known in counts],
        query=f"state={state}" if state else "",
    )


@require_safe
def report_page(request: HttpRequest, report_id: str) -> HttpResponse:
    """One report: what it claims, where it stands and why, what to do next, and what running its proof gave."""
    report = _report(request, report_id)
    meaning, remedy = answer_to(report.row.state, report.row.verdict)
    proofs = (report.proof,) if report.proof else ()
    return html(request, "report.html", here="reports", report=report, meaning=meaning, remedy=remedy, proofs=proofs)


@require_safe
def report_json(request: HttpRequest, report_id: str) -> HttpResponse:
    """The same as JSON."""
    return as_json(_report(request, report_id))


def _report(request: HttpRequest, report_id: str) -> ReportDetail:
    found = queries.report(report_id, actor=actor_of(request))
    if found is None:
        raise Http404
    return found
