"""Finds the Node executables of this machine by running each candidate, and says which of them fit a bundle."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from clearinghouse.prover.runtimes.found import one_of_each_version

if TYPE_CHECKING:
    from collections.abc import Iterator

_OLDEST = 12
_ASK = """
const { builtinModules } = require('module');
process.stdout.write(JSON.stringify({
  version: process.versions.node, executable: process.execPath, arch: process.arch, v8: process.versions.v8,
  inspector: Boolean(process.features.inspector), builtins: builtinModules,
}));
"""
INSIDE = "/opt/node"


@dataclass(frozen=True, slots=True)
class Node:
    """One Node on this machine. `version` is complete ("20.11.1"), `build` tells two builds of one version apart."""

    executable: Path
    version: str
    build: str
    builtins: frozenset[str]

    @property
    def label(self) -> str:
        """As shown with a verdict."""
        return f"Node {self.version}"

    @property
    def is_system(self) -> bool:
        """Whether it lies in /usr, which the sandbox shows under its own name, but for /usr/local."""
        return self.executable.is_relative_to("/usr") and not self.executable.is_relative_to("/usr/local")

    @property
    def inside(self) -> str:
        """The path of its executable in the sandbox, the same on every host unless it is the system's."""
        return str(self.executable) if self.is_system else f"{INSIDE}/bin/node"

    @property
    def libraries(self) -> tuple[Path, ...]:
        """Shared libraries of its own that must go with the executable; most builds have none."""
        if self.is_system:
            return ()
        return tuple(sorted((self.executable.parent.parent / "lib").glob("libnode.so*")))

    @property
    def numbers(self) -> tuple[int, ...]:
        """The version as numbers, for comparing."""
        return tuple(int(part) for part in self.version.split("-")[0].split("."))

    def fits(self, version: str) -> bool:
        """Whether a bundle that asks for `version` ("20", "20.11" or "20.11.1") can have it."""
        asked = version.split(".")
        return self.version.split(".")[: len(asked)] == asked


def _ask(executable: Path) -> Node | None:
    """Run a candidate and have it describe itself; None for what is not a usable Node."""
    try:
        answer = subprocess.run(
            [str(executable), "-e", _ASK], capture_output=True, timeout=20, check=True, text=True, env=_plain()
        )
        facts = json.loads(answer.stdout)
        found = Path(facts["executable"]).resolve(strict=True)
        node = Node(found, facts["version"], f"{facts['arch']} {facts['v8']}", frozenset(facts["builtins"]))
        usable = facts["inspector"] and node.numbers[0] >= _OLDEST
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError):
        return None
    return node if usable else None


def _plain() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith("NODE_")}


def _candidates() -> Iterator[Path]:
    """Executables that may be a Node, the likely ones first: PATH, then the folders of version managers."""
    first = shutil.which("node")
    if first:
        yield Path(first)
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        for name in ("node", "nodejs"):
            if folder and not folder.endswith("/shims"):
                yield Path(folder) / name
    home = Path.home()
    roots = (
        (Path(os.environ.get("NVM_DIR", home / ".nvm")) / "versions" / "node", "*/bin/node"),
        (Path(os.environ.get("FNM_DIR", home / ".local/share/fnm")) / "node-versions", "*/installation/bin/node"),
        (Path(os.environ.get("VOLTA_HOME", home / ".volta")) / "tools" / "image" / "node", "*/bin/node"),
        (Path(os.environ.get("ASDF_DATA_DIR", home / ".asdf")) / "installs" / "nodejs", "*/bin/node"),
        (Path(os.environ.get("N_PREFIX", "/usr/local")) / "n" / "versions" / "node", "*/bin/node"),
        (home / ".local" / "share" / "mise" / "installs" / "node", "*/bin/node"),
        (Path("/opt/hostedtoolcache/node"), "*/*/bin/node"),
    )
    for root, pattern in roots:
        yield from sorted(root.glob(pattern), reverse=True)


@lru_cache(maxsize=1)
def all_nodes() -> tuple[Node, ...]:
    """Every usable Node, the one that `node` starts first, then newest first; one of each version."""
    found = one_of_each_version(_candidates(), _ask)
    first = next(iter(found), None)
    return tuple(sorted(found.values(), key=lambda node: (node.version != first, [-number for number in node.numbers])))


def fitting(version: str | None) -> Node | None:
    """The best Node for a bundle that asks for `version` ("20", "20.11", "20.11.1"; None for any), or None."""
    return next((node for node in all_nodes() if version is None or node.fits(version)), None)
