"""How things are named: case ids a person can say aloud, report ids that tell nothing before publication."""

from __future__ import annotations

import base64
import hashlib
import re

CASE_ID = re.compile(r"CLH-(?P<year>[0-9]{4})-(?P<number>[0-9]{5,})")


def case_id(year: int, number: int) -> str:
    """The id of the `number`th case of `year`, as "CLH-2026-00001"."""
    return f"CLH-{year:04d}-{number:05d}"


def report_id(finder: str, sha256: str) -> str:
    """The id of what `finder` sent, as "R-7k2mq4v1ab": the same bytes from the same finder give the same id."""
    digest = hashlib.sha256(f"{finder}\0{sha256}".encode()).digest()
    return "R-" + base64.b32encode(digest).decode()[:12].lower()


def advisory_id(case: str) -> str:
    """The OSV id of a case's advisory; `x_` marks a database that is not registered with OSV."""
    return f"x_{case}"
