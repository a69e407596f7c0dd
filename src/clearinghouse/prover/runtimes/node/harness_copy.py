"""Keeps a copy of the harness where a run's user may read it: the package may lie in a folder of its owner alone."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clearinghouse.prover.cache import Cache

SOURCE = Path(__file__).parent / "harness"


def harness_for(cache: Cache) -> Path:
    """The folder to show as /opt/clearinghouse/node, made once for each state of the harness."""
    sources = {path.name: path.read_bytes() for path in sorted(SOURCE.glob("*.js"))}
    place = cache.root / "harness" / f"node-{hashlib.sha256(repr(sources).encode()).hexdigest()[:24]}"
    if not place.is_dir():
        with cache.lock(f"harness-{place.name}"):
            if not place.is_dir():
                with cache.workshop(place) as folder:
                    for name, content in sources.items():
                        (folder / name).write_bytes(content)
                        (folder / name).chmod(0o644)
    return place
