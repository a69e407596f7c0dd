"""Keeps the beginning and the end of a stream of any length in bounded memory, and counts what it let go."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class HeadTail:
    """The first and the last `limit // 2` bytes fed to it; a stream no longer than `limit` bytes is kept whole."""

    def __init__(self, limit: int) -> None:
        self._half = max(1, limit // 2)
        self._head = bytearray()
        self._tail = bytearray()
        self._seen = 0

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the stream."""
        self._seen += len(chunk)
        room = self._half - len(self._head)
        if room > 0:
            self._head += chunk[:room]
            chunk = chunk[room:]
        self._tail += chunk
        # Trimmed only when twice too long: each byte is then moved at most twice.
        if len(self._tail) > 2 * self._half:
            del self._tail[: -self._half]

    @property
    def dropped(self) -> int:
        """Bytes that were seen and not kept."""
        return max(0, self._seen - 2 * self._half)

    def content(self) -> bytes:
        """What was kept: head and tail joined without any mark, so that nothing is in it that the run did not write."""
        return bytes(self._head + self._tail[-self._half :])


class Head:
    """The first `limit` bytes fed to it; the rest is counted in `dropped`."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._kept = bytearray()
        self.dropped = 0

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the stream."""
        room = self._limit - len(self._kept)
        self._kept += chunk[:room]
        self.dropped += max(0, len(chunk) - room)

    def content(self) -> bytes:
        """What was kept."""
        return bytes(self._kept)

    def close(self) -> None:
        """Nothing more will come."""


class Spool(Head):
    """The first `limit` bytes fed to it, kept in the file `place` and not in memory; `content` is empty."""

    def __init__(self, limit: int, place: Path) -> None:
        super().__init__(0)
        self._room = limit
        self._place = place.open("wb")

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the stream."""
        kept = chunk[: self._room]
        self._room -= len(kept)
        self._place.write(kept)
        self.dropped += len(chunk) - len(kept)

    def close(self) -> None:
        """Nothing more will come."""
        self._place.close()
