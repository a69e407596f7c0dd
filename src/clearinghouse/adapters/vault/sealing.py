"""AES-256-GCM with a fresh nonce each time; what a secret is for is bound into its seal."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from clearinghouse.core.errors import InvalidInput, NotFound, NotVerified, Refused, Unavailable

if TYPE_CHECKING:
    from pathlib import Path

_BYTES = 32
_NONCE = 12
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_WRAPPING = b"a key of one review"
_MODE = 0o600


def house_key(path: Path, *, make: bool = False) -> bytes:
    """The key of the house; with `make` a new one where there is none.

    Raises NotFound, Refused where others may read it, InvalidInput for what is no key.
    """
    if make and not os.path.lexists(path):
        _make(path)
    try:
        with path.open("rb") as stream:
            content, mode = stream.read(_BYTES + 1), os.fstat(stream.fileno()).st_mode
    except FileNotFoundError:
        raise NotFound(f"{path}: there is no key", advice="it is made when the first credential is kept") from None
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}", advice="name a file that you may read") from None
    if mode & _OTHERS:
        raise Refused(f"{path} can be read or written by others", advice=f"make it yours alone: chmod 600 {path}")
    if len(content) != _BYTES:
        raise InvalidInput(f"{path}: not a key of {_BYTES} bytes", advice="put back the file that was there")
    return content


def new_key(house: bytes) -> bytes:
    """A new key, wrapped."""
    return _seal(house, AESGCM.generate_key(bit_length=8 * _BYTES), _WRAPPING)


def seal(house: bytes, wrapped: bytes, secret: bytes, about: str) -> bytes:
    """The secret under the wrapped key. Raises NotVerified for a key that this house did not wrap."""
    return _seal(_open(house, wrapped, _WRAPPING), secret, about.encode())


def unseal(house: bytes, wrapped: bytes, sealed: bytes, about: str) -> bytes:
    """The secret. Raises NotVerified for what was not sealed so."""
    return _open(_open(house, wrapped, _WRAPPING), sealed, about.encode())


def _seal(key: bytes, content: bytes, about: bytes) -> bytes:
    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, content, about)


def _open(key: bytes, sealed: bytes, about: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], about)
    except (InvalidTag, ValueError):
        raise NotVerified("what was sealed does not open", advice="the key of the house is another one") from None


def _make(path: Path) -> None:
    """A new key of the house; whoever of several is first, wins, and no half-written file is ever read."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, _MODE)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(os.urandom(_BYTES))
            stream.flush()
            os.fsync(stream.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
        finally:
            draft.unlink()
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}", advice="name a file in a folder of yours") from None
