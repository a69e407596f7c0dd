"""Archives of every kind, sound and hostile, made in memory."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
from typing import TYPE_CHECKING

import zstandard

from clearinghouse.core.manifest import MANIFEST_NAME
from tests.core.manifests import SCRIPT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

FILES = {
    MANIFEST_NAME: SCRIPT.encode(),
    "files/trigger.py": b"#!/usr/bin/python3\n",
    "files/input.txt": b"in\0put",
    "files/Z": b"upper case comes first",
    "files/a/ü.txt": b"a name beyond ASCII",
}


def member(
    name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE, link: str = ""
) -> tuple[tarfile.TarInfo, bytes]:
    """One entry of a tar archive, of any type."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, link, len(content)
    return info, content


def tar(members: Iterable[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    """A plain tar of these entries, in their order."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for info, content in members:
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def tar_of(files: Mapping[str, bytes]) -> bytes:
    """A plain tar, made as `tar -C folder -c .` makes it."""
    entries = [member("./", kind=tarfile.DIRTYPE), member("./files/", kind=tarfile.DIRTYPE)]
    return tar([*entries, *(member(f"./{name}", content) for name, content in files.items())])


def zip_of(files: Mapping[str, bytes]) -> bytes:
    """A deflated zip with its folders."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("files/", b"")
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def zip_entry(name: str, mode: int, content: bytes = b"x") -> bytes:
    """A zip with the manifest and one entry of any mode."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(MANIFEST_NAME, FILES[MANIFEST_NAME])
        info = zipfile.ZipInfo(name)
        info.create_system, info.external_attr = 3, mode << 16
        archive.writestr(info, content)
    return buffer.getvalue()


KINDS: dict[str, Callable[[Mapping[str, bytes]], bytes]] = {
    "bundle.tar": tar_of,
    "bundle.tar.gz": lambda files: gzip.compress(tar_of(files)),
    "bundle.tar.zst": lambda files: zstandard.compress(tar_of(files)),
    "bundle.zip": zip_of,
}
