"""Turns what somebody points at into the bytes of a report: a file as it is, a folder as a tar, links kept as links.

Nothing is judged here, so that a hostile folder is kept as evidence too; links are never followed.
"""

from __future__ import annotations

import io
import os
import stat
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING

from clearinghouse.core.errors import InvalidInput
from clearinghouse.core.report import MAX_REPORT_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_ENTRIES = 1000


def read_submission(path: Path) -> bytes:
    """The bytes of a file, or a folder as one tar: the same bytes for the same files. Raises InvalidInput."""
    try:
        if path.is_dir():
            return _pack_folder(path)
        if not path.is_file():
            reason = "is no regular file or folder" if path.exists() else "there is no such file or folder"
            raise InvalidInput(f"{path}: {reason}")
        with path.open("rb") as stream:
            content = stream.read(MAX_REPORT_BYTES + 1)
    except OSError as error:
        raise InvalidInput(f"{path}: cannot be read: {error.strerror or error}") from None
    if len(content) > MAX_REPORT_BYTES:
        raise _too_large(path)
    return content


def _pack_folder(root: Path) -> bytes:
    buffer, size = io.BytesIO(), 0
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for count, (name, entry) in enumerate(_walk(root)):
            if count >= MAX_ENTRIES:
                raise InvalidInput(f"{root}: more than {MAX_ENTRIES} entries", advice="send only what the proof needs")
            member, content = tarfile.TarInfo(name), b""
            mode = entry.stat(follow_symlinks=False).st_mode
            if stat.S_ISREG(mode):
                descriptor = os.open(entry.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
                with os.fdopen(descriptor, "rb") as stream:
                    content = stream.read(MAX_REPORT_BYTES - size + 1)
            elif stat.S_ISLNK(mode):
                member.type, member.linkname = tarfile.SYMTYPE, str(Path(entry.path).readlink())
            else:
                member.type = tarfile.FIFOTYPE  # a pipe, socket or device: its name is all there is to keep
            size += len(content)
            if size > MAX_REPORT_BYTES:
                raise _too_large(root)
            member.size, member.mode = len(content), 0o644
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def _walk(root: Path) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Everything below `root` but its folders, in the byte order of the paths."""
    found: list[tuple[str, os.DirEntry[str]]] = []
    pending = [(str(root), "")]
    while pending and len(found) <= MAX_ENTRIES:
        folder, prefix = pending.pop()
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    pending.append((entry.path, f"{prefix}{entry.name}/"))
                else:
                    found.append((prefix + entry.name, entry))
    return iter(sorted(found, key=lambda item: os.fsencode(item[0])))


def _too_large(path: Path) -> InvalidInput:
    limit = MAX_REPORT_BYTES // 2**20
    return InvalidInput(
        f"{path}: larger than {limit} MiB", advice="make the input smaller; a proof may unpack to 16 MiB"
    )
