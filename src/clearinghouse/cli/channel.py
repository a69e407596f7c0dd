"""What the server itself refuses, before any page is asked: a problem document, and the sender gets to read it."""

from __future__ import annotations

import json
import socket
from typing import Any

from waitress.channel import HTTPChannel
from waitress.task import ErrorTask

from clearinghouse.core.report import MAX_REPORT_BYTES

TYPE = "application/problem+json"
MAX_DISCARDED = 256 * 1024 * 1024  # bytes that a refused sender may still send before the connection is cut
_TOO_LARGE = 413
_WORDS = {
    _TOO_LARGE: ("Too large", "too-large"),
    400: ("Bad request", "bad-request"),
    431: ("Request headers too large", "bad-request"),
    501: ("Not implemented", "bad-request"),
}


class Refusal(ErrorTask):
    """Answers a request that the server does not hand on: too large, or not HTTP as it is to be."""

    def execute(self) -> None:
        """Write the answer; the connection ends with it."""
        limits = self.channel.server.adj
        body = document(self.request.error, body=limits.max_request_body_size, header=limits.max_request_header_size)
        self.status = f"{self.request.error.code} {self.request.error.reason}"
        self.response_headers.append(("Content-Type", TYPE))
        self.response_headers.append(("Cache-Control", "no-store"))
        self.response_headers.append(("X-Content-Type-Options", "nosniff"))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.channel.refused = True
        self.write(body)


class Channel(HTTPChannel):
    """A connection whose refusals are read: what is still being sent is thrown away until the sender has the answer.

    A connection that is closed with unread bytes is reset, and a reset takes the answer along.
    """

    error_task_class = Refusal
    close_when_flushed = False
    refused = False
    discarded = 0
    draining = False

    def handle_write(self) -> None:
        """Send what is to be sent; after a refusal, end only our half of the connection."""
        if not (self.refused and self.close_when_flushed) or self.will_close:
            super().handle_write()
            return
        self._flush_exception(self._flush_some)
        if self.will_close:
            self.handle_close()
        elif not self.total_outbufs_len:
            self.close_when_flushed = False
            self.draining = True
            try:
                self.socket.shutdown(socket.SHUT_WR)
            except OSError:
                self.handle_close()  # the other side was faster

    def handle_read(self) -> None:
        """Take what was sent; after a refusal, throw it away, so far as there is an end to it.

        The time of the last activity stays, so that the server's own clock closes who sends too slowly.
        """
        if not self.draining:
            super().handle_read()
            return
        try:
            data = self.recv(self.adj.recv_bytes)
        except OSError:
            data = b""
        self.discarded += len(data)
        if not data or self.discarded > MAX_DISCARDED:
            self.handle_close()


def document(error: Any, *, body: int, header: int) -> bytes:
    """The problem document of what the server's parser refused, with the limits in bytes."""
    title, code = _WORDS.get(error.code, ("Internal error", "error"))
    if error.code == _TOO_LARGE:
        detail = f"the body is larger than {body // 2**20} MiB"
        advice = f"send less: a report may have {MAX_REPORT_BYTES // 2**20} MiB"
    elif error.code == 431:  # noqa: PLR2004
        detail, advice = f"the headers are larger than {header // 1024} KiB", "send fewer or shorter headers"
    elif error.code in _WORDS:
        detail, advice = str(error.body)[:200], "send HTTP/1.1 as RFC 9112 has it"
    else:
        detail, advice = "something failed here", "the server's diagnostics say what; try again later"
    found = {
        "type": f"/api/docs#{code}",
        "title": title,
        "status": error.code,
        "code": code,
        "detail": detail,
        "advice": advice,
    }
    return json.dumps(found, ensure_ascii=False, indent=2).encode() + b"\n"
