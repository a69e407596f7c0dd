"""Reads a proof bundle from a folder or an archive, refusing everything that a bundle may not be.

At most 16 MiB unpacked and 200 files; regular files only (no links, no devices); relative UTF-8 paths without `..`,
each once. A bundle's id is the SHA-256 of the lines `<sha256 of content>  <path>` in the byte order of the paths: what
`sha256sum` prints for the sorted files, hashed once more.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clearinghouse.core.errors import InvalidBundle
from clearinghouse.core.manifest import MANIFEST_NAME, Manifest
from clearinghouse.core.manifest_parser import parse_manifest
from clearinghouse.formats.patch import PatchInvalid, read_patch
from clearinghouse.prover.archives import MAX_BYTES, MAX_FILES, Collector, read_members

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

MAX_MANIFEST_BYTES = 256 * 1024
MAX_ARCHIVE_BYTES = MAX_BYTES + 1024 * 1024  # an archive that holds at most MAX_BYTES is hardly larger than that


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that obeys the format: its id, what its manifest says, and its files by path."""

    id: str
    manifest: Manifest
    files: Mapping[str, bytes]


def bundle_id(files: Mapping[str, bytes]) -> str:
    """The content id of a set of files, as lower-case hexadecimal SHA-256."""
    lines = (
        f"{hashlib.sha256(content).hexdigest()}  {path}\n".encode()
        for path, content in sorted(files.items(), key=lambda item: item[0].encode())
    )
    return hashlib.sha256(b"".join(lines)).hexdigest()


def read_bundle(path: Path) -> Bundle:
    """Read a folder, or an archive (.tar, .tar.gz, .tgz, .tar.zst, .zip). Raises InvalidBundle."""
    try:
        if path.is_dir():
            return from_files(_read_folder(path))
        with path.open("rb") as stream:
            data = stream.read(MAX_ARCHIVE_BYTES + 1)
    except FileNotFoundError:
        raise InvalidBundle([f"{path}: there is no such file or folder"]) from None
    except OSError as error:
        raise InvalidBundle([f"{path}: cannot be read: {error.strerror or error}"]) from None
    return read_archive(data, path.name)


def read_archive(data: bytes, name: str = "") -> Bundle:
    """Read an archive from memory; its content tells the kind, `name` only serves messages. Raises InvalidBundle."""
    if len(data) > MAX_ARCHIVE_BYTES:
        raise InvalidBundle([f"{name or 'archive'}: larger than {MAX_BYTES // 2**20} MiB; make the input smaller"])
    return from_files(read_members(data, name or "archive"))


def from_files(files: Mapping[str, bytes]) -> Bundle:
    """Check a set of files and read its manifest. Raises InvalidBundle."""
    manifest = files.get(MANIFEST_NAME)
    if manifest is None:
        raise InvalidBundle([f"{MANIFEST_NAME}: is missing at the top of the bundle; add it"])
    if len(manifest) > MAX_MANIFEST_BYTES:
        advice = "put long inputs into files/ and name them with $text or $read"
        raise InvalidBundle([f"{MANIFEST_NAME}: larger than {MAX_MANIFEST_BYTES // 1024} KiB; {advice}"])
    try:
        text = manifest.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidBundle([f"{MANIFEST_NAME}: not UTF-8 at byte {error.start}"]) from None
    parsed = parse_manifest(text, files)
    if parsed.patch is not None:
        try:
            read_patch(files[parsed.patch])
        except PatchInvalid as error:
            raise InvalidBundle([f"{parsed.patch}: {error.message}"]) from None
    return Bundle(bundle_id(files), parsed, dict(files))


def pack(files: Mapping[str, bytes]) -> bytes:
    """The files as one uncompressed tar, the same bytes for the same files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path, content in sorted(files.items(), key=lambda item: item[0].encode()):
            member = tarfile.TarInfo(path)
            member.size = len(content)
            member.mode = 0o644
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def _read_folder(root: Path) -> dict[str, bytes]:
    collector = Collector(str(root))
    pending = [(root, "")]
    while pending:
        folder, prefix = pending.pop()
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda item: item.name):
                path = prefix + entry.name
                mode = entry.stat(follow_symlinks=False).st_mode
                if stat.S_ISDIR(mode):
                    collector.count_folder(path)
                    pending.append((folder / entry.name, path + "/"))
                elif stat.S_ISREG(mode):
                    # O_NOFOLLOW: the entry may have become a link since it was looked at.
                    descriptor = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
                    with os.fdopen(descriptor, "rb") as stream:
                        collector.add(path, stream)
                else:
                    kind = "a symbolic link" if stat.S_ISLNK(mode) else "not a regular file"
                    collector.refuse(path, f"is {kind}; a bundle holds regular files only")
    return collector.finish()


__all__ = ["MAX_BYTES", "MAX_FILES", "Bundle", "bundle_id", "from_files", "pack", "read_archive", "read_bundle"]
