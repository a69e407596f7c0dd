"""The supervisor's side of launch.py: starts that process when first needed, and again should it have died."""

from __future__ import annotations

import fcntl
import marshal
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clearinghouse.core.errors import SandboxUnavailable
from clearinghouse.prover.sandbox.launch import PASSED

if TYPE_CHECKING:
    from collections.abc import Mapping

_PROGRAM = Path(__file__).with_name("launch.py")


def memory_file(content: bytes) -> int:
    """A descriptor at the start of `content`, which lies in memory and which nobody can change."""
    descriptor = os.memfd_create("clearinghouse", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
    return descriptor


def send_off(line: socket.socket, spec: Mapping[str, Any], descriptors: Mapping[str, int]) -> None:
    """Send a fork that stands by on its way. OSError when it is dead."""
    order = memory_file(marshal.dumps(dict(spec)))
    try:
        socket.send_fds(line, [b"r"], [order if name == "spec" else descriptors[name] for name in PASSED])
    finally:
        os.close(order)


class Launcher:
    """Makes processes that stand by to become bubblewrap. Safe to use from several threads.

    `folder` is the supervisor's own; the launcher removes it should the supervisor be killed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)
        self._guard = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self._owner = os.getpid()

    def prepare(self, base: Mapping[str, Any]) -> socket.socket:
        """The line to a fork that readies itself; what goes wrong in it is told there."""
        packet = marshal.dumps(dict(base))
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs, self._guard:
            try:
                try:
                    socket.send_fds(self._connected(), [packet], [theirs.fileno()])
                except OSError:  # it was killed: its runs died with it, ours need not
                    self._stop()
                    socket.send_fds(self._connected(), [packet], [theirs.fileno()])
            except OSError as error:
                ours.close()
                raise SandboxUnavailable(
                    f"the sandbox's launcher does not start: {error}", advice="run `clearinghouse doctor`"
                ) from error
        return ours

    def close(self) -> None:
        """End the launcher, and with it every run that still lives."""
        with self._guard:
            self._stop()

    def _connected(self) -> socket.socket:
        if self._owner != os.getpid():  # a fork of the supervisor: the line is its parent's
            self._process, self._line, self._owner, self._folder = None, None, os.getpid(), ""
        if self._line is None:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", "-B", str(_PROGRAM), self._folder],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    cwd="/",
                    start_new_session=True,  # a signal to the supervisor's group must not keep it from tidying up
                )
            self._line = ours
        return self._line

    def _stop(self) -> None:
        if self._line is not None:
            self._line.close()
            self._line = None
        if self._process is not None:
            if self._owner == os.getpid():
                self._process.kill()
                self._process.wait()
            self._process = None
