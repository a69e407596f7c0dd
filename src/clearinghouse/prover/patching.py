"""Turns a patch against a project's source into edits of an installed release.

A release has fewer files than its repository, and other folders above them (`src/`, `lib/`): a path of the patch means
the own file of the release that it ends in. What is no part of the release (tests, documents) is left out and said.
Nothing outside the target's own files is ever changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from clearinghouse.formats.patch import FilePatch, HunkRejected, PatchInvalid, apply

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from clearinghouse.prover.installed import Installed

_ABOVE = {"a", "b", "src", "lib", "python"}  # folders that a top-level module may lie in


@dataclass(frozen=True, slots=True)
class Edits:
    """What a patch does to a release: new contents by path (None: removed), and the patch's files left out."""

    files: Mapping[str, bytes | None]
    left_out: tuple[str, ...]


def edits_of(patch: Sequence[FilePatch], base: Installed) -> Edits:
    """The edits. Raises HunkRejected for a hunk that does not fit, PatchInvalid when no file of the release changes."""
    folder, own_files = base.editable
    own = frozenset(path for path in own_files if not (base.records and path.startswith(f"{base.records}/")))
    edits: dict[str, bytes | None] = {}
    left_out = []
    for item in patch:
        path = _new_place(item, own) if item.old is None else _own_file(item.old, own)
        if path is None:
            left_out.append(item.path)
        elif path in edits:
            raise HunkRejected(f"{item.path} (line {item.place} of the patch) changes {path} a second time")
        elif item.new is not None and item.old is not None and _own_file(item.new, own) != path:
            raise PatchInvalid(f"line {item.place}: {item.old} becomes {item.new}; write removal and addition")
        else:
            edits[path] = _edited(item, folder / path)
    if not edits:
        raise PatchInvalid(f"changes no file of the release; it names {', '.join(left_out)}")
    return Edits(edits, tuple(left_out))


def _edited(item: FilePatch, place: Path) -> bytes | None:
    if item.old is None:
        if place.exists():
            raise HunkRejected(f"{item.path} (line {item.place} of the patch) is new, but the release has such a file")
        return apply("", item).encode("utf-8", "surrogateescape")
    after = apply(place.read_bytes().decode("utf-8", "surrogateescape"), item)
    if item.new is None:
        if after:
            raise HunkRejected(
                f"{item.path} (line {item.place} of the patch) is removed, but has more lines than it says"
            )
        return None
    return after.encode("utf-8", "surrogateescape")


def _own_file(written: str, own: frozenset[str]) -> str | None:
    """The own file that a path of the patch ends in, the longest such end."""
    parts = [part for part in PurePosixPath(written).parts if part != "."]
    for cut in range(len(parts)):
        path = "/".join(parts[cut:])
        if path in own and (cut < len(parts) - 1 or set(parts[:cut]) <= _ABOVE):
            return path
    return None


def _new_place(item: FilePatch, own: frozenset[str]) -> str | None:
    """Where a new file goes: beside own files, in the folder that its own folder ends in; None where there is none."""
    assert item.new is not None
    parts = PurePosixPath(item.new).parts
    folders = {parent.as_posix() for path in own for parent in PurePosixPath(path).parents if parent.as_posix() != "."}
    for end in range(len(parts) - 1, 0, -1):  # the nearest folder that the release has; the rest is new below it
        for cut in range(end):
            if "/".join(parts[cut:end]) in folders and (cut < end - 1 or set(parts[:cut]) <= _ABOVE):
                return "/".join(parts[cut:])
    return None
