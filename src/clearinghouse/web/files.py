"""Answers that are no record of a room: our own style sheet, logs, attestations, health, and what went wrong."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

from django.http import Http404, HttpResponse
from django.views.decorators.http import require_safe

from clearinghouse.proofs import queries
from clearinghouse.web.answers import actor_of, html

if TYPE_CHECKING:
    from django.http import HttpRequest

_TYPES = {
    "clearinghouse.css": "text/css; charset=utf-8",
    "icon.svg": "image/svg+xml",
    "passkeys.js": "text/javascript; charset=utf-8",
}


@cache
def _content(name: str) -> bytes:
    return resources.files("clearinghouse.web").joinpath("static", name).read_bytes()


@require_safe
def static(_request: HttpRequest, name: str) -> HttpResponse:
    """One of our own few files; there is no way to name any other."""
    if name not in _TYPES:
        raise Http404
    response = HttpResponse(_content(name), content_type=_TYPES[name])
    response.headers["Cache-Control"] = "no-cache"
    return response


@require_safe
def health(_request: HttpRequest) -> HttpResponse:
    """Says that the server answers."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@require_safe
def log_page(request: HttpRequest, digest: str) -> HttpResponse:
    """The captured output of one run, as numbered lines of plain text."""
    lines = _log(request, digest).split("\n")
    return html(request, "log.html", here="cases", digest=digest, lines=lines)


@require_safe
def log_raw(request: HttpRequest, digest: str) -> HttpResponse:
    """The same as text and nothing else."""
    return HttpResponse(_log(request, digest), content_type="text/plain; charset=utf-8")


def _log(request: HttpRequest, digest: str) -> str:
    text = queries.log_text(digest, actor=actor_of(request))
    if text is None:
        raise Http404
    return text


@require_safe
def attestation(request: HttpRequest, bundle_id: str) -> HttpResponse:
    """The signed statement of a verdict, byte for byte, to be saved."""
    content = queries.attestation(bundle_id, actor=actor_of(request))
    if content is None:
        raise Http404
    response = HttpResponse(content, content_type="application/vnd.dsse.envelope.v1+json")
    response.headers["Content-Disposition"] = f'attachment; filename="{bundle_id}.intoto.json"'
    return response


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """One page for what does not exist and for what may not be seen."""
    del exception
    return html(request, "not_found.html", status=404)


def bad_request(_request: HttpRequest, exception: Exception) -> HttpResponse:
    """A request that makes no sense here, such as one under a host name that is not served."""
    del exception
    text = "Bad request. If this is your server, name its host in CLEARINGHOUSE_ALLOWED_HOSTS.\n"
    return HttpResponse(text, status=400, content_type="text/plain; charset=utf-8")


def failed(_request: HttpRequest) -> HttpResponse:
    """An error of ours: the diagnostics are on the server's standard error, none of them here."""
    text = "Something failed here. The server's diagnostics say what.\n"
    return HttpResponse(text, status=500, content_type="text/plain; charset=utf-8")
