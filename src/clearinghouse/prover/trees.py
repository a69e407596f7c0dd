"""Makes changed copies of installed releases: what stays the same is shared with the original, never rewritten."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from clearinghouse.prover.installed import Installed


def link_tree(source: Path, tree: Path, skip: Callable[[str], bool]) -> None:
    """A copy of `source` at `tree` that shares its files, without those whose relative path `skip` names."""
    for parent, folders, files in os.walk(source):
        inside = Path(parent).relative_to(source)
        (tree / inside).mkdir(parents=True, exist_ok=True)
        folders.sort()
        for name in files:
            path = (inside / name).as_posix().removeprefix("./")
            if not skip(path):
                _link(Path(parent) / name, tree / inside / name)


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:  # another file system, or one that refuses links
        shutil.copy2(source, target, follow_symlinks=False)


def write_file(path: Path, content: bytes, mode: int = 0o644) -> None:
    """Put a file in its place, readable by every run; never through a hard link into a shared original."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    path.write_bytes(content)
    path.chmod(mode)


def edited(
    base: Installed, edits: Mapping[str, bytes | None], place: Path, stale: Callable[[Iterable[str], str], bool]
) -> Installed:
    """`base` at `place` with files replaced, added or (None) removed; paths relative to its tree.

    `stale` tells, given the edited paths and another path, whether that other file only repeats what was edited (a
    compiled form): such files are left out. `place` must not exist; its parent must.
    """
    tree = place / "tree"
    changed = set(edits)
    link_tree(base.tree, tree, lambda path: path in changed or stale(changed, path))
    for path, content in edits.items():
        if content is not None:
            write_file(tree / path, content)
    open_to_read(place)
    digest = hashlib.sha256(base.digest.encode())
    for path, content in sorted(edits.items()):
        digest.update(f"\n{path} {'-' if content is None else hashlib.sha256(content).hexdigest()}".encode())
    own = {path for path in (*base.own, *edits) if edits.get(path, b"") is not None}
    return replace(base, tree=tree, digest=digest.hexdigest(), own=tuple(sorted(own)))


def open_to_read(folder: Path) -> None:
    """Let every user traverse the folders below and including `folder`: runs have a user id of their own."""
    for parent, _folders, _files in os.walk(folder):
        Path(parent).chmod(0o755)
