"""Cases as pages, and under the same address as JSON and OSV."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from clearinghouse.advisories import queries as advisories
from clearinghouse.bootstrap import wiring
from clearinghouse.cases import queries, services
from clearinghouse.cases.coordination import coordination
from clearinghouse.core.errors import ClearinghouseError, NotFound
from clearinghouse.web.answers import actor_of, as_json, html, one_page
from clearinghouse.web.why import explain, shown_runs

if TYPE_CHECKING:
    from django.http import HttpRequest

    from clearinghouse.cases.views import CaseDetail, CaseRow, Invitation

MAX_SEARCH = 200  # characters of a search that are looked at


@require_safe
def case_list(request: HttpRequest) -> HttpResponse:
    """The cases, most urgent first; `?q=` keeps those that hold every word in an id, alias, package or title."""
    asked = " ".join(request.GET.get("q", "")[:MAX_SEARCH].split())
    actor = actor_of(request)
    rows = queries.cases(actor=actor)
    found = [row for row in rows if _holds(row, asked.casefold().split())]
    query = urlencode({"q": asked}) if asked else ""
    page = one_page(request, found)
    return html(
        request,
        "cases.html",
        here="cases",
        page=page,
        asked=asked,
        query=query,
        total=len(rows),
        invitations=queries.invitations(actor=actor),
    )


def _holds(row: CaseRow, words: list[str]) -> bool:
    texts = (row.id, row.package, row.title, row.function or "", row.oracle, *row.aliases, *row.weakness, *row.finders)
    text = "\n".join(texts).casefold()
    return all(word in text for word in words)


@require_safe
def case_page(request: HttpRequest, case_id: str) -> HttpResponse:
    """Of one case what the reader may see; of one it is invited to, the invitation."""
    invitation = queries.invitation(case_id, actor=actor_of(request))
    if invitation is not None:
        return _invitation(request, invitation)
    case = _case(request, case_id)
    around = coordination(case_id, actor=actor_of(request))
    return html(
        request,
        "case.html",
        around=around,
        management=dict(around.management) if around else {},
        here="cases",
        case=case,
        row=case.row,
        why=explain(case),
        runs=shown_runs(case.proofs),
        published=advisories.advisory(case.row.id) if case.advisory_id else None,
    )


@require_POST
def answer_invitation(request: HttpRequest, case_id: str) -> HttpResponse:
    """Sign the embargo of a case that the reader is invited to (`answer=yes`), or decline it; then show the case."""
    actor = actor_of(request)
    invitation = queries.invitation(case_id, actor=actor)
    if invitation is None:
        raise Http404
    answer = request.POST.get("answer")
    if answer not in {"yes", "no"}:
        return _invitation(request, invitation, error="Choose one of the two answers.")
    try:
        services.answer_invitation(case_id, yes=answer == "yes", actor=actor, at=wiring.clock())
    except NotFound:
        raise Http404 from None
    except ClearinghouseError as error:
        return _invitation(request, invitation, error=str(error))
    return HttpResponseRedirect(reverse("case", args=[case_id]))


def _invitation(request: HttpRequest, invitation: Invitation, error: str = "") -> HttpResponse:
    return html(
        request,
        "invitation.html",
        status=409 if error else 200,
        here="cases",
        invitation=invitation,
        error=error,
        csrf_token=get_token(request),
    )


@require_safe
def case_json(request: HttpRequest, case_id: str) -> HttpResponse:
    """The same as JSON."""
    return as_json(_case(request, case_id))


@require_safe
def case_osv(_request: HttpRequest, case_id: str) -> HttpResponse:
    """The published OSV record, as written; there is none before publication."""
    found = advisories.advisory(case_id)
    if found is None:
        raise Http404
    text = json.dumps(found.document, indent=2, ensure_ascii=False) + "\n"
    return HttpResponse(text, content_type="application/json")


def _case(request: HttpRequest, case_id: str) -> CaseDetail:
    found = queries.case(case_id, actor=actor_of(request))
    if found is None:
        raise Http404
    return found
