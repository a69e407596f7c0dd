"""Follows one run from outside: drains its output, counts its CPU, stops it at its limits, notes what its init reports.

Nothing the command itself says decides how the run ended: that comes over the init's own line, and from the kernel's
counters.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from clearinghouse.prover.sandbox.capture import Head, HeadTail, Spool

if TYPE_CHECKING:
    from pathlib import Path

    from clearinghouse.prover.sandbox.cgroup import Group
    from clearinghouse.prover.sandbox.interface import Limits, Peer

START_SECONDS: Final = 60.0  # for the sandbox to stand, on a machine under load
GRACE_SECONDS: Final = 10.0  # for the init to do what it is there for, before it is killed with the rest
MEMORY_LOOK_SECONDS: Final = 0.25
MOST_PORTS: Final = 8  # that one run may have opened for it
_CHUNK: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Report:
    """The init's last word: how the first process ended, and amounts as it measured them (seconds, KiB)."""

    how: str
    code: int
    cpu_seconds: float
    own_seconds: float
    wall_seconds: float
    peak_kib: int
    present: tuple[int, ...]


def read_report(line: str) -> Report:
    """Parse `end how code cpu own wall peak present`. ValueError on anything else."""
    word, how, code, cpu, own, wall, peak, present = line.split()
    if word != "end":
        raise ValueError(f"not a report: {line!r}")
    indexes = () if present == "-" else tuple(int(index) for index in present.split(","))
    return Report(how, int(code), int(cpu) / 1e6, int(own) / 1e6, int(wall) / 1e6, int(peak), indexes)


@dataclass(slots=True)
class Watcher:
    """One run's descriptors and what came over them."""

    limits: Limits
    group: Group | None
    line: socket.socket
    peer: Peer | None = None
    report_to: Path | None = None
    stdout: HeadTail = field(init=False)
    stderr: HeadTail = field(init=False)
    report: Head = field(init=False)
    landlock: int = -1  # the version the init applied; -1 before it was ready
    ending: Report | None = None
    failure: str = ""
    stopped: str = ""  # the limit for which we ordered a stop: "cpu", "memory", "wall"
    cpu_before: float = 0.0
    _pid: int = -1
    _late: bool = False  # it did not come to its end in time
    _handed: bool = False  # its listening sockets are with the peer, who takes them but once
    _deadline: float = 0.0
    _next_look: float = 0.0
    _streams: dict[int, HeadTail | Head] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.stdout = HeadTail(self.limits.output_kib << 10)
        self.stderr = HeadTail(self.limits.output_kib << 10)
        room = self.limits.report_kib << 10
        self.report = Head(room) if self.report_to is None else Spool(room, self.report_to)

    def follow(self, stdout: int, stderr: int, report: int) -> None:
        """Return when every process of the run is dead. The three descriptors are read to their end; all stay open."""
        self._streams = {stdout: self.stdout, stderr: self.stderr, report: self.report}
        self._deadline = time.monotonic() + START_SECONDS
        poll = select.poll()
        for descriptor in (*self._streams, self.line.fileno()):
            poll.register(descriptor, select.POLLIN)
        living = len(self._streams) + 1
        kills = 0
        try:
            while living:
                for descriptor, _ in poll.poll(self._wait() * 1000):
                    if not self._take(descriptor):
                        poll.unregister(descriptor)
                        living -= 1
                if self._look():
                    kills += 1
                    if kills > 3:  # noqa: PLR2004 - a process that no kill ends hangs in the kernel; do not hang with it
                        self.failure = self.failure or "a process of the run cannot be killed"
                        return
        finally:
            self.report.close()
            if self._pid >= 0:
                os.close(self._pid)

    @property
    def unstarted(self) -> bool:
        """Whether it ended, of itself and soon, before the command was let go: nothing has run, it may be repeated."""
        return self.landlock < 0 and not self._late and not self._handed

    def _take(self, descriptor: int) -> bool:
        """Read what is there; False at the end of that descriptor."""
        if stream := self._streams.get(descriptor):
            chunk = os.read(descriptor, _CHUNK)
            stream.feed(chunk)
            return bool(chunk)
        try:
            message, passed, _, _ = socket.recv_fds(self.line, _CHUNK, MOST_PORTS)
        except ConnectionResetError:
            return False
        if passed and self._pid < 0:
            self._pid = passed[0]
        elif message:
            if passed:
                self._hand_over(passed)
            self._hear(message.decode("utf-8", "replace").strip())
        return bool(message)

    def _hand_over(self, passed: list[int]) -> None:
        """Give the run's listening sockets to what answers on them; any that nobody asked for are closed."""
        listeners = tuple(socket.socket(fileno=descriptor) for descriptor in passed)
        if self.peer is not None and self.landlock < 0 and len(listeners) == len(self.peer.ports):
            self._handed = True
            self.peer.serve(listeners)
        else:
            for listener in listeners:
                listener.close()

    def _hear(self, text: str) -> None:
        word, _, rest = text.partition(" ")
        if word == "ready":
            self.landlock = int(rest)
            if self.group:
                self.cpu_before = self.group.cpu_seconds() or 0.0
            self._deadline = time.monotonic() + self.limits.wall_seconds + GRACE_SECONDS
            self._send(b"g")
        elif word == "end":
            self.ending = read_report(text)
        else:
            self.failure = rest

    def _send(self, order: bytes) -> None:
        with suppress(OSError):
            self.line.send(order)

    def cpu_used(self) -> float | None:
        """CPU seconds by the control group since the command was let go; None without one."""
        now = self.group.cpu_seconds() if self.group else None
        return None if now is None else max(0.0, now - self.cpu_before)

    def _wait(self) -> float:
        """Seconds until something must be looked at."""
        now = time.monotonic()
        if self.landlock < 0 or self.ending or self.stopped:
            return max(0.0, self._deadline - now)
        return max(0.0, min(self._deadline, self._next_look) - now)

    def _look(self) -> bool:
        """Check the limits; True when the backstop had to strike."""
        now = time.monotonic()
        if now >= self._deadline:
            self._late = True
            self.stopped = self.stopped or ("wall" if self.landlock >= 0 else "")
            self.failure = self.failure or "the sandbox did not come to an end in time"
            self._deadline = now + GRACE_SECONDS
            self.kill()
            return True
        if self.landlock < 0 or self.ending or self.stopped or now < self._next_look:
            return False
        pause = MEMORY_LOOK_SECONDS
        used = self.cpu_used()
        if used is not None:
            left = self.limits.cpu_seconds - used
            if left <= 0:
                self._stop("cpu")
            pause = min(pause, max(0.01, left))  # at one CPU it cannot use up more in that time
        if self.group and self.group.out_of_memory_kills():
            self._stop("memory")
        self._next_look = now + pause
        return False

    def _stop(self, limit: str) -> None:
        self.stopped = limit
        self._deadline = time.monotonic() + GRACE_SECONDS
        self._send(limit[:1].encode())

    def kill(self) -> None:
        """End everything now, without asking the init."""
        if self._pid >= 0:
            with suppress(OSError):
                signal.pidfd_send_signal(self._pid, signal.SIGKILL)
        if self.group:
            self.group.kill()
