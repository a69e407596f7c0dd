"""Takes public ids out of texts: an agent that may have read advisories should not be told which one to remember."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_IDS = re.compile(
    r"\b(?:CVE-\d{4}-\d{4,}|GHSA(?:-[0-9a-z]{4}){3}|PYSEC-\d{4}-\d+|OSV-\d{4}-\d+|SNYK-[A-Z]+-[A-Z0-9-]+)\b",
    re.IGNORECASE,
)
MASK = "(an id)"


def ids_in(text: str) -> list[str]:
    """The ids of advisories that a text holds, in their order."""
    return _IDS.findall(text)


def masked(text: str, ids: Iterable[str] = ()) -> str:
    """The text without ids of advisories: those of known forms, and these."""
    for item in ids:
        text = re.sub(re.escape(item), MASK, text, flags=re.IGNORECASE)
    return _IDS.sub(MASK, text)
