"""The supervisor's Unix socket that the canary executable knocks at, with the knocker's credentials."""

from __future__ import annotations

import contextlib
import os
import socket
import struct
import threading
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

_CREDENTIALS = struct.Struct("3i")
_SECONDS = 2.0
MOST_KNOCKS = 64  # kept; a run that floods the door learns nothing and fills nothing


class Door:
    """Listens while a run lasts. `knocks` are (user id, text) pairs as the kernel and the knocker said them."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "door"
        self.knocks: list[tuple[int, bytes]] = []
        self._socket = socket.socket(socket.AF_UNIX)
        # A socket's path is limited to 107 bytes; by descriptor the folder may be anywhere.
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self._socket.bind(f"/proc/self/fd/{descriptor}/door")
        finally:
            os.close(descriptor)
        self.path.chmod(0o666)
        self._socket.listen(16)
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # shutdown wakes a blocked accept; whatever knocked before the run ended is already queued and is taken first.
        self._socket.settimeout(0)
        self._drain()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join(timeout=2 * _SECONDS)
        self._socket.close()
        self.path.unlink(missing_ok=True)

    def _drain(self) -> None:
        while self._take():
            pass

    def _listen(self) -> None:
        while self._take():
            pass

    def _take(self) -> bool:
        try:
            connection, _ = self._socket.accept()
        except OSError:
            return False
        with connection:
            connection.settimeout(_SECONDS)
            raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
            _pid, uid, _gid = _CREDENTIALS.unpack(raw)
            text = b""
            with contextlib.suppress(OSError):  # whoever knocked may be dead by now, and has knocked all the same
                text = connection.recv(256)
                connection.sendall(b".")
            if len(self.knocks) < MOST_KNOCKS:
                self.knocks.append((uid, text))
        return True
