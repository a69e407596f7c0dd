"""Finds where this process may make control groups: reads the mounts and its own membership, then tries.

Nothing is taken for granted from names: a controller counts as present only after a group was made and its file found.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from clearinghouse.prover.sandbox.cgroup import WANTED, Hierarchies, Place

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Tree:
    """One mounted hierarchy: its version, its controllers (version 1), where it is mounted, and our own group in it."""

    version: int
    controllers: frozenset[str]
    top: Path
    own: Path


def find_hierarchies(name: str, *, proc: Path = Path("/proc/self")) -> Hierarchies:
    """The bounds that can be set from here. `name` is a group name nobody else uses; nothing of it stays."""
    try:
        trees = list(read_trees((proc / "mountinfo").read_text(), (proc / "cgroup").read_text()))
    except OSError:
        return Hierarchies({})
    places: dict[str, Place] = {}
    for tree in sorted(trees, key=lambda tree: -tree.version):
        for kind, place in _try(tree, name).items():
            places.setdefault(kind, place)
    return Hierarchies(places)


def read_trees(mountinfo: str, membership: str) -> Iterator[Tree]:
    """The hierarchies named in the two kernel files of that name."""
    own = {}
    for line in membership.splitlines():
        number, named, path = line.split(":", 2)
        own["" if number == "0" else named] = path
    for line in mountinfo.splitlines():
        before, _, after = line.partition(" - ")
        fields, (kind, _, options) = before.split(), after.split(" ", 2)
        if kind not in ("cgroup", "cgroup2"):
            continue
        root, top = fields[3], Path(_unescape(fields[4]))
        controllers = frozenset(options.split(",")) if kind == "cgroup" else frozenset()
        for names, path in own.items():
            if (kind == "cgroup2" and names == "") or (names and set(names.split(",")) <= controllers):
                yield Tree(2 if kind == "cgroup2" else 1, controllers, top, _inside(top, root, path))


def _unescape(text: str) -> str:
    return text.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")


def _inside(top: Path, root: str, path: str) -> Path:
    """Our group's folder: the mount may show only a part of the tree, and the part may not hold us."""
    if root != "/" and (path == root or path.startswith(root + "/")):
        path = path[len(root) :]
    own = top / path.lstrip("/")
    return own if ".." not in own.parts and own.is_dir() else top


def _try(tree: Tree, name: str) -> dict[str, Place]:
    """What a group made in this tree really has."""
    if tree.version == 1:
        return _probe(tree, tree.own, name)
    best: dict[str, Place] = {}
    for parent in _candidates(tree):
        found = _probe(tree, parent, name)
        if len(found) > len(best):
            best = found
        if len(best) == len(WANTED):
            break
    return best


def _candidates(tree: Tree) -> Iterator[Path]:
    """Folders of a version 2 tree to try, nearest first.

    A group with members cannot hand controllers to groups below it. So: our own group as it is; our own after stepping
    aside into a leaf, when no one else is in it (a delegated service); then, for root, those above.
    """
    yield tree.own
    if _step_aside(tree.own):
        yield tree.own
    if os.geteuid() == 0:
        here = tree.own
        while here != tree.top:
            here = here.parent
            yield here


def _step_aside(own: Path) -> bool:
    """Move this process, if it is alone, into a leaf of its own group and hand the controllers down."""
    try:
        if (own / "cgroup.procs").read_text().split() != [str(os.getpid())]:
            return False
        offered = (own / "cgroup.controllers").read_text().split()
        if not {"memory", "pids"} <= set(offered):
            return False
        leaf = own / "clearinghouse-supervisor"
        leaf.mkdir(exist_ok=True)
        (leaf / "cgroup.procs").write_text(str(os.getpid()))
        for controller in ("memory", "pids", "cpu"):
            with suppress(OSError):
                (own / "cgroup.subtree_control").write_text(f"+{controller}")
    except OSError:
        return False
    return True


def _probe(tree: Tree, parent: Path, name: str) -> dict[str, Place]:
    """Make a group, look at what is in it, remove it."""
    folder = parent / name
    try:
        folder.mkdir()
    except OSError:
        return {}
    try:
        found = {}
        for kind, (controller, file_v1, file_v2) in WANTED.items():
            if tree.version == 1 and controller not in tree.controllers:
                continue
            file = file_v1 if tree.version == 1 else file_v2
            if os.access(folder / file, os.R_OK if kind == "usage" else os.W_OK):
                found[kind] = Place(tree.version, parent)
        return found
    finally:
        with suppress(OSError):
            folder.rmdir()
