"""How commands speak: data on stdout (a table, or JSON lines), words on stderr, colour only where it is wanted."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
from datetime import datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence


_IDS = {"report", "case"}


def say(words: str) -> None:
    """Words for a person, on stderr."""
    print(words, file=sys.stderr, flush=True)  # noqa: T201


def put(value: Any) -> None:
    """One JSON value on one line of stdout."""
    print(json.dumps(plain(value), ensure_ascii=False), flush=True)  # noqa: T201


def put_line(text: str) -> None:
    """One line of text on stdout, without control characters: much of it comes from strangers."""
    print(clean(text))  # noqa: T201


def clean(text: str) -> str:
    """The text without anything that could move a terminal's cursor or change its colours."""
    return "".join(c if c.isprintable() else "�" for c in text)


def plain(value: Any) -> Any:  # noqa: PLR0911  # one return for each kind of value
    """A value of ours as JSON values: dataclasses as objects, instants as RFC 3339, sets sorted."""
    match value:
        case Enum():
            return value.value
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case Path():
            return str(value)
        case dict():
            return {str(plain(key)): plain(member) for key, member in value.items()}
        case set() | frozenset():
            return sorted(plain(member) for member in value)
        case list() | tuple():
            return [plain(member) for member in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return value


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table on stdout. Cells are text, never markup."""
    from rich import box  # noqa: PLC0415  # --json and --help need none of it
    from rich.console import Console  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        shown.add_column(heading, overflow="fold", no_wrap=heading in _IDS)
    for row in rows:
        shown.add_row(*(Text(clean(cell)) for cell in row))
    Console(no_color=True if os.environ.get("NO_COLOR") else None).print(shown)
