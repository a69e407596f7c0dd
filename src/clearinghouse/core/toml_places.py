"""Finds the line of a key in a TOML text, so that an error can name it. Parsing itself is the standard library's.

Linear in the length of the text, whatever the text is: it comes from strangers.
"""

from __future__ import annotations

import re

_HEADER = re.compile(r"(\[\[?)([^\[\]]+)\]")
_KEY = re.compile(r"""\s*([A-Za-z0-9_-]+|"[^"]*"|'[^']*')\s*[.=]""")
_FENCES = ('"""', "'''")


def _after_string(line: str, start: int) -> int:
    """Where the one-line string that opens at `start` ends; the line's end where it does not."""
    quote = line[start]
    position = start + 1
    while position < len(line) and line[position] != quote:
        position += 2 if line[position] == "\\" and quote == '"' else 1
    return position + 1


def _after_fence(line: str, start: int, fence: str) -> int | None:
    """Where a text between triple quotes ends at or after `start`, or None when it goes on in the next line."""
    position = start
    while position < len(line):
        if line[position] == "\\" and fence == '"""':
            position += 2
        elif line.startswith(fence, position):
            position += 3
            while line.startswith(fence[0], position):  # up to two quotes may stand right before the closing three
                position += 1
            return position
        else:
            position += 1
    return None


def _scan(line: str, depth: int, fence: str) -> tuple[int, str]:
    """The depth of open brackets and the open triple quote ("" for none) after a line."""
    position = 0
    while position < len(line):
        if fence:
            after = _after_fence(line, position, fence)
            if after is None:
                return depth, fence
            position, fence = after, ""
            continue
        character = line[position]
        if character == "#":
            break
        if line.startswith(_FENCES, position):
            fence = line[position : position + 3]
            position += 3
        elif character in "\"'":
            position = _after_string(line, position)
        else:
            depth += (character in "[{") - (character in "]}")
            position += 1
    return depth, fence


def key_lines(text: str) -> dict[tuple[str | int, ...], int]:
    """Map each table and each of its direct keys to its 1-based line; array tables carry their index.

    `[[run.step]]` with `call = …` inside gives ("run", "step", 0) and ("run", "step", 0, "call"). Only top-level layout
    is looked at: keys of inline tables are found under the line of the key that holds them (see `line_of`).
    """
    places: dict[tuple[str | int, ...], int] = {}
    counts: dict[tuple[str, ...], int] = {}
    table: tuple[str | int, ...] = ()
    depth, fence = 0, ""
    for number, line in enumerate(text.split("\n"), start=1):
        if depth <= 0 and not fence:
            depth = 0
            header = _HEADER.match(line.strip())
            key = _KEY.match(line)
            if header:
                name = tuple(part.strip().strip("\"'") for part in header[2].split("."))
                table = name
                if header[1] == "[[":
                    counts[name] = counts.get(name, -1) + 1
                    table = (*name, counts[name])
                places.setdefault(table, number)
            elif key:
                places.setdefault((*table, key[1].strip("\"'")), number)
        depth, fence = _scan(line, depth, fence)
    return places


def line_of(places: dict[tuple[str | int, ...], int], path: tuple[str | int, ...]) -> int | None:
    """The line of `path`, or of the nearest thing around it that has one; None where nothing has."""
    for end in range(len(path), 0, -1):
        if path[:end] in places:
            return places[path[:end]]
    return None
