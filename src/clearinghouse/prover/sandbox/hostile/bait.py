"""What hostile programs go for outside: a secret file, listeners on the host's loopback, a process, a shown folder."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import TracebackType

CONTENT = "as it was"


class Bait:
    """Lies in a folder of its own and listens while it is entered; `touched` says which of it was reached."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch  # of the supervisor: where other runs' files would be
        self.shown = Path()

    def __enter__(self) -> Self:
        self._place = Path(tempfile.mkdtemp(prefix="clearinghouse-bait-"))
        self._place.chmod(0o755)  # the permissions would let anyone in: the walls must not
        self._secret = self._place / "secret"
        self._secret.write_text(secrets.token_hex(8))
        self._secret.chmod(0o644)
        self._kept = self._secret.read_text()
        self.shown = self._place / "shown"
        self.shown.mkdir()
        (self.shown / "file").write_text(CONTENT)
        for path, mode in ((self.shown, 0o777), (self.shown / "file", 0o666)):
            path.chmod(mode)  # again: only that it is shown read-only may keep them out
        self._name = "\0clearinghouse-bait-" + secrets.token_hex(8)
        self._listeners = {
            "TCP": _listen(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
            "UDP": _listen(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
            "an abstract socket": _listen(socket.AF_UNIX, socket.SOCK_STREAM, self._name),
            "an abstract datagram socket": _listen(socket.AF_UNIX, socket.SOCK_DGRAM, self._name + "-d"),
        }
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for listener in self._listeners.values():
            listener.close()
        shutil.rmtree(self._place, ignore_errors=True)

    def facts(self) -> dict[str, Any]:
        """Where everything is."""
        return {
            "secret": str(self._secret),
            "places": [str(self._place), str(self._scratch), str(self._scratch.parent), str(Path.home())],
            "tcp": self._listeners["TCP"].getsockname()[1],
            "udp": self._listeners["UDP"].getsockname()[1],
            "abstract": self._name,
            "pid": os.getpid(),
        }

    def touched(self) -> list[str]:
        """What was reached since the last time; empty when all is as it was."""
        found = []
        for name, listener in self._listeners.items():
            try:
                if listener.type == socket.SOCK_DGRAM:
                    listener.recv(1)
                else:
                    listener.accept()[0].close()
            except BlockingIOError:
                continue
            found.append(f"could reach {name} of the host")
        if self._secret.read_text() != self._kept:
            found.append("could change a file of the host")
        files = {path.name: path.read_text() for path in self.shown.iterdir()}
        if files != {"file": CONTENT}:
            found.append("could write to a folder that was shown to it")
        return found


def _listen(family: socket.AddressFamily, kind: socket.SocketKind, address: tuple[str, int] | str) -> socket.socket:
    listener = socket.socket(family, kind)
    listener.setblocking(False)
    listener.bind(address)
    if kind is socket.SOCK_STREAM:
        listener.listen()
    return listener
