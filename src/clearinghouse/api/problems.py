"""Errors as problem documents (RFC 9457): one shape for every error, with our code and what to do.

What does not exist and what may not be seen is one constant answer: nothing in it depends on the request.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import structlog
from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpResponse, UnreadablePostError
from ninja.errors import HttpError, ValidationError

from clearinghouse.api.errors import (
    BrokenOff,
    InvalidFields,
    MethodNotAllowed,
    OutOfScope,
    RequestError,
    TooLarge,
    Unauthenticated,
)
from clearinghouse.core.errors import (
    ClearinghouseError,
    Conflict,
    IntegrityError,
    InvalidBundle,
    NotFound,
    Refused,
    Unavailable,
)
from clearinghouse.traffic.errors import InProgress

if TYPE_CHECKING:
    from django.http import HttpRequest
    from ninja import NinjaAPI

CONTENT_TYPE = "application/problem+json"
DOCS = "/api/docs"

# The first class that fits says the status; anything else of ours is something wrong with what was sent.
_STATUS: tuple[tuple[type[ClearinghouseError], int], ...] = (
    (Unauthenticated, 401),
    (OutOfScope, 403),
    (NotFound, 404),
    (Refused, 403),
    (Conflict, 409),
    (Unavailable, 503),
    (IntegrityError, 500),
)
_TITLES = {
    400: "Bad request",
    401: "Not authenticated",
    403: "Refused",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    412: "Precondition failed",
    413: "Too large",
    415: "Unsupported media type",
    422: "Cannot be accepted",
    429: "Too many requests",
    500: "Internal error",
    503: "Unavailable",
}
log = structlog.get_logger(__name__)


def status_of(error: ClearinghouseError) -> int:
    """The HTTP status of an error of ours."""
    if isinstance(error, RequestError):
        return error.status
    return next((status for kind, status in _STATUS if isinstance(error, kind)), 422)


def problem(
    status: int, code: str, detail: str, *, advice: str = "", headers: dict[str, str] | None = None, **more: Any
) -> HttpResponse:
    """A problem document as an answer."""
    document = {
        "type": f"{DOCS}#{code}",
        "title": _TITLES.get(status, "Error"),
        "status": status,
        "code": code,
        "detail": detail,
        "advice": advice,
        **more,
    }
    content = json.dumps(document, ensure_ascii=False, indent=2) + "\n"
    return HttpResponse(content, status=status, content_type=CONTENT_TYPE, headers=headers)


def not_found() -> HttpResponse:
    """The one answer for what is not there and for what may not be seen."""
    advice = "check the address, and that your token may see it"
    return problem(404, NotFound.code, "there is no such thing, or none that you may see", advice=advice)


def failed() -> HttpResponse:
    """An error of ours: its details are in the server's diagnostics, none of them here."""
    return problem(500, "error", "something failed here", advice="the server's diagnostics say what; try again later")


def of(error: ClearinghouseError) -> HttpResponse:
    """An error of ours as a problem document."""
    status = status_of(error)
    if status == 404:  # noqa: PLR2004
        return not_found()
    if status == 500:  # noqa: PLR2004
        log.error("stored data contradicts itself", error=str(error))
        return failed()
    more: dict[str, Any] = {}
    if isinstance(error, InvalidFields):
        more["fields"] = [{"at": place, "message": words} for place, words in error.fields]
    if isinstance(error, InvalidBundle):
        more["problems"] = list(error.problems)
    headers = dict(getattr(error, "headers", {}))
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="clearinghouse"'
    if isinstance(error, OutOfScope):
        headers["WWW-Authenticate"] = 'Bearer realm="clearinghouse", error="insufficient_scope"'
    if isinstance(error, InProgress):
        headers["Retry-After"] = str(error.retry_after)
    return problem(status, error.code, error.message, advice=error.advice, headers=headers, **more)


def of_status(response: HttpResponse) -> HttpResponse:
    """An error that something before the API answered, in the API's own shape."""
    status = response.status_code
    if status == 404:  # noqa: PLR2004
        return not_found()
    if status == 405:  # noqa: PLR2004
        allowed = response.headers.get("Allow", "")
        words = "there is no such method at this address"
        return of(MethodNotAllowed(words, advice=f"allowed: {allowed}", headers={"Allow": allowed}))
    if status >= 500:  # noqa: PLR2004
        return failed()
    title = _TITLES.get(status, "the request cannot be answered as it is").lower()
    advice = "check the request against the description of the API"
    return problem(status, TooLarge.code if status == TooLarge.status else RequestError.code, title, advice=advice)


def register(api: NinjaAPI) -> None:
    """Have the API answer each error in this shape."""

    def ours(_request: HttpRequest, error: Any) -> HttpResponse:
        return of(error)

    def fields(_request: HttpRequest, error: Any) -> HttpResponse:
        return of(InvalidFields(fields_of(error)))

    def broken_off(_request: HttpRequest, _error: Any) -> HttpResponse:
        return of(BrokenOff())

    def too_big(_request: HttpRequest, _error: Any) -> HttpResponse:
        return of(TooLarge("the body is larger than anything that is taken here", advice="send less"))

    api.add_exception_handler(ClearinghouseError, ours)
    api.add_exception_handler(Http404, lambda _request, _error: not_found())
    api.add_exception_handler(ValidationError, fields)
    api.add_exception_handler(HttpError, _http_error)
    api.add_exception_handler(UnreadablePostError, broken_off)
    api.add_exception_handler(RequestDataTooBig, too_big)
    api.add_exception_handler(Exception, _unexpected)


def fields_of(error: ValidationError) -> tuple[tuple[str, str], ...]:
    """Each fault with its place, as ("body.title", "should have at most 200 characters"); never what was sent."""
    return tuple(
        (".".join(str(part) for part in _place(fault["loc"])), str(fault["msg"])[:200]) for fault in error.errors[:50]
    )


def _place(parts: tuple[Any, ...]) -> tuple[Any, ...]:
    """The place of a fault without the name that only our own code knows a body by."""
    return (parts[0], *parts[2:]) if parts[:2] == ("body", "sent") else parts


def _http_error(_request: HttpRequest, error: Any) -> HttpResponse:
    cause = error.__cause__
    if isinstance(cause, ClearinghouseError):  # our parser's own words
        return of(cause)
    return of_status(HttpResponse(status=error.status_code))


def _unexpected(_request: HttpRequest, error: Any) -> HttpResponse:
    log.error("an answer of the API failed", exc_info=error)
    return failed()
