"""What holds for every answer of the API: its shape in errors, its tag, its limits, and nothing for browsers to use."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from clearinghouse.api import problems

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

    Answer = Callable[[HttpRequest], HttpResponse]

PREFIX = "/api/v1/"


def shape(get_response: Answer) -> Answer:
    """Middleware, outside of all that may fail: below PREFIX errors are problem documents, and GET answers have tags.

    HEAD is answered as GET is; the server leaves the body out. Cookies are neither read nor set.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(PREFIX):
            return get_response(request)
        if request.method == "HEAD":
            request.method = "GET"
        response = get_response(request)
        if response.status_code >= 400 and response.headers.get("Content-Type") != problems.CONTENT_TYPE:  # noqa: PLR2004
            response = problems.of_status(response)
        response.cookies.clear()
        response.headers["Vary"] = "Authorization"
        if response.status_code == 404:  # noqa: PLR2004  # the same for all, whoever asks and however often
            return response
        for name, value in getattr(request, "rate_limit", {}).items():
            response.headers[name] = value
        if request.method == "GET" and response.status_code == 200:  # noqa: PLR2004
            _tag(request, response)
        return response

    return middleware


def tag_of(content: bytes) -> str:
    """The strong entity tag of these bytes."""
    return f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def names(header: str, tag: str) -> bool:
    """Whether a list of entity tags, as in If-Match, names this one or any."""
    listed = {part.strip() for part in header.split(",")}
    return "*" in listed or tag in listed


def _tag(request: HttpRequest, response: HttpResponse) -> None:
    """Tag the answer; leave its body out when the client has it already."""
    tag = tag_of(response.content)
    response.headers["ETag"] = tag
    asked = request.headers.get("If-None-Match", "")
    if asked and names(asked.replace("W/", ""), tag):
        response.status_code = 304
        response.content = b""
        del response.headers["Content-Type"]
