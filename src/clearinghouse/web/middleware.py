"""What holds for every page: who is looking, and what a browser may do with the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clearinghouse.web.viewer import actor_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

    Answer = Callable[[HttpRequest], HttpResponse]

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; script-src 'none'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # without any, browsers send forms with an origin that nobody can check
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cache-Control": "no-store",  # much of what coordinators read is not public yet
}


def headers(get_response: Answer) -> Answer:
    """Middleware, outermost: every answer carries HEADERS, errors too; a view may set its own value for one."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        response.headers["Content-Length"] = str(len(response.content))
        return response

    return middleware


def actor(get_response: Answer) -> Answer:
    """Middleware: a host name that is not ours is refused, and `request.actor` says on whose behalf the rest is done.

    It comes after whatever says who signed in.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        request.get_host()  # raises DisallowedHost, which Django answers with 400
        request.actor = actor_of(request)  # type: ignore[attr-defined]
        return get_response(request)

    return middleware
