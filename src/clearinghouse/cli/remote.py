"""Talks to another machine's clearinghouse: its address, the token, requests that are repeated safely, and answers.

The token comes from a file or from the environment, never from the command line, and is sent to that server only:
redirections are not followed.
"""

from __future__ import annotations

import io
import ipaddress
import json
import os
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from uuid import uuid4

from clearinghouse.cli.output import clean, say
from clearinghouse.core.errors import (
    ClearinghouseError,
    Conflict,
    InvalidInput,
    NotFound,
    Refused,
    Unavailable,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import requests

TOKEN_VARIABLE = "CLEARINGHOUSE_TOKEN"  # noqa: S105  # the name of a variable, not a token
ATTEMPTS = 5
_TIMEOUT = (10, 120)  # seconds to connect, and between bytes of an answer
_MAX_ANSWER = 1024 * 1024
_MAX_TOKEN = 500
_TOKEN = "put nothing there but the token, as `clearinghouse token create` printed it"  # noqa: S105  # words about one
_LONGEST_PAUSE = 60.0
_ADDRESS = "give one like https://clearinghouse.example"
_AGAIN = frozenset({409, 429, 502, 503, 504})
_ERRORS: dict[int, type[ClearinghouseError]] = {
    401: Refused,
    403: Refused,
    404: NotFound,
    409: Conflict,
    429: Unavailable,
}


@dataclass(frozen=True, slots=True)
class Server:
    """A server's address, without a slash at its end."""

    address: str

    @classmethod
    def parse(cls, text: str) -> Server:
        """The server at that address. Raises UsageError unless it is https, or http on this very machine."""
        try:
            parts = urlsplit(text)
            host, _port = parts.hostname or "", parts.port
        except ValueError:
            raise UsageError(f"{clean(text)} is no address", advice=_ADDRESS) from None
        if parts.scheme not in {"https", "http"} or not host or parts.username or parts.query or parts.fragment:
            raise UsageError(f"{clean(text)} is no server's address", advice=_ADDRESS)
        if parts.scheme == "http" and not _is_loopback(host):
            raise UsageError(f"{clean(text)}: a token is sent over https only", advice="use the https address")
        return cls(text.rstrip("/"))


def token_from(file: Path | None, variable: str | None) -> str:
    """The token in a file, else in an environment variable. Raises UsageError, InvalidInput."""
    if file is not None:
        try:
            with file.open("rb") as stream:
                found = stream.read(_MAX_TOKEN + 1).decode("ascii").strip()
        except (OSError, UnicodeDecodeError):
            raise InvalidInput(f"{file}: holds no token that can be read", advice=_TOKEN) from None
        place = str(file)
    else:
        name = variable or TOKEN_VARIABLE
        found, place = os.environ.get(name, "").strip(), f"the environment variable {name}"
    if not found:
        raise UsageError(f"there is no token in {place}", advice=f"use --token-file, or set {TOKEN_VARIABLE}")
    if len(found) > _MAX_TOKEN or not found.isascii() or not found.isprintable() or " " in found:
        raise InvalidInput(f"{place}: what it holds is no token", advice=_TOKEN)
    return found


class Remote:
    """A server, asked with a token. Errors are ours: Refused, NotFound, InvalidInput, Unavailable, Conflict."""

    def __init__(self, server: Server, token: str) -> None:
        import requests  # noqa: PLC0415  # most commands need no network

        self._server = server
        self._session = requests.Session()
        # As an auth object, or else a .netrc file of this machine would replace the header.
        self._session.auth = lambda request: _with_token(request, token)

    def get(self, path: str) -> dict[str, Any]:
        """What is at that path."""
        return self._ask("GET", path, {}, None, {})

    def post(self, path: str, content: bytes, query: dict[str, str]) -> dict[str, Any]:
        """Send `content`, once, however often the connection breaks: every attempt has the same Idempotency-Key."""
        headers = {"Idempotency-Key": str(uuid4()), "Content-Type": "application/octet-stream"}
        return self._ask("POST", path, headers, content, query)

    def _ask(
        self, method: str, path: str, headers: dict[str, str], content: bytes | None, query: dict[str, str]
    ) -> dict[str, Any]:
        from requests import RequestException  # noqa: PLC0415

        for attempt in range(1, ATTEMPTS + 1):
            pause, reason = 2.0 ** (attempt - 1), "the connection broke"
            try:
                with uploading(content) as data:
                    answer = self._session.request(
                        method,
                        f"{self._server.address}/api/v1{path}",
                        params=query,
                        data=data,
                        headers=headers,
                        timeout=_TIMEOUT,
                        allow_redirects=False,
                        stream=True,
                    )
                with answer:
                    if answer.status_code not in _AGAIN or attempt == ATTEMPTS:
                        return self._read(answer)
                    pause, reason = _pause(answer, pause), f"answered {answer.status_code}"
            except RequestException as error:
                if attempt == ATTEMPTS:
                    raise Unavailable(
                        f"{self._server.address} cannot be reached: {_words(error)}", advice="try again later"
                    ) from None
            say(f"clearinghouse: {self._server.address}: {reason}; once more in {pause:.0f} s")
            time.sleep(pause)
        raise AssertionError  # the last attempt returned or raised

    def _read(self, answer: requests.Response) -> dict[str, Any]:
        status = answer.status_code
        content = b""
        for chunk in answer.iter_content(64 * 1024):
            content += chunk
            if len(content) > _MAX_ANSWER:
                break
        try:
            document = json.loads(content) if len(content) <= _MAX_ANSWER else None
        except (ValueError, RecursionError):
            document = None
        if not isinstance(document, dict):
            advice = "check the address: it must be a clearinghouse's"
            raise Unavailable(f"{self._server.address} answered {status}, and nothing that can be read", advice=advice)
        if status < 300:  # noqa: PLR2004
            return document
        kind = _ERRORS.get(status, Unavailable if status >= 500 else InvalidInput)  # noqa: PLR2004
        detail, advice = (clean(str(document.get(key, "")))[:500] for key in ("detail", "advice"))
        raise kind(f"{self._server.address}: {detail or status}", advice=advice)


@contextmanager
def uploading(content: bytes | None) -> Iterator[Any]:
    """What to send: on a terminal, a file that shows on stderr how much was read; the bytes elsewhere."""
    if not content or not sys.stderr.isatty():
        yield content
        return
    from rich.console import Console  # noqa: PLC0415  # only a terminal pays for it
    from rich.progress import wrap_file  # noqa: PLC0415

    bar = Console(stderr=True)
    with wrap_file(io.BytesIO(content), len(content), description="sending", console=bar, transient=True) as file:
        yield file


def _with_token(request: requests.PreparedRequest, token: str) -> requests.PreparedRequest:
    request.headers["Authorization"] = f"Bearer {token}"
    return request


def _pause(answer: requests.Response, otherwise: float) -> float:
    asked = answer.headers.get("Retry-After", "")
    return min(float(asked), _LONGEST_PAUSE) if asked.isascii() and asked.isdigit() else otherwise


def _words(error: Exception) -> str:
    """What went wrong, without the parts of a message that no person needs."""
    return clean(type(error).__name__)


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
