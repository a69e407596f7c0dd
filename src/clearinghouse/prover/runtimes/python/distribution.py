"""Reads Python distributions in a tree: which files are the target's own, and whether a companion trespasses."""

from __future__ import annotations

import csv
import hashlib
import sys
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from clearinghouse.core.manifest_target import normalised
from clearinghouse.prover.installed import Installed

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def _dist_name(folder: Path) -> str:
    return normalised(folder.name.removesuffix(".dist-info").rsplit("-", 1)[0])


def recorded_files(dist_info: Path) -> tuple[str, ...]:
    """Paths that a distribution's RECORD names and that lie in the tree, sorted."""
    try:
        rows = list(csv.reader((dist_info / "RECORD").read_text(encoding="utf-8").splitlines()))
    except OSError:
        return ()
    paths = {PurePosixPath(row[0]) for row in rows if row and "\\" not in row[0]}
    inside = {str(path) for path in paths if not path.is_absolute() and ".." not in path.parts}
    return tuple(sorted(path for path in inside if not path.endswith(".pyc")))


def read_installed(place: Path, name: str, version: str) -> Installed:
    """Describe the target `name` installed at `place`."""
    tree = place / "tree"
    resolved = (place / "requirements.txt").read_text(encoding="utf-8")
    dist_info = next((folder for folder in sorted(tree.glob("*.dist-info")) if _dist_name(folder) == name), None)
    own = recorded_files(dist_info) if dist_info else ()
    digest = hashlib.sha256(resolved.encode()).hexdigest()
    metadata = dist_info.name if dist_info else ""
    return Installed(tree, version, digest, own, metadata, resolved)


def import_names(files: Iterable[str]) -> frozenset[str]:
    """Top-level names that a set of installed files makes importable."""
    names = set()
    for path in files:
        parts = PurePosixPath(path).parts
        if not parts or parts[0].endswith((".dist-info", ".data")) or parts[0] == "bin":
            continue
        if len(parts) == 1 and not path.endswith((".py", ".so", ".pyd", ".pth")):
            continue
        names.add(parts[0].split(".")[0])
    return frozenset(names)


def trespass(installed: Installed, companions: Iterable[str]) -> str | None:
    """Why a named companion may not stand beside the target, or None when all is well.

    It may not provide a file or an import name of the target or of the standard library.
    """
    own_files, own_names = set(installed.own), import_names(installed.own)
    for folder in sorted(installed.tree.glob("*.dist-info")):
        name = _dist_name(folder)
        if name not in companions:
            continue
        files = recorded_files(folder)
        names = import_names(files)
        shared = sorted(own_files & set(files)) or sorted(own_names & names)
        if shared:
            return f'target.with: the companion "{name}" provides "{shared[0]}", which belongs to the target; remove it'
        standard = sorted(names & sys.stdlib_module_names)
        if standard:
            owner = "a name of the standard library"
            return f'target.with: the companion "{name}" provides "{standard[0]}", {owner}; remove it'
    return None
