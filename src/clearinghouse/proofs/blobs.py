"""Bytes by the SHA-256 of their content: stored once, read back checked."""

from __future__ import annotations

import hashlib

import zstandard

from clearinghouse.core.errors import IntegrityError, NotFound
from clearinghouse.proofs.models import Blob


def keep(content: bytes) -> Blob:
    """Store the bytes unless they are there already."""
    digest = hashlib.sha256(content).hexdigest()
    blob, _ = Blob.objects.get_or_create(
        sha256=digest,
        defaults={"size": len(content), "packed": zstandard.ZstdCompressor(level=3).compress(content)},
    )
    return blob


def read(sha256: str) -> bytes:
    """The bytes of that digest. Raises NotFound, or IntegrityError when what is stored has another digest."""
    blob = Blob.objects.filter(sha256=sha256).first()
    if blob is None:
        raise NotFound(f"nothing is stored under {sha256}")
    try:
        content = zstandard.ZstdDecompressor().decompress(bytes(blob.packed), max_output_size=blob.size)
    except zstandard.ZstdError as error:
        raise IntegrityError(
            f"stored bytes {sha256} cannot be unpacked", advice="restore them from a backup"
        ) from error
    if hashlib.sha256(content).hexdigest() != sha256:
        raise IntegrityError(f"stored bytes {sha256} were changed", advice="restore them from a backup")
    return content
