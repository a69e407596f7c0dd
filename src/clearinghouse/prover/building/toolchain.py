"""Finds this machine's C and C++ compilers, what they are told for a sanitizer, and the library that runs then need."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from clearinghouse.prover.runtimes.interface import RuntimeMissing

_FAMILIES: Final = (("clang", "clang", "clang++"), ("gcc", "gcc", "g++"))
_SANITIZERS: Final = ("address", "undefined")
_RUNTIMES: Final = {
    ("gcc", "address"): "libasan.so",
    ("gcc", "undefined"): "libubsan.so",
    ("clang", "address"): "libclang_rt.asan-{machine}.so",
    ("clang", "undefined"): "libclang_rt.ubsan_standalone-{machine}.so",
}
_DEBUGGABLE: Final = "-g -O1 -fno-omit-frame-pointer"
_ADVICE: Final = (
    "install a compiler with its sanitizers: on Debian or Ubuntu `apt-get install gcc g++ libc6-dev make`, on Fedora "
    "`dnf install gcc gcc-c++ libasan libubsan make`"
)
_ASK_SECONDS: Final = 20


@dataclass(frozen=True, slots=True)
class Toolchain:
    """A C and a C++ compiler of one family, by paths that a run sees too; `label` says which, with its version."""

    family: str  # "clang" or "gcc"
    cc: str
    cxx: str
    label: str
    libraries: tuple[tuple[str, str], ...]  # (sanitizer, path of its shared library) for those that are installed
    standard: str | None  # the C++ library, which a preloaded sanitizer must find loaded beside it

    def flags(self, sanitizer: str) -> str:
        """What compiling and linking need for a sanitizer ("none": nothing)."""
        return f"-fsanitize={sanitizer} {_DEBUGGABLE}" if sanitizer != "none" else ""

    def library(self, sanitizer: str) -> str | None:
        """The sanitizer's shared library, None where it is not installed."""
        return dict(self.libraries).get(sanitizer)

    def environment(self, sanitizer: str, *, shared: bool) -> dict[str, str]:
        """The variables of a build; `shared` for extensions of a program that was compiled without the sanitizer."""
        flags = self.flags(sanitizer)
        linking = flags
        if shared and flags and self.family == "clang":
            linking = f"{flags} -shared-libsan"
        environment = {"CC": self.cc, "CXX": self.cxx}
        if flags:
            environment |= {"CFLAGS": flags, "CXXFLAGS": flags, "LDFLAGS": linking}
        return environment


@lru_cache(maxsize=1)
def toolchains() -> tuple[Toolchain, ...]:
    """The compilers that runs can see (below /usr, but not /usr/local), clang first."""
    return tuple(found for family in _FAMILIES if (found := _look(*family)) is not None)


def toolchain_for(sanitizer: str, *, first: str = "clang") -> Toolchain:
    """The compiler for a build, of the family `first` where there is a choice. Raises RuntimeMissing with a remedy."""
    known = toolchains()
    if not known:
        raise RuntimeMissing("there is no C compiler on this machine", advice=_ADVICE)
    fit = [item for item in known if sanitizer == "none" or item.library(sanitizer)]
    if not fit:
        has = ", ".join(item.label for item in known)
        raise RuntimeMissing(f"the {sanitizer} sanitizer of {has} is not installed", advice=_ADVICE)
    return min(fit, key=lambda item: item.family != first)


def _look(family: str, cc: str, cxx: str) -> Toolchain | None:
    paths = [_visible(cc), _visible(cxx)]
    if paths[0] is None or paths[1] is None:
        return None
    label = _ask(paths[0], "--version").splitlines()[:1]
    if not label or (family == "clang" and _visible("llvm-symbolizer") is None):
        return None  # clang's reports name no function without it
    libraries = []
    for sanitizer in _SANITIZERS:
        name = _RUNTIMES[family, sanitizer].format(machine=os.uname().machine)
        found = _ask(paths[0], f"-print-file-name={name}").strip()
        if found.startswith("/") and Path(found).is_file():
            libraries.append((sanitizer, str(Path(found).resolve())))
    standard = _ask(paths[1], "-print-file-name=libstdc++.so.6").strip()
    return Toolchain(
        family,
        paths[0],
        paths[1],
        label[0].strip(),
        tuple(libraries),
        str(Path(standard).resolve()) if standard.startswith("/") else None,
    )


def _visible(name: str) -> str | None:
    """The path of a program as a run sees it, None where none is."""
    found = shutil.which(name, path="/usr/bin:/bin")
    return found if found and Path(found).exists() else None


def _ask(program: str, question: str) -> str:
    try:
        done = subprocess.run(
            [program, question], capture_output=True, text=True, timeout=_ASK_SECONDS, check=False, errors="replace"
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout
