"""The journal as pages: the newest entries, and one chain from its first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404
from django.views.decorators.http import require_safe

from clearinghouse.cases import journals
from clearinghouse.core.visibility import Action, can
from clearinghouse.web.answers import actor_of, html, one_page

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

NEWEST = 100


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
