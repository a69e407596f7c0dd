"""Reads how two releases of a target differ: its own files (the source, where it was built), noise set aside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from clearinghouse.core.hunks import Hunk, difference, is_text, pieces, split_lines, with_ends_of
from clearinghouse.core.release_noise import Noise
from clearinghouse.core.touched import touched

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from clearinghouse.prover.installed import Installed

_MOST_BYTES = 4 * 2**20  # a longer file is not compared by line


@dataclass(frozen=True, slots=True)
class ReleaseDifference:
    """The hunks that may hold the fix, the own files that differ on either side, and what was set aside.

    `parents` maps every hunk, and every piece of one, to the number of the hunk it is of (from 1).
    """

    hunks: tuple[Hunk, ...]
    old: Mapping[str, bytes]
    new: Mapping[str, bytes]
    binary: tuple[str, ...]
    noise: int
    parents: Mapping[Hunk, int]

    def functions(self, hunk: Hunk) -> tuple[str, ...]:
        """The functions that a hunk touches."""
        old, new = self.old.get(hunk.path, b""), self.new.get(hunk.path, b"")
        return touched(hunk, split_lines(old), split_lines(new))


def compare(vulnerable: Installed, fixed: Installed) -> ReleaseDifference:
    """Compare two releases."""
    records = tuple(side.records for side in (vulnerable, fixed) if side.records)
    noise = Noise(vulnerable.version, fixed.version, records)
    old: dict[str, bytes] = {}
    new: dict[str, bytes] = {}
    large: list[str] = []
    left, right = vulnerable.editable, fixed.editable
    for path in sorted({*left[1], *right[1]}):
        before, after = _read(left, path), _read(right, path)
        if before == after or noise.path(path):
            continue
        if max(len(before or b""), len(after or b"")) > _MOST_BYTES:
            large.append(path)
            continue
        if before is not None and after is not None and is_text(before) and is_text(after):
            after = with_ends_of(before, after)
        old |= {path: before} if before is not None else {}
        new |= {path: after} if after is not None else {}
    found = difference(old, new)
    hunks = tuple(hunk for hunk in found.hunks if not noise.hunk(hunk))
    parents = {part: number for number, hunk in enumerate(hunks, 1) for part in (hunk, *pieces(hunk))}
    return ReleaseDifference(
        hunks, old, new, tuple(sorted([*found.binary, *large])), len(found.hunks) - len(hunks), parents
    )


def _read(release: tuple[Path, tuple[str, ...]], path: str) -> bytes | None:
    folder, own = release
    place = folder / path
    return place.read_bytes() if path in own and place.is_file() and not place.is_symlink() else None
