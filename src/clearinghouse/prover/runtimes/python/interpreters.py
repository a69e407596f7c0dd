"""Finds the Python interpreters of this machine by running each candidate, and says which of them fit a bundle."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from clearinghouse.prover.runtimes.found import one_of_each_version

if TYPE_CHECKING:
    from collections.abc import Iterator

_OLDEST = (3, 8)
_ASK = """
import json, os, sys, sysconfig
v = sysconfig.get_config_vars()
print(json.dumps({
    "version": ".".join(map(str, sys.version_info[:3])), "prefix": sys.base_prefix, "name": sys.implementation.name,
    "executable": os.path.realpath(getattr(sys, "_base_executable", sys.executable)),
    "stdlib": sysconfig.get_path("stdlib"), "libdir": v.get("LIBDIR") or "", "shared": bool(v.get("Py_ENABLE_SHARED")),
    "build": sys.version,
}))
"""
INSIDE = "/opt/python"


@dataclass(frozen=True, slots=True)
class Interpreter:
    """One CPython on this machine. `version` is complete ("3.11.7"), `build` tells two builds of one version apart."""

    executable: Path
    prefix: Path
    version: str
    build: str
    libdir: Path | None  # where a shared libpython lies, None for a static build

    @property
    def minor(self) -> str:
        """The minor version: "3.11" for 3.11.7."""
        return ".".join(self.version.split(".")[:2])

    @property
    def label(self) -> str:
        """As shown with a verdict."""
        return f"CPython {self.version}"

    @property
    def is_system(self) -> bool:
        """Whether it lies in /usr, which the sandbox shows under its own name."""
        return self.prefix == Path("/usr")

    @property
    def inside(self) -> str:
        """The path of its executable in the sandbox, the same on every host."""
        if self.is_system:
            return f"/usr/bin/{self.executable.name}"
        return f"{INSIDE}/{self.executable.relative_to(self.prefix)}"

    @property
    def library_path(self) -> str | None:
        """Where the sandbox must look for libpython: a relocated shared build would else take the host's own."""
        if self.libdir is None or self.is_system:
            return None
        return f"{INSIDE}/{self.libdir.relative_to(self.prefix)}" if self.libdir.is_relative_to(self.prefix) else None

    @property
    def site_folders(self) -> tuple[str, ...]:
        """Folders of the interpreter's own installed packages, hidden from every run."""
        if self.is_system:
            return tuple(folder for folder in ("/usr/lib/python3/dist-packages",) if Path(folder).is_dir())
        return (f"{INSIDE}/lib/python{self.minor}/site-packages",)


def _ask(executable: Path) -> Interpreter | None:
    """Run a candidate and have it describe itself; None for what is not a usable CPython."""
    try:
        answer = subprocess.run(
            [str(executable), "-I", "-S", "-c", _ASK], capture_output=True, timeout=20, check=True, text=True
        )
        facts = json.loads(answer.stdout)
    except (OSError, subprocess.SubprocessError, ValueError):
        return None
    if facts["name"] != "cpython" or tuple(map(int, facts["version"].split(".")[:2])) < _OLDEST:
        return None
    prefix, found = Path(facts["prefix"]).resolve(), Path(facts["executable"])
    if not found.is_relative_to(prefix):
        return None
    libdir = Path(facts["libdir"]).resolve() if facts["shared"] and facts["libdir"] else None
    return Interpreter(found, prefix, facts["version"], facts["build"], libdir)


def _candidates() -> Iterator[Path]:
    """Executables that may be a Python, the likely ones first; shims of version managers are left to their folders."""
    yield Path(getattr(sys, "_base_executable", sys.executable))
    home = Path.home()
    managed = [
        *sorted((home / ".pyenv" / "versions").glob("3.*/bin/python3")),
        *sorted((home / ".local" / "share" / "uv" / "python").glob("cpython-3.*/bin/python3")),
        *sorted(Path("/opt/hostedtoolcache/Python").glob("3.*/*/bin/python3")),
    ]
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        if folder and not folder.endswith("/shims"):
            managed += [
                path for path in sorted(Path(folder).glob("python3*")) if re.fullmatch(r"python3(\.\d+)?", path.name)
            ]
    yield from managed


@lru_cache(maxsize=1)
def own_interpreter() -> Interpreter | None:
    """The interpreter that runs this prover, without looking at any other."""
    return _ask(Path(getattr(sys, "_base_executable", sys.executable)))


@lru_cache(maxsize=1)
def all_interpreters() -> tuple[Interpreter, ...]:
    """Every usable CPython, the prover's own first, then newest first; one of each version."""
    found = one_of_each_version(_candidates(), _ask)
    own = own_interpreter()
    rest = sorted(found.values(), key=lambda item: [int(part) for part in item.version.split(".")], reverse=True)
    return tuple(sorted(rest, key=lambda item: own is None or item.version != own.version))


def fitting(version: str | None) -> tuple[Interpreter, ...]:
    """Interpreters for a bundle that asks for `version` ("3.11" or "3.11.7"; None for any), the best first."""
    if version is None:
        return all_interpreters()
    return tuple(item for item in all_interpreters() if version in {item.version, item.minor})
