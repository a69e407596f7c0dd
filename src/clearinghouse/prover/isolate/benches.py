"""Keeps trees to try candidates in: a linked copy of a large release costs far more than a candidate's few files.

Where a release runs from its source, each of a few copies is changed in place from one candidate to the next. Where it
is built, every candidate is built in a folder of its own.
"""

from __future__ import annotations

import queue
import shutil
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from clearinghouse.prover.trees import write_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from clearinghouse.prover.installed import Installed
    from clearinghouse.prover.runtimes.interface import Runtime


@dataclass(slots=True)
class _Copy:
    """A copy of the release, and what its changeable files hold now (None: absent)."""

    tree: Installed
    now: dict[str, bytes | None]


class Benches:
    """Trees of `base` with some of its files changed; `old` are its files that may change, `paths` all that may.

    Safe for several threads. `close` removes what is left.
    """

    def __init__(
        self, runtime: Runtime, base: Installed, *, old: Mapping[str, bytes], paths: frozenset[str], scratch: Path
    ) -> None:
        self._runtime = runtime
        self._base = base
        self._old = {path: old.get(path) for path in sorted(paths)}
        self._folder = Path(tempfile.mkdtemp(prefix="candidates.", dir=scratch))
        self._folder.chmod(0o711)
        self._free: queue.SimpleQueue[_Copy] = queue.SimpleQueue()

    def close(self) -> None:
        """Remove every copy."""
        shutil.rmtree(self._folder, ignore_errors=True)

    @contextmanager
    def fresh(self, edits: Mapping[str, bytes | None]) -> Iterator[Installed]:
        """The release with `edits`, made for this block alone. Raises ProvisionError where it does not build."""
        folder = Path(tempfile.mkdtemp(prefix="fresh.", dir=self._folder))
        folder.chmod(0o711)
        try:
            yield self._runtime.edited(self._base, edits, folder / "release")
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def quick(self, edits: Mapping[str, bytes | None]) -> Iterator[Installed]:
        """The release with `edits`, in a copy that the next candidate will have after this block."""
        if self._base.source is not None:
            with self.fresh(edits) as tree:
                yield tree
            return
        copy = self._take()
        wanted = {**self._old, **edits}
        own = {*copy.tree.own, *edits}
        for path, content in wanted.items():
            if copy.now[path] != content:
                _put(copy.tree.tree, path, content)
                copy.now[path] = content
        present = tuple(sorted(path for path in own if wanted.get(path, b"") is not None))
        yield replace(copy.tree, own=present)
        self._free.put(copy)  # not after an error: the copy is then in an unknown state

    def _take(self) -> _Copy:
        with suppress(queue.Empty):
            return self._free.get_nowait()
        # Written once with every changeable file replaced, so that nothing compiled from one stays beside it.
        place = Path(tempfile.mkdtemp(prefix="copy.", dir=self._folder))
        place.chmod(0o711)
        start = {path: content if content is not None else b"" for path, content in self._old.items()}
        tree = self._runtime.edited(self._base, start, place / "release")
        for path, content in self._old.items():
            if content is None:
                _put(tree.tree, path, None)
        return _Copy(replace(tree, own=self._base.own), dict(self._old))


def _put(tree: Path, path: str, content: bytes | None) -> None:
    """Write or remove a file, and the folders that nothing is left in."""
    place = tree / path
    if content is not None:
        write_file(place, content)
        for parent in place.parents:
            if parent == tree:
                break
            parent.chmod(0o755)
        return
    place.unlink(missing_ok=True)
    with suppress(OSError):  # not empty
        for parent in place.parents:
            if parent == tree:
                break
            parent.rmdir()
