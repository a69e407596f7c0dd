"""The difference of two releases as hunks that can be applied one by one, in any combination.

A hunk is a run of lines that differs, found by `difflib`: the same texts give the same hunks everywhere. Lines end at
LF and keep their bytes, CR included; a file with a zero byte is no text and counts as one binary unit.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Lines = tuple[bytes, ...]
_LONG = 12  # changed lines from which a hunk is worth cutting


@dataclass(frozen=True, slots=True)
class Hunk:
    """In `path`, the lines `old` from index `start` on give way to `new`, which stand at `start_new` in the new file.

    An added or removed file is one hunk: `adds_file` or `removes_file`.
    """

    path: str
    start: int
    old: Lines
    start_new: int
    new: Lines
    adds_file: bool = False
    removes_file: bool = False

    @property
    def size(self) -> int:
        """Lines removed and added."""
        return len(self.old) + len(self.new)


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs between two releases: hunks in order of path and place, and the paths of changed binary files."""

    hunks: tuple[Hunk, ...]
    binary: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        """The text files that differ, sorted."""
        return tuple(dict.fromkeys(hunk.path for hunk in self.hunks))


def split_lines(content: bytes) -> Lines:
    """The lines of a text with their ends; the last may lack one."""
    *lines, last = content.split(b"\n")
    return (*(line + b"\n" for line in lines), *((last,) if last else ()))


def is_text(content: bytes) -> bool:
    """Whether a file is compared line by line."""
    return b"\0" not in content


def with_ends_of(old: bytes, new: bytes) -> bytes:
    """`new` with the line ends of `old`, where either has only one kind: another kind of line end is no change."""
    if b"\r" not in old:
        return new.replace(b"\r\n", b"\n") if new.count(b"\r\n") == new.count(b"\n") else new
    if b"\r" not in new and old.count(b"\r\n") == old.count(b"\n"):
        return new.replace(b"\n", b"\r\n")
    return new


def difference(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> Difference:
    """Compare the files of two releases by path."""
    hunks: list[Hunk] = []
    binary = []
    for path in sorted(old.keys() | new.keys()):
        before, after = old.get(path), new.get(path)
        if before == after:
            continue
        if not all(is_text(content) for content in (before, after) if content is not None):
            binary.append(path)
        elif before is None:
            assert after is not None
            hunks.append(Hunk(path, 0, (), 0, split_lines(after), adds_file=True))
        elif after is None:
            hunks.append(Hunk(path, 0, split_lines(before), 0, (), removes_file=True))
        else:
            hunks += hunks_of(path, split_lines(before), split_lines(after))
    return Difference(tuple(hunks), tuple(binary))


def hunks_of(path: str, old: Lines, new: Lines) -> list[Hunk]:
    """The hunks that turn `old` into `new`."""
    # What both begin and end with is set aside first: the comparison takes more than linear time.
    least = min(len(old), len(new))
    head = next((index for index in range(least) if old[index] != new[index]), least)
    rest = least - head
    tail = next((index for index in range(rest) if old[-1 - index] != new[-1 - index]), rest)
    matcher = difflib.SequenceMatcher(None, old[head : len(old) - tail], new[head : len(new) - tail])
    return [
        Hunk(path, head + i, old[head + i : head + j], head + k, new[head + k : head + m])
        for kind, i, j, k, m in matcher.get_opcodes()
        if kind != "equal"
    ]


def with_hunks(content: bytes | None, hunks: Iterable[Hunk]) -> bytes | None:
    """A file (None: absent) with some of its hunks, or pieces of them, applied; None when it is then absent."""
    chosen = sorted(hunks, key=lambda hunk: (hunk.start, hunk.start_new))
    if not chosen:
        return content
    if any(hunk.removes_file for hunk in chosen):
        return None
    lines = split_lines(content or b"")
    made: list[bytes] = []
    at = 0
    for hunk in chosen:
        made += [*lines[at : hunk.start], *hunk.new]
        at = hunk.start + len(hunk.old)
    made += lines[at:]
    # Only the last line of a file may lack its end.
    return b"".join([*(line if line.endswith(b"\n") else line + b"\n" for line in made[:-1]), *made[-1:]])


def edits_of(old: Mapping[str, bytes], hunks: Sequence[Hunk]) -> dict[str, bytes | None]:
    """What the files that these hunks touch become; None for removed ones. Paths in order."""
    by_path: dict[str, list[Hunk]] = {}
    for hunk in hunks:
        by_path.setdefault(hunk.path, []).append(hunk)
    return {path: with_hunks(old.get(path), chosen) for path, chosen in sorted(by_path.items())}


def pieces(hunk: Hunk) -> tuple[Hunk, ...]:
    """A long hunk that only adds or only removes, cut where its paragraphs begin; any other as it is.

    A paragraph begins at a line of the least indentation after a blank line. What replaces something stays in one
    piece: the new beside the old would be neither release.
    """
    if hunk.size < _LONG or hunk.removes_file or (hunk.old and hunk.new):
        return (hunk,)
    removed = [Hunk(hunk.path, hunk.start + at, lines, hunk.start_new, ()) for at, lines in _paragraphs(hunk.old)]
    added = [
        Hunk(hunk.path, hunk.start, (), hunk.start_new + at, lines, hunk.adds_file)
        for at, lines in _paragraphs(hunk.new)
    ]
    return (*removed, *added)


def _paragraphs(lines: Lines) -> list[tuple[int, Lines]]:
    """Consecutive parts of some lines, each with the index of its first line."""
    if not lines:
        return []
    least = min((_indentation(line) for line in lines if line.strip()), default=0)
    starts = [0]
    for index in range(1, len(lines)):
        begins = not lines[index - 1].strip() and lines[index].strip() and _indentation(lines[index]) <= least
        if begins and any(line.strip() for line in lines[starts[-1] : index]):
            starts.append(index)
    return [(start, lines[start:end]) for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)]


def _indentation(line: bytes) -> int:
    return len(line) - len(line.lstrip(b" \t"))
