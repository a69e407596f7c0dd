"""The decoy of one run: HTTP servers on its private loopback that answer from outside and remember who came.

The sandbox's init opens the ports inside and hands the sockets out before the command exists (sandbox/interface.py,
Peer). So the supervisor itself accepts, reads and answers: nothing inside the run holds what decides.

Two of them. The *innocent* server answers 200, or sends on to the decoy: by its address (127.0.0.1 there, localhost
here) that is another host and another port, so another origin. The *decoy* answers 200 and is what must not be reached.
"""

from __future__ import annotations

import base64
import binascii
import re
import secrets
import selectors
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self

from clearinghouse.core.canaries import REDIRECTS

if TYPE_CHECKING:
    from types import TracebackType

_PORTS: Final = (range(10_000, 20_000), range(20_000, 30_000))  # below those that the kernel gives to clients
_MOST_BYTES = 1 << 17  # kept of one request
_MOST_CONNECTIONS = 64  # answered in one run; the rest are closed at once
_QUIET_SECONDS = 2.0  # a request that goes on arriving so slowly is not waited for
_BASIC = re.compile(rb"Basic +([A-Za-z0-9+/=]{4,4096})", re.IGNORECASE)
_STATUS = re.compile(rb"[A-Z]+ \S*?/redirect/(\d{3})/")
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d{1,9}) *\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked *\r\n", re.IGNORECASE)


@dataclass(slots=True)
class _Visit:
    """One connection under way."""

    decoy: bool
    began: float
    data: bytearray = field(default_factory=bytearray)

    @property
    def complete(self) -> bool:
        """Whether a whole request has arrived, or as much of one as is read."""
        head, ended, body = bytes(self.data).partition(b"\r\n\r\n")
        if len(self.data) >= _MOST_BYTES:
            return True
        if not ended:
            return False
        head += b"\r\n"
        if _CHUNKED.search(head):
            return body.endswith(b"0\r\n\r\n")
        length = _LENGTH.search(head)
        return length is None or len(body) >= int(length[1])


class Decoy:
    """Listens while a run lasts. `heard` is what each visitor of the decoy sent, of the innocent server nothing."""

    def __init__(self) -> None:
        self.token = secrets.token_hex(16)
        self.ports = tuple(secrets.choice(ports) for ports in _PORTS)
        self.heard: list[bytes] = []
        self._visits: dict[socket.socket, _Visit] = {}
        self._taken = 0
        self._selector = selectors.DefaultSelector()
        self._listeners: tuple[socket.socket, ...] = ()
        self._thread = threading.Thread(target=self._loop, daemon=True)
        self._wake, self._waker = socket.socketpair()

    @property
    def url(self) -> str:
        """What must not be reached."""
        return f"http://localhost:{self.ports[0]}/{self.token}"

    @property
    def innocent(self) -> str:
        """What may be reached: answers 200."""
        return f"http://127.0.0.1:{self.ports[1]}/{self.token}"

    def redirect(self, status: int) -> str:
        """What may be reached, and sends on to the decoy with this status."""
        return f"http://127.0.0.1:{self.ports[1]}/redirect/{status}/{self.token}"

    def heard_of(self, secret: str) -> bool:
        """Whether a visitor of the decoy brought `secret`: in plain, or in the encoding of HTTP's basic credentials."""
        wanted = secret.encode()
        return any(wanted in text or any(wanted in _decoded(found) for found in _BASIC.findall(text))
                   for text in self.heard)  # fmt: skip

    def serve(self, listeners: tuple[socket.socket, ...]) -> None:
        """Answer on these sockets, in the order of `ports`."""
        self._listeners = listeners
        for listener in (*listeners, self._wake):
            listener.setblocking(False)
            self._selector.register(listener, selectors.EVENT_READ)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._waker.close()
        if self._thread.ident is not None:
            self._thread.join()
            # Who came before the run ended still stands in the queue, with what was sent.
            while self._step(0.0):
                pass
        for one in (*self._visits, *self._listeners, self._wake):
            self._end(one)
        self._selector.close()

    def _loop(self) -> None:
        while self._step(_QUIET_SECONDS):
            if self._wake not in self._selector.get_map():
                return

    def _step(self, seconds: float) -> bool:
        """Serve whoever is ready; False when nobody was (only where `seconds` is 0)."""
        ready = self._selector.select(seconds)
        now = time.monotonic()
        for key, _ in ready:
            one = key.fileobj
            assert isinstance(one, socket.socket)
            if one is self._wake:
                self._selector.unregister(one)
            elif one in self._listeners:
                self._accept(one, now)
            else:
                self._read(one)
        for one in [one for one, visit in self._visits.items() if now - visit.began > _QUIET_SECONDS]:
            self._answer(one)
        return bool(ready) or seconds > 0

    def _accept(self, listener: socket.socket, now: float) -> None:
        with suppress(OSError):
            connection, _ = listener.accept()
            self._taken += 1
            decoy = listener is self._listeners[0]
            if self._taken > _MOST_CONNECTIONS:
                if decoy and not self.heard:
                    self.heard.append(b"")
                connection.close()
                return
            connection.setblocking(False)
            self._visits[connection] = _Visit(decoy, now)
            self._selector.register(connection, selectors.EVENT_READ)

    def _read(self, one: socket.socket) -> None:
        visit = self._visits[one]
        try:
            chunk = one.recv(1 << 16)
        except OSError:
            chunk = b""
        visit.data += chunk
        if not chunk or visit.complete:
            self._answer(one)

    def _answer(self, one: socket.socket) -> None:
        visit = self._visits[one]
        status = _STATUS.match(bytes(visit.data[:4096]))
        sends_on = not visit.decoy and status is not None and int(status[1]) in REDIRECTS
        body = b"" if sends_on else self.token.encode()
        line = (
            f"HTTP/1.1 {int(status[1])} Elsewhere\r\nLocation: {self.url}" if sends_on and status else "HTTP/1.1 200 OK"
        )
        answer = f"{line}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        with suppress(OSError):
            one.send(answer.encode() + body)
        self._end(one)

    def _end(self, one: socket.socket) -> None:
        visit = self._visits.pop(one, None)
        if visit is not None and visit.decoy:
            self.heard.append(bytes(visit.data))
        with suppress(KeyError, ValueError):
            self._selector.unregister(one)
        one.close()


def _decoded(text: bytes) -> bytes:
    with suppress(binascii.Error, ValueError):
        return base64.b64decode(text)
    return b""
