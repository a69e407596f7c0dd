"""Finds the line of a key in a TOML text, so that an error can name it. Parsing itself is the standard library's."""

from __future__ import annotations

import re

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(r"""^\s*([A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*[A-Za-z0-9_-]+)*\s*=""")


def _open_brackets(line: str) -> int:
    """How many more brackets a line opens than it closes, outside one-line strings and comments."""
    bare = re.sub(r'"(?:\\.|[^"\\])*"|\'[^\']*\'', "", line)
    bare = bare.split("#", 1)[0]
    return bare.count("[") + bare.count("{") - bare.count("]") - bare.count("}")


def key_lines(text: str) -> dict[tuple[str | int, ...], int]:
    """Map each table and each of its direct keys to its 1-based line; array tables carry their index.

    `[[run.step]]` with `call = …` inside gives ("run", "step", 0) and ("run", "step", 0, "call"). Only top-level layout is
    looked at: keys of inline tables are found under the line of the key that holds them (see `line_of`).
    """
    places: dict[tuple[str | int, ...], int] = {}
    counts: dict[tuple[str, ...], int] = {}
    table: tuple[str | int, ...] = ()
    depth = 0
    fence = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if fence:
            if fence in line:
                fence = ""
            continue
        if depth <= 0:
            depth = 0
            header = _HEADER.match(line)
            if header:
                name = tuple(part.strip().strip("\"'") for part in header[2].split("."))
                table = name
                if header[1] == "[[":
                    counts[name] = counts.get(name, -1) + 1
                    table = (*name, counts[name])
                places.setdefault(table, number)
                continue
            key = _KEY.match(line)
            if key:
                places.setdefault((*table, key[1].strip("\"'")), number)
        for mark in ('"""', "'''"):
            if line.count(mark) % 2:
                fence = mark
        depth += _open_brackets(line)
    return places


def line_of(places: dict[tuple[str | int, ...], int], path: tuple[str | int, ...]) -> int | None:
    """The line of `path`, or of the nearest thing around it that has one; None where nothing has."""
    for end in range(len(path), 0, -1):
        if path[:end] in places:
            return places[path[:end]]
    return None
