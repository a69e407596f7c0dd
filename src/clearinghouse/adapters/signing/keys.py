"""Ed25519 keys in files: made once, never overwritten; the private one is for its owner's eyes, or it is not used."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from securesystemslib.signer import CryptoSigner, SSlibKey

from clearinghouse.core.errors import Conflict, InvalidInput, NotFound, Refused, Unavailable

if TYPE_CHECKING:
    from pathlib import Path

_MAX_BYTES = 16 * 1024
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def public_file(private: Path) -> Path:
    """Where the public half of a key lies: beside it, with `.pub` appended."""
    return private.with_name(private.name + ".pub")


def make(private: Path) -> SSlibKey:
    """A new key: the private half (PEM, mode 0600), the public one beside it. Raises Conflict where there is one."""
    signer = CryptoSigner.generate_ed25519()
    public = public_file(private)
    for path in (private, public):
        if os.path.lexists(path):
            raise Conflict(f"{path} is there already", advice="name another file; a key is never overwritten")
    try:
        private.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(private, signer.private_bytes, 0o600)
        _write(public, public_pem(signer.public_key), 0o644)
    except FileExistsError as error:
        raise Conflict(f"{error.filename} was made meanwhile", advice="look at it before you try again") from None
    except OSError as error:
        raise Unavailable(f"{error.filename}: {error.strerror}", advice="name a file in a folder of yours") from None
    return signer.public_key


def _write(path: Path, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def load_private(path: Path) -> CryptoSigner:
    """The private key in a file. Raises NotFound, Refused where others may read it, InvalidInput for what is no key."""
    content, mode = _read(path)
    if mode & _OTHERS:
        raise Refused(f"{path} can be read or written by others", advice=f"make it yours alone: chmod 600 {path}")
    try:
        key = load_pem_private_key(content, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise InvalidInput(f"{path}: no private key without a passphrase in PEM") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise InvalidInput(f"{path}: not an Ed25519 key", advice="`clearinghouse keys init` makes one")
    return CryptoSigner(key)


def load_public(path: Path) -> SSlibKey:
    """The public key in a file (PEM). Raises NotFound, or InvalidInput for what is none."""
    content, _ = _read(path)
    if b"PRIVATE KEY" in content:
        raise InvalidInput(f"{path}: a private key", advice=f"give the public one: {public_file(path)}")
    try:
        key = load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm):
        raise InvalidInput(f"{path}: no public key in PEM") from None
    if not isinstance(key, Ed25519PublicKey):
        raise InvalidInput(f"{path}: not an Ed25519 key", advice="`clearinghouse keys init` makes one")
    return SSlibKey.from_crypto(key)


def _read(path: Path) -> tuple[bytes, int]:
    try:
        with path.open("rb") as stream:
            return stream.read(_MAX_BYTES), os.fstat(stream.fileno()).st_mode
    except FileNotFoundError:
        raise NotFound(f"{path}: there is no key", advice="`clearinghouse keys init` makes one") from None
    except OSError as error:
        raise Unavailable(f"{path}: {error.strerror}", advice="name a file that you may read") from None


def public_pem(key: SSlibKey) -> bytes:
    """A public key as PEM, as it is published."""
    raw = Ed25519PublicKey.from_public_bytes(bytes.fromhex(key.keyval["public"]))
    return raw.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
