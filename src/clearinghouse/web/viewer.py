"""Decides on whose behalf a page is shown: who sits at this very machine, who signed in, else the public."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from clearinghouse.core import visibility
from clearinghouse.registry import queries

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest

    from clearinghouse.core.visibility import Actor

LOCAL = (
    "clearinghouse.local"  # the server sets it to true in each request's environment when it listens on loopback only
)

# Any of these says that the request came through something else, so that its address is not its sender's.
_FORWARDED = ("HTTP_FORWARDED", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST", "HTTP_X_REAL_IP", "HTTP_VIA")
_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})


def actor_of(request: HttpRequest) -> Actor:
    """On whose behalf a request is made."""
    if is_local(request.META):
        return visibility.LOCAL
    person = getattr(request, "user", None)
    return queries.actor_of(person) if person is not None and person.is_authenticated else visibility.PUBLIC


def is_local(environment: Mapping[str, Any]) -> bool:
    """Single-user local mode holds for one request, only when everything agrees that nobody else can be asking.

    The server must listen on loopback only, the sender's address must be loopback, the page must be asked for under a
    loopback name (else a page elsewhere could read it through a name of its own), and nothing may have passed it on.
    """
    return (
        environment.get(LOCAL) is True
        and _is_loopback(str(environment.get("REMOTE_ADDR", "")))
        and _name(str(environment.get("HTTP_HOST", ""))) in _LOCAL_NAMES
        and not any(key in environment for key in _FORWARDED)
    )


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _name(host: str) -> str:
    """A Host header without its port, in small letters."""
    if host.startswith("["):
        return host.partition("]")[0].lower() + "]"
    return host.partition(":")[0].lower()
