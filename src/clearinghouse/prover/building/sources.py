"""Keeps the unpacked source of each release once, readable by every run, named by the digest of its archive."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from clearinghouse.prover.building.unpack import UnsafeArchive, unpack
from clearinghouse.prover.runtimes.interface import ProvisionError
from clearinghouse.prover.trees import open_to_read

if TYPE_CHECKING:
    from clearinghouse.prover.cache import Cache


def unpacked(cache: Cache, archive: Path, sha256: str) -> Path:
    """The folder that an archive unpacks to: its one top folder, where it has just one. Raises ProvisionError."""
    place = cache.root / "sources" / sha256
    if not place.is_dir():
        with cache.lock(f"source-{sha256}"):
            if not place.is_dir():
                with cache.workshop(place) as folder:
                    try:
                        unpack(archive, folder)
                    except UnsafeArchive as error:
                        raise ProvisionError(
                            f"the source archive {archive.name} is refused: {error}", "build_failed"
                        ) from None
                    open_to_read(folder)
    return top_folder(place)


def top_folder(place: Path) -> Path:
    """The only entry of `place` when that is a folder, else `place`."""
    entries = list(place.iterdir())
    return entries[0] if len(entries) == 1 and entries[0].is_dir() and not entries[0].is_symlink() else place


def files_below(root: Path) -> tuple[str, ...]:
    """Every regular file below `root`, relative, sorted; links are nobody's source."""
    found = []
    for parent, folders, files in os.walk(root):
        folders.sort()
        inside = Path(parent).relative_to(root)
        found += [
            (inside / name).as_posix().removeprefix("./") for name in files if not (Path(parent) / name).is_symlink()
        ]
    return tuple(sorted(found))
