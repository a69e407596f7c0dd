"""Looks for credentials in what is about to be stored: whatever holds one is not stored."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clearinghouse.evaluation.engine.orders import Credentials

_SHORTEST = 6  # a shorter key would be found in anything


def needles(credentials: Credentials) -> tuple[bytes, ...]:
    """What must not be found: the key and the address, also as JSON spells them, and the address's host."""
    host = urlsplit(credentials.url).netloc
    words = [credentials.key, credentials.url, credentials.url.rstrip("/"), host]
    return tuple(
        {spelt.encode() for word in words if len(word) >= _SHORTEST for spelt in (word, json.dumps(word)[1:-1])}
    )


def holds_any(parts: Iterable[bytes], credentials: Credentials) -> bool:
    """Whether any part holds a credential."""
    wanted = needles(credentials)
    return any(needle in part for part in parts for needle in wanted)
