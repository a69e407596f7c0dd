"""Writes the changes to native sources that make the controls of grade B; the builder builds them like any source.

The null target has its C and C++ sources emptied, so that a proof which does not need them gives itself away. Renamed
sources say the other version wherever theirs stands, and bring the other's files that are named for versions.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from clearinghouse.core.proof import Variant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SOURCES: Final = frozenset({".c", ".cc", ".cpp", ".cxx", ".c++", ".m", ".mm"})
_HEADERS: Final = frozenset({".h", ".hh", ".hpp", ".hxx"})
_MOST_TEXT: Final = 1 << 20
_SPELT: Final = b"\n/* spelt again */\n"


def nullified(sources: tuple[str, ...]) -> dict[str, bytes]:
    """Every C and C++ source without content; headers stay, so that code beside the target still compiles."""
    return {path: b"" for path in sources if _suffix(path) in _SOURCES}


def respelt(root: Path, sources: tuple[str, ...]) -> dict[str, bytes]:
    """A comment after each C and C++ source and header."""
    return {path: (root / path).read_bytes() + _SPELT for path in sources if _suffix(path) in _SOURCES | _HEADERS}


def renamed(root: Path, sources: tuple[str, ...], versions: tuple[str, str], other: Path | None) -> dict[str, bytes]:
    """What changes when a source takes another version's name: (own, the other's); `other` is that one's source."""
    own, new = versions
    spelt = re.compile(rb"(?<![0-9A-Za-z.])" + re.escape(own.encode()) + rb"(?![0-9A-Za-z]|\.[0-9])")
    edits = {}
    for path, content in _texts(root, sources):
        theirs = other / path if other is not None and "version" in PurePosixPath(path).name.lower() else None
        if theirs is not None and theirs.is_file() and not theirs.is_symlink():
            changed = theirs.read_bytes()
        else:
            changed = spelt.sub(new.encode(), content)
        if changed != content:
            edits[path] = changed
    return edits


def edits_for(
    variant: Variant, root: Path, sources: tuple[str, ...], versions: tuple[str, str], other: Path | None
) -> dict[str, bytes]:
    """The edits that make a variant of the source at `root`."""
    if variant is Variant.NULL_TARGET:
        return nullified(sources)
    if variant is Variant.V_RESPELT:
        return respelt(root, sources)
    return renamed(root, sources, versions, other)


def _suffix(path: str) -> str:
    return PurePosixPath(path).suffix.lower()


def _texts(root: Path, sources: tuple[str, ...]) -> Iterator[tuple[str, bytes]]:
    for path in sources:
        if (root / path).stat().st_size <= _MOST_TEXT:
            content = (root / path).read_bytes()
            if b"\0" not in content:
                yield path, content
