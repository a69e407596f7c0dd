"""Unpacks archives in memory, never to disk: bounded in bytes, files and names, whatever the archive says."""

from __future__ import annotations

import gzip
import io
import lzma
import tarfile
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING

import zstandard

from clearinghouse.core.errors import InvalidBundle

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 16 * 1024 * 1024
MAX_FILES = 200
_MAX_NAME = 255
_MAX_SHOWN = 100  # characters of a name in a message
_MAX_HEADERS = 1024 * 1024  # bytes that a tar's extended headers may have together: each record costs much memory
_MAX_ENTRIES = 20_000  # of a zip's directory, all of which is read before the first file
_CHUNK = 64 * 1024
_ZIP_ENTRY = b"PK\x01\x02"
_ZIP_METHODS = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # the others are unpacked without a bound by the library
_ZIP_LINK = 0o120000
_ZIP_REGULAR = {0, 0o100000}  # 0: made where files have no mode
_ZIP_KIND = 0o170000
_TAR_NAME = 100  # bytes of the name in a header block
_TAR_HEADERS = {
    tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK
}  # fmt: skip
_NUL = "the name holds a NUL; rename it"


class Collector:
    """Gathers the files of one bundle and refuses those that break the format, each by name."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._files: dict[str, bytes] = {}
        self._problems: list[str] = []
        self._bytes = 0
        self._folders = 0

    def refuse(self, path: str, reason: str) -> None:
        """Note a fault of one entry."""
        self._problems.append(f"{_shown(path)}: {reason}")
        self._stop_if_hopeless()

    def count_folder(self, path: str) -> None:
        """Folders carry nothing; their number is bounded, and they may lead nowhere else than files may."""
        fault = name_fault(path.rstrip("/"))
        if fault and path not in {"", ".", "./"}:
            self.refuse(path, fault)
        self._folders += 1
        if self._folders > MAX_FILES:
            self._problems.append(f"{_shown(path)}: more than {MAX_FILES} folders; remove what the proof does not need")
            raise InvalidBundle(self._problems)

    def add(self, path: str, stream: IO[bytes]) -> None:
        """Take one regular file, read no further than the limits allow."""
        fault = name_fault(path)
        if fault:
            self.refuse(path, fault)
            return
        if path in self._files:
            self.refuse(path, "appears twice; a path may appear once")
            return
        if len(self._files) >= MAX_FILES:
            self._problems.append(f"{path}: more than {MAX_FILES} files; remove what the proof does not need")
            raise InvalidBundle(self._problems)
        content = stream.read(MAX_BYTES - self._bytes + 1)
        self._bytes += len(content)
        if self._bytes > MAX_BYTES:
            self._problems.append(
                f"{path}: the bundle is larger than {MAX_BYTES // 2**20} MiB unpacked; make it smaller"
            )
            raise InvalidBundle(self._problems)
        self._files[path] = content

    def _stop_if_hopeless(self) -> None:
        if len(self._problems) >= 20:  # noqa: PLR2004  # a flood of faults says no more than the first few
            raise InvalidBundle(self._problems)

    def finish(self) -> dict[str, bytes]:
        """The files, or InvalidBundle with every fault."""
        for path in self._files:
            above = next((str(folder) for folder in PurePosixPath(path).parents if str(folder) in self._files), None)
            if above is not None:
                self._problems.append(f"{above}: is a file, and a folder that holds {path}; rename one")
        if self._problems:
            raise InvalidBundle(self._problems)
        return self._files


def _shown(path: str) -> str:
    """A path as a message may show it, whatever bytes it was made of and however many."""
    text = path[:_MAX_SHOWN].encode(errors="backslashreplace").decode()
    shown = "".join(character if character.isprintable() else "�" for character in text)
    return shown if len(path) <= _MAX_SHOWN else f"{shown}…"


def name_fault(path: str) -> str | None:
    """Why a path may not stand in a bundle, or None."""
    try:
        encoded = path.encode("utf-8")
    except UnicodeEncodeError:
        return "the name is not UTF-8; rename it"
    if path.startswith("/") or "\\" in path or path[1:2] == ":":
        return "an absolute path; use a path relative to the bundle"
    if ".." in path.split("/"):
        return "the path holds '..'; use a path inside the bundle"
    if not path or any(part in {"", "."} for part in path.split("/")):
        return "not a plain relative path"
    if len(encoded) > _MAX_NAME or any(ord(character) < 0x20 or ord(character) == 0x7F for character in path):  # noqa: PLR2004
        return f"the name is longer than {_MAX_NAME} bytes or holds a control character"
    return None


def read_members(data: bytes, source: str) -> dict[str, bytes]:
    """The files of an archive. Raises InvalidBundle for anything that is not a sound, small, plain archive."""
    collector = Collector(source)
    broken = (
        tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, zstandard.ZstdError, EOFError, OSError,
        NotImplementedError, RuntimeError, ValueError,
    )  # fmt: skip
    try:
        if data[:4] in {b"PK\x03\x04", b"PK\x05\x06"}:
            _read_zip(data, collector)
        else:
            _read_tar(data, collector)
    except broken as error:
        kinds = ".tar, .tar.gz, .tar.zst or .zip"
        raise InvalidBundle(
            [f"{source}: not a bundle folder or a readable {kinds} ({str(error) or type(error).__name__})"]
        ) from None
    return collector.finish()


def _read_zip(data: bytes, collector: Collector) -> None:
    if data.count(_ZIP_ENTRY) > _MAX_ENTRIES:
        raise InvalidBundle([f"the zip lists more than {MAX_FILES} files; remove what the proof does not need"])
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except UnicodeDecodeError as error:
        name = error.object.decode(errors="backslashreplace")
        raise InvalidBundle([f"{_shown(name)}: the name is not UTF-8; rename it"]) from None
    with archive:
        for member in archive.infolist():
            kind = (member.external_attr >> 16) & _ZIP_KIND
            if "\0" in member.orig_filename:  # the library ends the name there, and other programs may not
                collector.refuse(member.orig_filename, _NUL)
            elif member.is_dir():
                collector.count_folder(member.filename)
            elif kind not in _ZIP_REGULAR:
                what = "a symbolic link" if kind == _ZIP_LINK else "not a regular file"
                collector.refuse(member.filename, f"is {what}; a bundle holds regular files only")
            elif member.flag_bits & 1:
                collector.refuse(member.filename, "is encrypted; a bundle must be readable")
            elif member.compress_type not in _ZIP_METHODS:
                collector.refuse(member.filename, "is compressed in an unusual way; pack it with deflate")
            else:
                with archive.open(member) as stream:
                    collector.add(member.filename, stream)


def _read_tar(data: bytes, collector: Collector) -> None:
    # Stream mode reads forward only, so a bomb is met by the collector's limits and not by memory.
    with _Tar.open(fileobj=_Bounded(_decompressed(data)), mode="r|", errorlevel=2) as archive:
        for member in _members(archive):
            name = member.name.removeprefix("./")
            if getattr(member, "holds_nul", False):
                collector.refuse(name, _NUL)
            elif member.isdir():
                collector.count_folder(name)
            elif member.isreg() and not member.issparse():
                stream = archive.extractfile(member)
                if stream is not None:
                    collector.add(name, stream)
            else:
                kind = "a link" if member.issym() or member.islnk() else "not a regular file"
                collector.refuse(name, f"is {kind}; a bundle holds regular files only")


class _Member(tarfile.TarInfo):
    """A member that knows whether its name goes on after a NUL, and bounds what describes the member after it."""

    holds_nul = False

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Member:
        """The member of a header block."""
        member = super().frombuf(buf, encoding, errors)
        member.holds_nul = bool(buf[:_TAR_NAME].partition(b"\0")[2].strip(b"\0"))
        return member

    def _proc_member(self, archive: _Tar) -> tarfile.TarInfo:  # the library's own place for what subclasses add
        if self.type in _TAR_HEADERS:
            archive.header_bytes += self.size
            if not 0 <= self.size <= _MAX_HEADERS or archive.header_bytes > _MAX_HEADERS:
                most, whole = _MAX_HEADERS // 2**20, MAX_BYTES // 2**20
                raise InvalidBundle([f"the tar's headers take more than {most} MiB of its {whole} MiB; pack it anew"])
        return super()._proc_member(archive)  # type: ignore[misc, no-any-return]


class _Tar(tarfile.TarFile):
    """A tar whose extended headers are bounded in bytes."""

    tarinfo = _Member
    header_bytes = 0


def _members(archive: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    while (member := archive.next()) is not None:
        yield member
        # What was read is not needed again; do not let a long archive pile up.
        archive.members.clear()  # type: ignore[attr-defined]


def _decompressed(data: bytes) -> IO[bytes]:
    if data[:2] == b"\x1f\x8b":
        return gzip.GzipFile(fileobj=io.BytesIO(data))  # type: ignore[return-value]
    if data[:4] == b"\x28\xb5\x2f\xfd":
        # A window of at most 8 MiB, the format's own recommendation, bounds what the decoder may ask for.
        return zstandard.ZstdDecompressor(max_window_size=8 * 2**20).stream_reader(
            io.BytesIO(data), read_across_frames=True
        )
    return io.BytesIO(data)


class _Bounded(io.RawIOBase):
    """Ends a stream after what any allowed archive can hold, so that padding and headers cannot run on for ever."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._left = 2 * MAX_BYTES

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        chunk = self._stream.read(min(size if size >= 0 else _CHUNK, self._left + 1))
        self._left -= len(chunk)
        if self._left < 0:
            raise InvalidBundle([f"the archive unpacks to more than {MAX_BYTES // 2**20} MiB; make it smaller"])
        return chunk
