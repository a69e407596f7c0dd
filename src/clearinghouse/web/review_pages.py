"""Model reviews as pages: those that the reader takes part in, and of one what its part lets it see and do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.middleware.csrf import get_token
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from clearinghouse.bootstrap import wiring
from clearinghouse.core.errors import ClearinghouseError, Conflict, InvalidInput, NotFound
from clearinghouse.core.review.window import LONGEST
from clearinghouse.formats import review_page as report_as_page
from clearinghouse.formats.review_file import read_file
from clearinghouse.reviews import queries
from clearinghouse.web.answers import actor_of, html, one_page
from clearinghouse.web.review_forms import filled, offered, take

if TYPE_CHECKING:
    from datetime import datetime

    from django.http import HttpRequest

    from clearinghouse.reviews.queries import ReviewView

_ALONE = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_KEY = re.compile(r"[0-9a-f]{32}")


@require_safe
def review_list(request: HttpRequest) -> HttpResponse:
    """The reviews that the reader takes part in, or that the house holds, newest first."""
    rows = queries.page(actor=actor_of(request))
    return html(request, "reviews.html", here="reviews", page=one_page(request, rows[::-1]))


@require_safe
def review_page(request: HttpRequest, review: str) -> HttpResponse:
    """Of one review what the reader's part in it shows, with the forms for what it may do now."""
    return _shown(request, _found(request, review))


@require_POST
def take_step(request: HttpRequest, review: str) -> HttpResponse:
    """Do what one of the page's forms asks for, then show the page; what is not offered now is said there."""
    view, at = _found(request, review), wiring.clock()
    step, actor = request.POST.get("step", ""), actor_of(request)
    if step not in {form.step for form in offered(view, queries.next_steps(view.row.key, actor=actor, at=at))}:
        return _shown(
            request, view, step=step, error="That is not open to you now. The page shows what is.", status=409
        )
    try:
        take(view, step, request.POST, actor=actor, at=at)
    except NotFound:
        raise Http404 from None
    except ClearinghouseError as error:
        return _shown(request, view, step=step, error=str(error), status=409 if isinstance(error, Conflict) else 400)
    return HttpResponseRedirect(reverse("review", args=[view.row.key]))


@require_safe
def report_json(request: HttpRequest, review: str) -> HttpResponse:
    """The report as it was handed in, byte for byte: what its digest is of."""
    text = _found(request, review).report
    if not text:
        raise Http404
    return HttpResponse(text, content_type="application/json")


@require_safe
def report_page(request: HttpRequest, review: str) -> HttpResponse:
    """The report drawn as a page, where it is of the form that this house writes."""
    text = _found(request, review).report
    try:
        found = read_file(text.encode())
    except InvalidInput:
        raise Http404 from None
    # The page brings its style along, and needs nothing else.
    return HttpResponse(report_as_page.page(found.report), headers={"Content-Security-Policy": _ALONE})


@require_safe
def receipt_json(request: HttpRequest, review: str) -> HttpResponse:
    """The signed receipt of what was destroyed."""
    content = _found(request, review).receipt
    if not content:
        raise Http404
    return HttpResponse(content, content_type="application/json")


def _found(request: HttpRequest, review: str) -> ReviewView:
    """The review; what is none, and what the reader has no part in, are one."""
    found = queries.review(review, actor=actor_of(request)) if _KEY.fullmatch(review) else None
    if found is None:
        raise Http404
    return found


def _shown(
    request: HttpRequest, view: ReviewView, *, step: str = "", error: str = "", status: int = 200
) -> HttpResponse:
    """The page of a review, with the error at the form that it belongs to."""
    steps = queries.next_steps(view.row.key, actor=actor_of(request), at=wiring.clock())
    forms = offered(view, steps)
    if error:
        forms = filled(forms, step, request.POST)
    return html(
        request,
        "review.html",
        status=status,
        here="reviews",
        view=view,
        row=view.row,
        forms=forms,
        step=step,
        error=error,
        astray=error if step not in {form.step for form in forms} else "",
        ends=_ends(view),
        terms=queries.terms_now(),
        drawn=_drawn(view.report),
        csrf_token=get_token(request) if forms else "",
    )


def _ends(view: ReviewView) -> tuple[tuple[str, datetime, bool], ...]:
    """What could end the window: why, when, and whether it is this that does."""
    if view.submission is None or view.row.opens_at is None:
        return ()
    dates = (
        ("30 days after it opens", view.row.opens_at + LONGEST),
        ("the planned release to trusted partners", view.submission.partners_at),
        ("the planned release to the public", view.submission.public_at),
    )
    return tuple((words, date, date == view.row.closes_at) for words, date in dates if date is not None)


def _drawn(report: str) -> bool:
    """Whether the report can be shown as a page."""
    try:
        read_file(report.encode())
    except InvalidInput:
        return False
    return True
