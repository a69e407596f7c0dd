"""Keeps a copy of the harness, compiled for each interpreter, where a run's user may read it.

The package itself may lie in a folder that only its owner can read; and a run sees it read-only, so it would compile it
anew each time.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clearinghouse.prover.cache import Cache
    from clearinghouse.prover.runtimes.python.interpreters import Interpreter

SOURCE = Path(__file__).parent / "harness"
PACKAGE = "clearinghouse_harness"


def _sources() -> dict[str, bytes]:
    """The harness's files by relative path."""
    return {path.relative_to(SOURCE).as_posix(): path.read_bytes() for path in sorted(SOURCE.rglob("*.py"))}


def harness_for(cache: Cache, interpreter: Interpreter) -> Path:
    """The folder to show as /opt/clearinghouse/clearinghouse_harness, made once for each interpreter and harness."""
    sources = _sources()
    whole = hashlib.sha256(repr((interpreter.version, interpreter.build, sources)).encode()).hexdigest()
    place = cache.root / "harness" / whole[:24]
    if not place.is_dir():
        with cache.lock(f"harness-{place.name}"):
            if not place.is_dir():
                with cache.workshop(place) as folder:
                    _write(folder / PACKAGE, sources, interpreter)
    return place / PACKAGE


def _write(root: Path, sources: dict[str, bytes], interpreter: Interpreter) -> None:
    for name, content in sources.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    # Hash-based caches: they hold whatever times the copy's files have. Our own code, so it may be compiled outside.
    compiler = [
        str(interpreter.executable),
        "-I",
        "-S",
        "-m",
        "compileall",
        "-q",
        "--invalidation-mode",
        "unchecked-hash",
    ]
    subprocess.run([*compiler, str(root)], check=False, capture_output=True)
    for path in (root, *root.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    shutil.copymode(root, root.parent)
