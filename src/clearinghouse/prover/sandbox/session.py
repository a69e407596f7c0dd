"""What one supervisor holds here: a folder, its lock, a prefix for control groups; and the sweep of what the dead left.

A supervisor that is killed cannot tidy up. Its folder stays, its lock does not: the kernel gives that up. Whoever
comes next takes the lock and removes what the folder names. A living supervisor holds its lock, so its runs are never
touched, however many supervisors share the state folder.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from clearinghouse.core.errors import SandboxUnavailable
from clearinghouse.prover.sandbox.cgroup import remove_named

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PREFIX = "supervisor-"
_GROUPS = "cgroups"  # the parents of our control groups, one a line
_LOCK = "lock"


class Session:
    """One living supervisor's claim: `folder` for its files, `name` as the prefix of whatever it makes elsewhere."""

    def __init__(self, folder: Path, lock: int) -> None:
        self.folder = folder
        self.name = "clearinghouse-" + folder.name.removeprefix(_PREFIX)
        self._lock = lock
        self._owner = os.getpid()
        self._parents: tuple[Path, ...] = ()

    def uses_groups_below(self, parents: Iterable[Path]) -> None:
        """Note, before the first is made, where our control groups will be, for whoever sweeps after us."""
        self._parents = tuple(dict.fromkeys(parents))
        (self.folder / _GROUPS).write_text("".join(f"{parent}\n" for parent in self._parents))

    def close(self) -> None:
        """Remove everything and give up the claim. Does nothing in a fork of the supervisor, nor the second time."""
        if self._lock < 0 or self._owner != os.getpid():
            return
        remove_named(self._parents, self.name)
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)
        self._lock = -1


def open_session(state: Path) -> Session:
    """Sweep what the dead left in `state`, then claim a place there. SandboxUnavailable when it cannot be used."""
    try:
        state.mkdir(parents=True, exist_ok=True, mode=0o700)
        with _alone(state):
            _sweep(state)
            folder = state / (_PREFIX + secrets.token_hex(6))
            folder.mkdir(mode=0o700)
            lock = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise SandboxUnavailable(
            f"the sandbox cannot keep its state in {state}: {error}", advice="choose a folder that you may write"
        ) from error
    return Session(folder, lock)


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    """Hold the state folder's own lock: sweeping and claiming never meet."""
    lock = os.open(state / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _sweep(state: Path) -> None:
    """Remove the folders, and the control groups named in them, whose supervisor is dead."""
    for folder in state.glob(f"{_PREFIX}*"):
        try:
            lock = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError:
            continue
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            parents: list[Path] = []
            with suppress(OSError):
                parents = [Path(line) for line in (folder / _GROUPS).read_text().splitlines() if line]
            remove_named(parents, "clearinghouse-" + folder.name.removeprefix(_PREFIX))
            shutil.rmtree(folder, ignore_errors=True)
        except BlockingIOError:
            continue  # its supervisor lives
        finally:
            os.close(lock)
