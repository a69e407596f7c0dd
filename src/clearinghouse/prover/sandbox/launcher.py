"""The supervisor's side of launch.py: starts that process when first needed, and again should it have died."""

from __future__ import annotations

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
    """A descriptor, read-only in effect, whose content lies in memory: sealed, at its start."""
    import fcntl  # noqa: PLC0415 - Linux only; this module is importable elsewhere

    descriptor = os.memfd_create("clearinghouse", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    seals = fcntl.F_SEAL_WRITE | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_SEAL
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
    return descriptor


class Launcher:
    """Turns a specification into a started bubblewrap. Safe to use from several threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self._owner = os.getpid()

    def start(self, spec: Mapping[str, Any], descriptors: Mapping[str, int]) -> None:
        """Ask for one run; what goes wrong from here on shows on the run's own descriptors."""
        order = memory_file(marshal.dumps(dict(spec)))
        try:
            passed = [order if name == "spec" else descriptors[name] for name in PASSED]
            with self._guard:
                try:
                    socket.send_fds(self._connected(), [b"r"], passed)
                except OSError:  # it was killed: its runs died with it, ours need not
                    self._stop()
                    socket.send_fds(self._connected(), [b"r"], passed)
        except OSError as error:
            raise SandboxUnavailable(
                f"the sandbox's launcher does not start: {error}", advice="run `clearinghouse doctor`"
            ) from error
        finally:
            os.close(order)

    def close(self) -> None:
        """End the launcher, and with it every run that still lives."""
        with self._guard:
            self._stop()

    def _connected(self) -> socket.socket:
        if self._owner != os.getpid():  # a fork of the supervisor: the line is its parent's
            self._process, self._line, self._owner = None, None, os.getpid()
        if self._line is None:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            with theirs:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", "-B", str(_PROGRAM)],
                    stdin=theirs.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    cwd="/",
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
