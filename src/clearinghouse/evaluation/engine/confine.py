"""The engine's process reaches one host and port, or nothing: a network namespace of its own, and a door in it.

Inside the namespace there is only loopback. The name of the submitter's host is answered with loopback there, where a
forwarder hands each connection to a Unix socket; behind it the starter connects to that one host and port. TLS still
runs between engine and host, so the forwarder sees no key. Where no namespace can be had, the process itself refuses to
connect elsewhere: that stops an honest library, not a hostile one, and the evaluation says which of the two it was.
"""

from __future__ import annotations

import array
import ctypes
import fcntl
import os
import socket
import struct
import threading
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

from clearinghouse.core.errors import InvalidInput

NAMESPACE: Final = "network namespace"
GUARD: Final = "guard in the process"
_NEW_NET, _NEW_USER = 0x40000000, 0x10000000
_GET_FLAGS, _SET_FLAGS, _UP = 0x8913, 0x8914, 0x1
_CHUNK: Final = 1 << 16


def host_and_port(url: str) -> tuple[str, int]:
    """Where an address leads. Raises InvalidInput for one that is not http or https."""
    parts = urlsplit(url)
    try:
        port = parts.port or {"https": 443, "http": 80}[parts.scheme]
    except (KeyError, ValueError):
        raise InvalidInput(
            "the endpoint's address is not an http or https URL", advice="give it as https://HOST/v1"
        ) from None
    if not parts.hostname:
        raise InvalidInput("the endpoint's address names no host", advice="give it as https://HOST/v1")
    return parts.hostname, port


def confine(door: str | None, url: str) -> str:
    """Cut this process off, but for the endpoint behind the door; says by what. Call it before anything connects."""
    target = host_and_port(url) if url and door else None
    if not _new_namespace():
        _guard(target)
        return GUARD
    if target is not None and door is not None:
        listener = socket.create_server(("127.0.0.1", target[1]))
        threading.Thread(target=_forward, args=(listener, door), daemon=True).start()
    _answer_names(target, [(socket.AF_INET, ("127.0.0.1", target[1]))] if target else [])
    return NAMESPACE


def _new_namespace() -> bool:
    """Leave the machine's network. False where that is forbidden; then nothing has changed."""
    libc = ctypes.CDLL(None, use_errno=True)
    # Another user than root would need a user namespace too, and inside one the sandbox could not lease users.
    if os.geteuid() != 0 or libc.unshare(_NEW_NET) != 0:
        return False
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        request = array.array("B", struct.pack("16sH14s", b"lo", 0, b""))
        fcntl.ioctl(probe, _GET_FLAGS, request)
        flags = struct.unpack_from("H", request, 16)[0]
        fcntl.ioctl(probe, _SET_FLAGS, struct.pack("16sH14s", b"lo", flags | _UP, b""))
    return True


def _answer_names(target: tuple[str, int] | None, addresses: list[tuple[int, Any]]) -> None:
    """Only the one name has addresses."""

    def getaddrinfo(host: Any, port: Any, *_: Any, **__: Any) -> list[Any]:
        name = host.decode() if isinstance(host, bytes) else host
        if target is None or (name, int(port or 0)) != target:
            raise socket.gaierror(socket.EAI_NONAME, f"only the endpoint under review is reached from here, not {name}")
        return [(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address) for family, address in addresses]

    socket.getaddrinfo = getaddrinfo


def _guard(target: tuple[str, int] | None) -> None:
    """Without a namespace: connect to the target's addresses and to Unix sockets, and to nothing else."""
    found = socket.getaddrinfo(*target, type=socket.SOCK_STREAM) if target else []
    addresses = [(int(family), address) for family, _, _, _, address in found]
    _answer_names(target, addresses)
    known = {address[:2] for _, address in addresses}
    real, real_ex = socket.socket.connect, socket.socket.connect_ex

    def demand(one: socket.socket, address: Any) -> None:
        if one.family != socket.AF_UNIX and tuple(address[:2]) not in known:
            raise PermissionError("only the endpoint under review is reached from here")

    def connect(self: socket.socket, address: Any) -> None:
        demand(self, address)
        real(self, address)

    def connect_ex(self: socket.socket, address: Any) -> int:
        demand(self, address)
        return real_ex(self, address)

    vars(socket)["socket"] = type("socket", (socket.socket,), {"connect": connect, "connect_ex": connect_ex})


def _forward(listener: socket.socket, door: str) -> None:
    """Hand each connection to the door, for as long as the process lives."""
    while True:
        inner, _ = listener.accept()
        outer = socket.socket(socket.AF_UNIX)
        try:
            outer.connect(door)
        except OSError:
            inner.close()
            continue
        join(inner, outer)


def join(one: socket.socket, other: socket.socket) -> None:
    """Pass bytes both ways, in threads, until both sides have ended."""
    left = threading.Semaphore(1)

    def pump(source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(_CHUNK):
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)
        if not left.acquire(blocking=False):  # the second to end
            source.close()
            sink.close()

    for pair in ((one, other), (other, one)):
        threading.Thread(target=pump, args=pair, daemon=True).start()


class Door:
    """The starter's side: a Unix socket behind which lies one host and port. Use as a context manager."""

    def __init__(self, path: str, url: str) -> None:
        self.path = path
        self.target = host_and_port(url)

    def __enter__(self) -> str:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen()
        threading.Thread(target=self._serve, daemon=True).start()
        return self.path

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _serve(self) -> None:
        while True:
            try:
                inner, _ = self._listener.accept()
            except OSError:
                return
            try:
                outer = socket.create_connection(self.target, timeout=30)
            except OSError:
                inner.close()
                continue
            outer.settimeout(None)
            join(inner, outer)
