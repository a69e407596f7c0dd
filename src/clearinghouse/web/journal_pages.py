"""The journal as pages: the newest entries, one chain from its first, and, for everybody, the seals over all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from clearinghouse.cases import journals
from clearinghouse.core.visibility import Action, can
from clearinghouse.journal import seals as sealed
from clearinghouse.web.answers import actor_of, html, one_page

if TYPE_CHECKING:
    from django.http import HttpRequest

NEWEST = 100
_LARGEST = 2**31 - 1  # a number of a seal that every database can look up


@require_safe
def newest(request: HttpRequest) -> HttpResponse:
    """What was decided last, over all chains, newest first."""
    actor = actor_of(request)
    if not can(actor, Action.READ_SYSTEM_JOURNAL):
        raise Http404
    entries = tuple(reversed(journals.latest(NEWEST, actor=actor)))
    return html(request, "journal.html", here="journal", entries=entries, chain="", page=None)


@require_safe
def chain(request: HttpRequest, chain: str) -> HttpResponse:
    """One chain in order: a report's, a proof's, a case's, or the system's."""
    entries = journals.entries(chain, actor=actor_of(request))
    if not entries:
        raise Http404
    page = one_page(request, entries)
    return html(request, "journal.html", here="journal", entries=page.rows, chain=chain, page=page)


@require_safe
def seals(request: HttpRequest) -> HttpResponse:
    """The newest seals, for everybody: hashes and two counts, nothing of any entry. `?before=N` gives those below N."""
    asked = request.GET.get("before", "")
    before = min(int(asked), _LARGEST) if asked.isascii() and asked.isdigit() and len(asked) < len(str(2**63)) else None
    found = sealed.newest(NEWEST, before)
    older = found[0].head.number if found and found[0].head.number > 1 else None
    return JsonResponse({"seals": [one.as_json() for one in found], "before": older})


@require_safe
def seal(request: HttpRequest, number: int) -> HttpResponse:
    """One published seal, byte for byte as its file holds it."""
    del request
    found = sealed.published(number) if number <= _LARGEST else None
    if found is None:
        raise Http404
    return HttpResponse(found.content, content_type="application/json")
