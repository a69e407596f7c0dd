"""How often a client may ask: by token where there is one, else by address; the counts hold over processes."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from django.utils.crypto import salted_hmac

from clearinghouse.api.errors import RateLimited
from clearinghouse.bootstrap import wiring
from clearinghouse.traffic import services as traffic

if TYPE_CHECKING:
    from django.http import HttpRequest

WINDOW = 60  # seconds


def count_token(request: HttpRequest, digest: str) -> None:
    """Count a request of a valid token. Raises RateLimited above the operator's limit."""
    _count(request, f"token:{digest}", wiring.settings().api_token_limit)


def count_address(request: HttpRequest) -> None:
    """Count a request without a valid token. Raises RateLimited above the operator's limit."""
    network = _network(_sender(request))
    hidden = salted_hmac("clearinghouse.api.limits", network, algorithm="sha256").hexdigest()
    _count(request, f"address:{hidden}", wiring.settings().api_address_limit)


def count_report(request: HttpRequest, owner: str) -> None:
    """Count one more report of a sender. Raises RateLimited above the operator's limit."""
    hidden = salted_hmac("clearinghouse.api.limits", owner, algorithm="sha256").hexdigest()
    _count(request, f"reports:{hidden}", wiring.settings().api_report_limit)


def _count(request: HttpRequest, client: str, limit: int) -> None:
    found = traffic.allow(client, limit=limit, window=WINDOW, at=wiring.clock())
    headers = {
        "RateLimit-Policy": f'"default";q={found.limit};w={found.window}',
        "RateLimit": f'"default";r={found.remaining};t={found.reset}',
    }
    request.rate_limit = headers  # type: ignore[attr-defined]  # the middleware adds them to the answer
    if not found.allowed:
        raise RateLimited(
            f"more than {found.limit} requests in {found.window} seconds",
            advice=f"wait {found.reset} seconds",
            headers={"Retry-After": str(found.reset)},
        )


def _sender(request: HttpRequest) -> str:
    """The address that the outermost trusted proxy was asked from; without such proxies, the connection's own.

    Each proxy adds to the end of X-Forwarded-For, so what stands further left is what anybody may have written there.
    """
    proxies = wiring.settings().proxies
    passed = request.headers.get("X-Forwarded-For", "").split(",")
    if proxies and len(passed) >= proxies:
        return passed[-proxies].strip()
    return str(request.META.get("REMOTE_ADDR", ""))


def _network(address: str) -> str:
    """What one sender is likely to hold: an IPv4 address, the /64 of an IPv6 one."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return ""
    if found.version == 6:  # noqa: PLR2004
        return str(found.ipv4_mapped or ipaddress.ip_network((found, 64), strict=False))
    return str(found)
