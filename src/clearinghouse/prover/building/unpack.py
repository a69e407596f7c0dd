"""Unpacks archives that strangers made: every file lands below the folder, or nothing is kept of the archive.

Regular files with their executable bit and time, folders, and links that stay inside. Devices and pipes, paths that
lead out, links on the way to a file, and archives beyond the caps are refused with UnsafeArchive.
"""

from __future__ import annotations

import os
import stat
import tarfile
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BYTES: Final = 1 << 30
MOST_ENTRIES: Final = 100_000
_LONGEST: Final = 1024
_CHUNK: Final = 1 << 20
_MIN_ZIP_MODE: Final = 16  # bits of `external_attr` below a Unix mode


class UnsafeArchive(Exception):
    """An archive that cannot be read, or holds what no source or build needs; the text says what."""


@dataclass(slots=True)
class Filling:
    """A folder being filled with files of a stranger's naming."""

    root: Path
    links: dict[str, str] = field(default_factory=dict)
    made: set[str] = field(default_factory=set)
    entries: int = 0
    size: int = 0

    def place(self, name: str) -> PurePosixPath | None:
        """The checked relative path of an entry; None for the root itself."""
        self.entries += 1
        if self.entries > MOST_ENTRIES:
            raise UnsafeArchive(f"more than {MOST_ENTRIES} entries")
        path = PurePosixPath(name)
        odd = any(ord(character) < 0x20 for character in name)  # noqa: PLR2004  # control characters
        if path.is_absolute() or ".." in path.parts or odd or len(name) > _LONGEST:
            raise UnsafeArchive(f"the path {name[:200]!r} leads out of the archive or is none")
        if not path.parts:
            return None
        if any(str(parent) in self.links for parent in (*path.parents, path)):
            raise UnsafeArchive(f"the path {name[:200]!r} leads through a link")
        return path

    def folder(self, path: PurePosixPath) -> None:
        """Make a folder and those above it."""
        (self.root / path).mkdir(parents=True, exist_ok=True)

    def file(self, path: PurePosixPath, stream: IO[bytes], *, executable: bool, time: float) -> None:
        """Write one file, no further than the caps allow; the later of two under one name wins."""
        self.folder(path.parent)
        place = self.root / path
        place.unlink(missing_ok=True)
        with place.open("xb") as out:
            while chunk := stream.read(_CHUNK):
                self.size += len(chunk)
                if self.size > MOST_BYTES:
                    raise UnsafeArchive(f"more than {MOST_BYTES >> 20} MiB unpacked")
                out.write(chunk)
        place.chmod(0o755 if executable else 0o644)
        time = min(max(time, 0.0), 2.0**32)
        os.utime(place, (time, time))

    def link(self, path: PurePosixPath, target: str) -> None:
        """Note a symbolic link: up first and then down, so that it cannot come out through another link."""
        parts = PurePosixPath(target).parts
        ups = len([part for part in parts if part == ".."])
        inside = not target.startswith("/") and ".." not in parts[ups:] and ups < len(path.parts)
        if not inside or not target or any(ord(character) < 0x20 for character in target):  # noqa: PLR2004
            raise UnsafeArchive(f"the link {str(path)!r} leads to {target[:200]!r}, out of the archive")
        if (self.root / path).exists():
            raise UnsafeArchive(f"the link {str(path)!r} takes the place of a file")
        self.links[str(path)] = target

    def finish(self) -> None:
        """Make the links, when nothing is written any more."""
        for name, target in self.links.items():
            place = self.root / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(target)


def unpack(archive: Path, folder: Path) -> None:
    """Fill the existing empty `folder` from a tar (of any compression) or zip archive. Raises UnsafeArchive."""
    filled = Filling(folder)
    try:
        if zipfile.is_zipfile(archive) and not tarfile.is_tarfile(archive):
            _zip(archive, filled)
        else:
            _tar(archive, filled)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError, ValueError, RuntimeError, zlib.error) as error:
        raise UnsafeArchive(f"cannot be unpacked: {str(error) or type(error).__name__}") from None
    filled.finish()


def _tar(archive: Path, filled: Filling) -> None:
    with tarfile.open(archive, "r|*", errorlevel=2) as tar:
        for member in _members(tar):
            path = filled.place(member.name.removeprefix("./"))
            if path is None:
                continue
            if member.isdir():
                filled.folder(path)
            elif member.issym():
                filled.link(path, member.linkname)
            elif member.islnk():
                _copy(filled, path, member)
            elif member.isreg():
                stream = tar.extractfile(member)
                assert stream is not None
                filled.file(path, stream, executable=bool(member.mode & stat.S_IXUSR), time=member.mtime)
            else:
                raise UnsafeArchive(f"{member.name[:200]!r} is neither file nor folder")


def _members(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    while (member := tar.next()) is not None:
        yield member
        tar.members.clear()  # type: ignore[attr-defined]  # a long archive must not pile up in memory


def _copy(filled: Filling, path: PurePosixPath, member: tarfile.TarInfo) -> None:
    """A hard link becomes a copy of what it names."""
    source = filled.place(member.linkname.removeprefix("./"))
    if source is None or not (filled.root / source).is_file():
        raise UnsafeArchive(f"the link {member.name[:200]!r} names no file of the archive")
    if source == path:
        return
    with (filled.root / source).open("rb") as stream:
        mode = os.fstat(stream.fileno()).st_mode
        filled.file(path, stream, executable=bool(mode & stat.S_IXUSR), time=member.mtime)


def _zip(archive: Path, filled: Filling) -> None:
    with zipfile.ZipFile(archive) as opened:
        for member in opened.infolist():
            path = filled.place(member.filename)
            mode = member.external_attr >> _MIN_ZIP_MODE
            if path is None:
                continue
            if member.is_dir():
                filled.folder(path)
            elif stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
                raise UnsafeArchive(f"{member.filename[:200]!r} is neither file nor folder")
            else:
                with opened.open(member) as stream:
                    filled.file(path, stream, executable=bool(mode & stat.S_IXUSR), time=0.0)
