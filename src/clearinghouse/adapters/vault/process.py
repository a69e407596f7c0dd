"""The vault as others see it: a process is started for each secret, told by a pipe what to seal or open, and ends."""

from __future__ import annotations

import json
import subprocess
import sys
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING

from clearinghouse.core.errors import ClearinghouseError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SECONDS = 60
_MODULE = "clearinghouse.adapters.vault"


class ProcessVault:
    """Implements `core.ports.Vault` with the house's key in the file `key`, which this process does not open."""

    def __init__(self, key: Path) -> None:
        self._key = key

    def new_key(self) -> bytes:
        """A new key, wrapped; the house's own is made where there is none yet."""
        return self._ask("new key")

    def seal(self, wrapped: bytes, secret: bytes, about: str) -> bytes:
        """The secret, sealed; it goes there by a pipe."""
        return self._ask("seal", about, wrapped=wrapped, secret=secret)

    def open(self, wrapped: bytes, sealed: bytes, about: str) -> bytes:
        """The secret, which comes back by a pipe."""
        return self._ask("open", about, wrapped=wrapped, sealed=sealed)

    def _ask(self, what: str, about: str = "", **given: bytes) -> bytes:
        request = {"do": what, "about": about} | {name: b64encode(one).decode("ascii") for name, one in given.items()}
        # -P: nothing in the present folder is taken for a module.
        command = [sys.executable, "-P", "-m", _MODULE, str(self._key.absolute())]
        try:
            done = subprocess.run(  # noqa: S603  # our own module
                command, input=json.dumps(request).encode(), capture_output=True, check=False, timeout=_SECONDS
            )
            answer = json.loads(done.stdout)
        except (OSError, subprocess.TimeoutExpired, ValueError):
            # Nothing of the exchange is repeated: it may hold a secret.
            raise Unavailable("the vault does not answer", advice="try again; see its words above") from None
        if "error" in answer:
            raise _error(**answer["error"])
        return b64decode(answer["answer"])


def _error(code: str, message: str, advice: str) -> ClearinghouseError:
    """The error that the vault's process ended with, as one of this process."""
    kind = next((kind for kind in _kinds() if kind.code == code), Unavailable)
    return kind(message, advice=advice)


def _kinds(base: type[ClearinghouseError] = ClearinghouseError) -> Iterator[type[ClearinghouseError]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _kinds(kind)
