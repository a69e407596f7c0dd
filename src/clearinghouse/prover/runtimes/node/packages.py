"""Reads npm packages in a tree: which files are the target's own, and whether a companion trespasses."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from clearinghouse.prover.installed import Installed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FOLDER = "node_modules"
RESOLVED = "resolved.txt"
SOURCES = (".js", ".cjs", ".mjs")


def read_installed(place: Path, name: str, version: str) -> Installed:
    """Describe the target `name` installed at `place`."""
    tree = place / "tree"
    resolved = (place / RESOLVED).read_text(encoding="utf-8")
    metadata = f"{FOLDER}/{name}"
    digest = hashlib.sha256(resolved.encode()).hexdigest()
    return Installed(tree, version, digest, own_files(tree, metadata), metadata, resolved)


def own_files(tree: Path, folder: str) -> tuple[str, ...]:
    """The files of one package, relative to the tree, without those of packages inside it, sorted."""
    found = []
    for parent, folders, files in os.walk(tree / folder):
        folders[:] = [name for name in folders if name != FOLDER]
        found += [(Path(parent) / name).relative_to(tree).as_posix() for name in files]
    return tuple(sorted(found))


def resolved_of(lock: Mapping[str, object]) -> str:
    """What a lock file pins, one line for each package: its place, version and integrity hash. Names no registry."""
    packages = lock.get("packages")
    assert isinstance(packages, dict)
    lines = [
        f"{place} {package.get('version', '-')} {package.get('integrity', '-')}"
        for place, package in packages.items()
        if place
    ]
    return "".join(f"{line}\n" for line in sorted(lines))


def trespass(builtins: frozenset[str], companions: Iterable[str], target: str) -> str | None:
    """Why a named companion may not stand beside the target, or None when all is well.

    Each package has a folder of its own, so a companion cannot hold the target's files; it may not go by the name of a
    module of Node's, nor by the target's in other letters.
    """
    for name in companions:
        if name in builtins or name.split("/")[0] in builtins:
            return f'target.with: the companion "{name}" has the name of a module of Node itself; remove it'
        if name.lower() == target.lower():
            return f'target.with: the companion "{name}" has the name of the target; remove it'
    return None


def version_named(text: str) -> str | None:
    """The version that the text of a `package.json` gives, or None."""
    try:
        document = json.loads(text)
    except ValueError:
        return None
    version = document.get("version") if isinstance(document, dict) else None
    return version if isinstance(version, str) else None
