"""Writes JSON-like values as TOML: for documents that are made from data, where a person's layout need not be kept."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_LONE = re.compile(r"[\ud800-\udfff]")


def toml_text(document: Mapping[str, Any]) -> str:
    """A TOML document of texts, numbers, truth values, lists and tables. Raises ValueError on anything else."""
    return "\n".join(_table(document, ())).strip("\n") + "\n"


def toml_value(value: Any) -> str:  # one return for each kind of value
    """One value, tables inline. Raises ValueError on what TOML has no word for."""
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _text(value)
        case int():
            return str(value)
        case float() if math.isfinite(value):
            return repr(value)
        case list() | tuple():
            return f"[{', '.join(toml_value(item) for item in value)}]"
        case dict():
            members = (f"{_key(key)} = {toml_value(item)}" for key, item in value.items())
            return f"{{ {', '.join(members)} }}" if value else "{}"
    raise ValueError(f"TOML has no word for {type(value).__name__} {value!r:.40}")


def _table(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    inner = {key: value for key, value in table.items() if isinstance(value, dict)}
    lists = {key: value for key, value in table.items() if _is_tables(value)}
    for key, value in table.items():
        if key not in inner and key not in lists:
            yield f"{_key(key)} = {toml_value(value)}"
    for key, value in inner.items():
        name = (*path, key)
        yield from ("", f"[{'.'.join(map(_key, name))}]", *_table(value, name))
    for key, items in lists.items():
        name = (*path, key)
        for item in items:
            yield from ("", f"[[{'.'.join(map(_key, name))}]]")
            yield from (f"{_key(inner_key)} = {toml_value(value)}" for inner_key, value in item.items())


def _is_tables(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(item, dict) for item in value)


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _text(key)


def _text(value: str) -> str:
    if _LONE.search(value):
        raise ValueError("a text holds half of a surrogate pair, which is no character")
    # JSON's escapes are TOML's, but for those of what lies beyond the basic plane; so such characters stay themselves.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
