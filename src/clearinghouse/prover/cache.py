"""Keeps what is made once and shared by all runs: every folder in it is complete or absent.

A folder is named by everything that determines its content, written beside its final place and renamed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def cache_folder() -> Path:
    """Where installed targets are kept between runs: CLEARINGHOUSE_CACHE, else the user's cache folder."""
    own = os.environ.get("CLEARINGHOUSE_CACHE")
    if own:
        return Path(own).absolute()
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "clearinghouse"


@dataclass(frozen=True, slots=True)
class Cache:
    """Installed targets and other made things below `root`; safe for several threads and processes at once."""

    root: Path

    @contextmanager
    def lock(self, key: str) -> Iterator[None]:
        """Hold the lock of one folder of the cache; freed by the system if the holder dies."""
        folder = self.root / "locks"
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / f"{key}.lock").open("w") as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            yield

    @contextmanager
    def workshop(self, place: Path) -> Iterator[Path]:
        """A folder to fill, that becomes `place` when the block ends well and vanishes when it does not.

        Call with the lock held. What a killed process left half-made is cleared away first.
        """
        place.parent.mkdir(parents=True, exist_ok=True)
        for leftover in place.parent.glob(f".{place.name}.*"):
            shutil.rmtree(leftover, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{place.name}.", dir=place.parent))
        try:
            yield folder
            folder.chmod(0o755)
            folder.rename(place)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
