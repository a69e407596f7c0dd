"""The demo's folder: whose work it holds, whether that is finished, and how it is emptied for other inputs.

A mark in the folder names the inputs by their digest. It is written before anything else and never removed, so a
folder without it is not ours and is left alone; emptying first takes the digest out of the mark, so that an interrupted
emptying is taken up again.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clearinghouse.core.errors import Conflict, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_MARK, _LOCK = "demo.json", "demo.lock"
_DRAFT = ".demo.json."
_KEPT = {_MARK, _LOCK, "state"}  # `state` says what a killed prover left behind; the next prover removes that by it


@dataclass(frozen=True, slots=True)
class Mark:
    """What the folder holds: the digest of its inputs (empty while it is being emptied), and whether all is done."""

    digest: str
    finished: bool


class DemoHome:
    """The folder, held by a lock that ends with this process: alone while it is changed, together while it is read.

    Raises Refused for a folder that holds something else, Conflict when another demo holds it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._lock = -1

    @contextmanager
    def held(self, digest: str) -> Iterator[DemoHome]:
        """Hold the folder, made where it is absent: alone, or with others that read a finished demo of `digest`."""
        names = {path.name for path in self.folder.iterdir()} if self.folder.is_dir() else set()
        if _MARK not in names and not all(name == _LOCK or name.startswith(_DRAFT) for name in names):
            raise Refused(
                f"{self.folder} holds something else than a demo",
                advice="name another folder with --home; without it CLEARINGHOUSE_HOME is used where set",
            )
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = os.open(self.folder / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            if self._take(fcntl.LOCK_EX):
                for name in names:
                    if name.startswith(_DRAFT):
                        (self.folder / name).unlink(missing_ok=True)
                if _MARK not in names:
                    self._write(Mark("", finished=False))
            elif not (self._take(fcntl.LOCK_SH) and self.mark() == Mark(digest, finished=True)):
                raise self._conflict()
            yield self
        finally:
            os.close(self._lock)

    def share(self) -> None:
        """Keep others from changing the folder, and let them read it too."""
        self._take(fcntl.LOCK_SH)

    def alone(self) -> None:
        """Keep others from reading it too, before it is changed."""
        if not self._take(fcntl.LOCK_EX):
            raise self._conflict()

    def mark(self) -> Mark:
        """What the folder holds; a mark that cannot be read counts as none."""
        try:
            document = json.loads((self.folder / _MARK).read_text(encoding="utf-8"))
            return Mark(str(document["digest"]), document["finished"] is True)
        except (OSError, ValueError, KeyError, TypeError):
            return Mark("", finished=False)

    def begin(self, digest: str) -> None:
        """Empty the folder for inputs of this digest, unless it holds their work already."""
        if self.mark().digest == digest:
            return
        self._write(Mark("", finished=False))
        for path in self.folder.iterdir():
            if path.name in _KEPT:
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        self._write(Mark(digest, finished=False))

    def make_once(self, name: str, make: Callable[[], object], remains: str) -> None:
        """Have `make` run to its end once; where it was cut short, `remains` (a pattern) is removed first."""
        done = self.folder / f"{name}.made"
        if done.exists():
            return
        for path in self.folder.glob(remains):
            path.unlink()
        make()
        done.touch()

    def forget(self) -> None:
        """Have the next `begin` empty the folder, whatever it holds."""
        self._write(Mark("", finished=False))

    def finish(self) -> None:
        """Note that everything is done."""
        self._write(Mark(self.mark().digest, finished=True))

    def _write(self, mark: Mark) -> None:
        draft = self.folder / f"{_DRAFT}{os.getpid()}"
        with draft.open("w", encoding="utf-8") as file:
            json.dump({"digest": mark.digest, "finished": mark.finished}, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self.folder / _MARK)

    def _take(self, how: int) -> bool:
        try:
            fcntl.flock(self._lock, how | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _conflict(self) -> Conflict:
        return Conflict(f"another demo uses {self.folder}", advice="end it first, or name another with --home")
