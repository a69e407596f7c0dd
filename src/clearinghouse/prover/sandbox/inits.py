"""Provides the init of every run: the C one, built here once by the host's compiler, or the Python one.

Both promise the same (init.py says what). The C one saves every run a Python start; a host without a compiler, or one
whose build does not run, has the other.
"""

from __future__ import annotations

import hashlib
import os
import py_compile
import shutil
import stat
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from clearinghouse.prover.sandbox.interpreter import shown_python

INSIDE: Final = "/opt/init"
_COMPILERS: Final = ("cc", "gcc", "clang")
_FLAGS: Final = ("-std=gnu11", "-O2", "-s")
_LINKING: Final = (("-static",), ())  # a static program starts sooner; not every host has the libraries for one
_BUILD_SECONDS: Final = 60.0
_CACHE: Final = "init"
_WRITABLE_BY_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True, slots=True)
class Init:
    """How to start an init: its arguments inside, its library path, the (host path, path inside) to show, the masks."""

    name: str  # "compiled" or "python"
    argv: tuple[str, ...]
    library_path: str
    binds: tuple[tuple[str, str], ...]
    masks: tuple[str, ...]


def python_init(folder: Path) -> Init:
    """The Python init, its code compiled into `folder`, readable by every user: a run must not pay for compiling it."""
    target = folder / "init.pyc"
    py_compile.compile(
        str(Path(__file__).with_name("init.py")),
        str(target),
        dfile="init.py",
        doraise=True,
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )
    target.chmod(0o444)
    python = shown_python(INSIDE)
    inside = f"{INSIDE}/init.pyc"
    argv = (python.executable, "-I", "-S", "-B", inside)
    return Init("python", argv, python.library_path, (*python.binds, (str(target), inside)), python.masks)


def compiled_init(cache: Path) -> Init | None:
    """The C init, built by the host's compiler unless `cache` has it already; None where that cannot be had.

    The name of a build holds the digest of its source and of its compiler, so that neither can be stale.
    """
    source = Path(__file__).with_name("init.c")
    compiler = next(filter(None, map(shutil.which, _COMPILERS)), None)
    if compiler is None:
        return None
    about = Path(compiler).resolve().stat()
    parts = (source.read_bytes(), repr((_FLAGS, os.path.realpath(compiler), about.st_size, about.st_mtime_ns)).encode())
    target = cache / _CACHE / hashlib.sha256(b"\0".join(parts)).hexdigest()[:32]
    if not (_ours(target) or _build(compiler, source, target)):
        return None
    inside = f"{INSIDE}/init"
    return Init("compiled", (inside,), "", ((str(target), inside),), ())


def _ours(target: Path) -> bool:
    """Whether the program is there and nobody else could have put it there."""
    try:
        found = [target.lstat(), target.parent.lstat()]
    except OSError:
        return False
    mine = all(about.st_uid == os.geteuid() and not about.st_mode & _WRITABLE_BY_OTHERS for about in found)
    return mine and stat.S_ISREG(found[0].st_mode) and stat.S_ISDIR(found[1].st_mode)


def _put(made: Path, target: Path) -> None:
    """Give the program its name. Of several that build at once the first wins: its file is shown to runs already."""
    with suppress(OSError):  # it is there, or this file system has no links
        os.link(made, target)
    if not _ours(target):
        made.replace(target)


def _build(compiler: str, source: Path, target: Path) -> bool:
    """Compile `source` to `target`, which appears whole or not at all; False when no way of linking works."""
    try:
        for folder in (target.parent.parent, target.parent):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as place:
            made = Path(place, "init")
            for linking in _LINKING:
                command = [compiler, *_FLAGS, *linking, "-o", str(made), str(source)]
                done = subprocess.run(command, cwd=place, capture_output=True, timeout=_BUILD_SECONDS, check=False)
                if done.returncode == 0 and made.is_file():
                    made.chmod(0o555)
                    _put(made, target)
                    return _ours(target)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return False
