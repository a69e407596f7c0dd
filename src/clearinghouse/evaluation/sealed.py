"""How an evaluation folder's contents lie on disk: as they are, or sealed under a key that is kept elsewhere.

Sealed is AES-256-GCM with a fresh nonce each time; the name of the file, below its folder, is bound into the seal.
"""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from clearinghouse.core.errors import IntegrityError, Refused

KEY_BYTES: Final = 32
MAGIC: Final = b"clearinghouse-sealed/1\n"
_NONCE: Final = 12


class Seal(Protocol):
    """Between contents and the bytes on disk; `place` is the file's name below its folder."""

    plain: bool

    def close(self, place: str, content: bytes) -> bytes:
        """What is written for this content."""

    def open(self, place: str, stored: bytes) -> bytes:
        """The content that was written so. Raises Refused without the key, IntegrityError for what was changed."""


class Plain:
    """Contents lie as they are."""

    plain = True

    def close(self, place: str, content: bytes) -> bytes:  # noqa: ARG002  # as it is, wherever
        """The content."""
        return content

    def open(self, place: str, stored: bytes) -> bytes:
        """The content. Raises Refused where it is sealed."""
        if stored.startswith((MAGIC, b64encode(MAGIC)[:20])):
            raise Refused(
                f"{place}: is sealed", advice="give the evaluation's key and --as PERSON, on the server that made it"
            )
        return stored


class Sealed:
    """Contents lie sealed under one key of 32 bytes."""

    plain = False

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCM(key)

    def close(self, place: str, content: bytes) -> bytes:
        """The content, sealed."""
        nonce = os.urandom(_NONCE)
        return MAGIC + nonce + self._cipher.encrypt(nonce, content, MAGIC + place.encode())

    def open(self, place: str, stored: bytes) -> bytes:
        """The content. Raises IntegrityError for what was not sealed so."""
        nonce, rest = stored[len(MAGIC) : len(MAGIC) + _NONCE], stored[len(MAGIC) + _NONCE :]
        try:
            return self._cipher.decrypt(nonce, rest, MAGIC + place.encode())
        except (InvalidTag, ValueError):
            raise IntegrityError(f"{place}: was not sealed under this key, or was changed") from None


PLAIN: Final = Plain()


def line_of(seal: Seal, place: str, content: bytes) -> bytes:
    """One line of a file whose lines are sealed one by one, with its newline."""
    return (content if seal.plain else b64encode(seal.close(place, content))) + b"\n"


def of_line(seal: Seal, place: str, line: bytes) -> bytes:
    """The content of a line without its newline. Raises as `Seal.open`, and ValueError for what is no base64."""
    return seal.open(place, line if seal.plain else b64decode(line, validate=True))
