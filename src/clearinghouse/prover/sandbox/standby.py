"""Keeps a few processes ready to become the next runs: what joining control groups costs is then paid ahead of need."""

from __future__ import annotations

import itertools
import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from clearinghouse.core.errors import SandboxUnavailable

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

    from clearinghouse.prover.sandbox.cgroup import Group, Hierarchies
    from clearinghouse.prover.sandbox.launcher import Launcher

MOST: Final = 8
CLOSE_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Standby:
    """One process that waits in its control groups for a run; `line` is the only way to it."""

    line: socket.socket
    group: Group | None


class Pool:
    """Hands out standbys and makes new ones: as many idle as there are runs under way, one at least, MOST at most."""

    def __init__(self, launcher: Launcher, hierarchies: Hierarchies, prefix: str, base: Mapping[str, Any]) -> None:
        self._launcher = launcher
        self._hierarchies = hierarchies
        self._prefix = prefix
        self._base = base
        self._guard = threading.Condition()
        self._numbers = itertools.count()
        self._idle: list[Standby] = []
        self._dead: list[Group] = []
        self._running = 0
        self._generation = 0
        self._making = 0
        self._closed = False
        self._owner = os.getpid()

    def take(self) -> Standby:
        """A standby for one run; `give_back` it in the end. OSError when control groups cannot be made any more."""
        with self._guard:
            if self._owner != os.getpid():  # a fork of the supervisor: these wait for its parent
                self._idle, self._dead, self._running, self._owner = [], [], 0, os.getpid()
            self._running += 1
            if self._idle:
                return self._idle.pop()
        try:
            return self._make()
        except BaseException:
            with self._guard:
                self._running -= 1
            raise

    def refill(self) -> None:
        """Make the next one; to be called once a run is under way, so that it goes first. Never fails the run."""
        with self._guard:
            if len(self._idle) >= min(max(1, self._running), MOST):
                return
        with suppress(OSError, SandboxUnavailable):  # the next `take` will say what is wrong
            made = self._make()
            with self._guard:
                self._idle.append(made)

    def renew(self) -> None:
        """Drop the idle, and have what every run sees shown anew: a file of it may have been replaced on the host."""
        with self._guard:
            self._generation += 1
            idle, self._idle = self._idle, []
            self._dead += [standby.group for standby in idle if standby.group]
        for standby in idle:
            standby.line.close()

    def give_back(self, standby: Standby) -> None:
        """The run is over: remove its groups, and those of earlier runs that the kernel still held then."""
        standby.line.close()
        with self._guard:
            self._running -= 1
            waiting, self._dead = [*self._dead, *([standby.group] if standby.group else [])], []
        still = [dead for dead in waiting if not dead.remove()]
        with self._guard:
            self._dead += still

    def _make(self) -> Standby:
        with self._guard:
            if self._closed:
                raise SandboxUnavailable("the sandbox was closed while it was in use")
            self._making += 1
        try:
            return self._made()
        finally:
            with self._guard:
                self._making -= 1
                self._guard.notify_all()

    def _made(self) -> Standby:
        group = None
        if self._hierarchies.places:
            group = self._hierarchies.make(f"{self._prefix}-{os.getpid()}-{next(self._numbers)}")
        base = {**self._base, "generation": self._generation, "cgroups": group.doors if group else []}
        line = self._launcher.prepare(base)
        return Standby(line, group)

    def close(self) -> None:
        """Let the idle go, and make no more: a control group made later would be nobody's."""
        with self._guard:
            self._closed = True
            self._guard.wait_for(lambda: not self._making, timeout=CLOSE_SECONDS)
            idle, self._idle = self._idle, []
        for standby in idle:
            standby.line.close()
