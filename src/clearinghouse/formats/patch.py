"""Reads unified diffs, and applies them exactly: every line of a hunk must be there, at its place or at one other.

Paths are taken as written: what they mean in a release is decided where the release is known. No fuzz: a context line
that differs is a hunk that does not apply.
"""

from __future__ import annotations

from dataclasses import dataclass

from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchSet

from clearinghouse.core.errors import InvalidInput

MAX_PATCH_BYTES = 1024 * 1024
_NOWHERE = "/dev/null"


class PatchInvalid(InvalidInput):
    """A text is no patch that can be used; the message names the line."""

    code = "invalid-patch"


class HunkRejected(InvalidInput):
    """A hunk does not fit the file that it is for; the message names the hunk and its line in the patch."""

    code = "hunk-rejected"


@dataclass(frozen=True, slots=True)
class Hunk:
    """One change: the lines expected from line `start` on (counted from 1), and those that take their place.

    Lines keep their ends. `place` is the hunk's line in the patch.
    """

    start: int
    old: tuple[str, ...]
    new: tuple[str, ...]
    place: int


@dataclass(frozen=True, slots=True)
class FilePatch:
    """What a patch does to one file. `old` is None for a new file, `new` for one that is removed; paths as written."""

    old: str | None
    new: str | None
    hunks: tuple[Hunk, ...]
    place: int  # line in the patch

    @property
    def path(self) -> str:
        """The path to name in words."""
        return self.new or self.old or ""


def read_patch(content: bytes) -> tuple[FilePatch, ...]:
    """The files that a unified diff changes, in its order. Raises PatchInvalid."""
    if len(content) > MAX_PATCH_BYTES:
        raise PatchInvalid(f"larger than {MAX_PATCH_BYTES // 2**20} MiB; a fix is smaller")
    text = content.decode("utf-8", "surrogateescape")
    try:
        patch = PatchSet.from_string(text)
    except (UnidiffParseError, ValueError) as error:
        words = " ".join(str(error).split())[:160]
        raise PatchInvalid(f"is not a unified diff: {words}") from None
    files = []
    for item in patch:
        place = item.diff_line_no or 1
        old = None if item.source_file == _NOWHERE else _path(item.source_file, place)
        new = None if item.target_file == _NOWHERE else _path(item.target_file, place)
        if item.is_binary_file:
            raise PatchInvalid(f"line {place}: changes the binary file {item.path}; a patch here is text")
        if item.is_rename or "120000" in {item.source_mode, item.target_mode}:
            raise PatchInvalid(
                f"line {place}: {item.path} is renamed or a link; write removal and addition of plain files"
            )
        hunks = tuple(_hunk(hunk) for hunk in item)
        if hunks:
            files.append(FilePatch(old, new, hunks, hunks[0].place))
    if not files:
        raise PatchInvalid("holds no change; write a unified diff, as `diff -u` and `git diff` do")
    return tuple(files)


def apply(content: str, patch: FilePatch) -> str:
    """The content with every hunk applied. Raises HunkRejected.

    A hunk goes where it says, moved by what the hunks before it added; else to the one other place after them where all
    its lines stand. Several such places are no place.
    """
    lines = _split(content)
    done: list[str] = []
    at = 0
    for number, hunk in enumerate(patch.hunks, start=1):
        place = _place(lines, at, hunk)
        if place is None:
            raise HunkRejected(
                f"hunk {number} of {patch.path} (line {hunk.place} of the patch) does not fit the release"
            )
        done += [*lines[at:place], *hunk.new]
        at = place + len(hunk.old)
    return "".join([*done, *lines[at:]])


def _split(content: str) -> list[str]:
    """Lines with their ends; only a line feed ends one."""
    parts = content.split("\n")
    return [f"{part}\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def _place(lines: list[str], at: int, hunk: Hunk) -> int | None:
    stated = max(hunk.start - 1, 0) if hunk.old else hunk.start
    size = len(hunk.old)
    if stated >= at and tuple(lines[stated : stated + size]) == hunk.old:
        return stated
    if not size:
        return None
    places = [i for i in range(at, len(lines) - size + 1) if tuple(lines[i : i + size]) == hunk.old]
    return places[0] if len(places) == 1 else None


def _path(written: str, place: int) -> str:
    if written.startswith("/") or ".." in written.split("/") or "\\" in written or "\0" in written:
        raise PatchInvalid(f'line {place}: "{written}" leaves the release; name files inside it')
    return written


def _hunk(hunk: object) -> Hunk:
    old: list[str] = []
    new: list[str] = []
    sides: list[list[str]] = []
    first = 0
    for line in hunk:  # type: ignore[attr-defined]  # the library's hunks are lists of lines
        first = first or line.diff_line_no
        if line.line_type == "\\":
            # "No newline at end of file" is about the line before it.
            for side in sides:
                side[-1] = side[-1].removesuffix("\n")
            continue
        sides = [old, new] if line.is_context else [new] if line.is_added else [old]
        for side in sides:
            side.append(line.value)
    start = hunk.source_start  # type: ignore[attr-defined]
    return Hunk(start, tuple(old), tuple(new), max(first - 1, 1))
