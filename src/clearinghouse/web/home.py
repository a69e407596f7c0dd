"""The home page: the funnel, the headline figure, and what is most urgent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.views.decorators.http import require_safe

from clearinghouse.cases import figures, queries
from clearinghouse.core.report import ReportState
from clearinghouse.web.answers import actor_of, html
from clearinghouse.web.funnel import draw

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

MOST_URGENT = 8


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The figures of the whole house, and the cases to look at first."""
    funnel = figures.funnel(actor=actor_of(request))
    drawing = draw(
        reports=funnel.reports,
        proofs=funnel.proofs,
        runs=funnel.runs,
        proven=funnel.proven,
        cases=funnel.cases,
        published=funnel.published,
    )
    cases = queries.cases(actor=actor_of(request))
    return html(
        request,
        "home.html",
        here="home",
        funnel=funnel,
        drawing=drawing,
        cases=cases[:MOST_URGENT],
        all_cases=len(cases),
        returned=funnel.by_state.get(ReportState.RETURNED, 0),
        parked=funnel.by_state.get(ReportState.PARKED, 0),
    )
