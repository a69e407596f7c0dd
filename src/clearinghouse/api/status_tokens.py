"""The key to where one report stands, and to nothing else: handed out with the receipt, needs no account.

It is derived from the server's secret and the report's id, so the same report always has the same one and none is
stored.
"""

from __future__ import annotations

import base64
import hmac

from django.utils.crypto import salted_hmac

_PREFIX = "chs_"


def token_of(report: str) -> str:
    """The status token of a report."""
    return f"{_PREFIX}{report}_{_mac(report)}"


def report_in(token: str) -> str | None:
    """The report that a status token is for; None for one that we did not make."""
    report, _, mac = token.removeprefix(_PREFIX).rpartition("_")
    made_here = token.startswith(_PREFIX) and hmac.compare_digest(mac.encode(), _mac(report).encode())
    return report if made_here else None


def _mac(report: str) -> str:
    digest = salted_hmac("clearinghouse.api.status", report, algorithm="sha256").digest()
    return base64.b32encode(digest).decode().rstrip("=").lower()[:40]
