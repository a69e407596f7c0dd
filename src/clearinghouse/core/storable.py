"""What every database can keep: text from outside without NUL and half characters, cut to what a column holds."""

from __future__ import annotations

import re
from typing import Any, TypeVar

_T = TypeVar("_T")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # PostgreSQL keeps no NUL, and UTF-8 has no lone surrogates
_SHOWN = "\N{REPLACEMENT CHARACTER}"


def storable(text: str, limit: int | None = None) -> str:
    """The text with U+FFFD for what cannot be kept, and at most `limit` characters of it."""
    return _UNSTORABLE.sub(_SHOWN, text)[:limit]


def storable_json(value: _T) -> _T:
    """The JSON value with every text in it made storable, names of members included; tuples become lists."""
    return _storable(value)  # type: ignore[no-any-return]


def _storable(value: Any) -> Any:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {_storable(key): _storable(member) for key, member in value.items()}
    return [_storable(member) for member in value] if isinstance(value, list | tuple) else value
