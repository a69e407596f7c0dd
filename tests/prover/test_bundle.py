"""Bundles: one id however they are packed, and a name for everything that one may not be."""

from __future__ import annotations

import gzip
import io
import os
import random
import shutil
import socket
import subprocess
import tarfile
import tracemalloc
import zipfile
from typing import TYPE_CHECKING

import pytest
import zstandard

from clearinghouse.core.errors import InvalidBundle
from clearinghouse.core.manifest import MANIFEST_NAME
from clearinghouse.prover.bundle import MAX_FILES, MAX_MANIFEST_BYTES, bundle_id, pack, read_archive, read_bundle
from tests.prover.archives import FILES, KINDS, member, tar, tar_of, zip_entry, zip_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

MIB = 2**20
MANIFEST = member(MANIFEST_NAME, FILES[MANIFEST_NAME])


def problems_of(data: bytes, name: str = "bundle") -> list[str]:
    """What the reader has against an archive; it must have something."""
    with pytest.raises(InvalidBundle) as caught:
        read_archive(data, name)
    assert caught.value.problems
    return list(caught.value.problems)


def write(folder: Path, files: Mapping[str, bytes]) -> Path:
    """The files as a folder."""
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path / "bundle", FILES)


@pytest.mark.parametrize("kind", list(KINDS))
def test_a_folder_and_every_archive_of_it_are_one_bundle(folder: Path, tmp_path: Path, kind: str) -> None:
    archive = tmp_path / kind
    archive.write_bytes(KINDS[kind](FILES))
    assert read_bundle(archive) == read_bundle(folder)


def test_the_name_of_an_archive_does_not_tell_its_kind(tmp_path: Path) -> None:
    (tmp_path / "bundle").write_bytes(zip_of(FILES))
    assert read_bundle(tmp_path / "bundle").id == bundle_id(FILES)


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="there is no sha256sum to compare with")
def test_the_id_is_what_sha256sum_prints_hashed_once_more(folder: Path) -> None:
    recipe = "find . -type f | cut -c3- | LC_ALL=C sort | xargs -d '\\n' sha256sum | sha256sum"
    done = subprocess.run(["sh", "-c", recipe], cwd=folder, capture_output=True, check=True, text=True)
    assert read_bundle(folder).id == done.stdout.split()[0]


def test_the_id_depends_on_every_path_and_every_byte() -> None:
    ids = {
        bundle_id(FILES),
        bundle_id({**FILES, "files/more": b""}),
        bundle_id({**FILES, "files/Z": b"other"}),
        bundle_id({path.replace("files/Z", "files/Y"): content for path, content in FILES.items()}),
    }
    assert len(ids) == 4


def test_packing_gives_the_same_bytes_for_the_same_files() -> None:
    assert pack(FILES) == pack(dict(reversed(FILES.items())))
    assert read_archive(pack(FILES)).files == FILES


def test_a_tar_in_two_compressed_frames_is_read_to_its_end() -> None:
    whole = tar_of(FILES)
    frames = zstandard.compress(whole[:1024]) + zstandard.compress(whole[1024:])
    assert read_archive(frames).id == bundle_id(FILES)


HOSTILE_TARS = {
    "a link": (member("files/x", kind=tarfile.SYMTYPE, link="/etc/passwd"), "files/x"),
    "a link ": (member("files/x", kind=tarfile.LNKTYPE, link=MANIFEST_NAME), "files/x"),
    "not a regular file": (member("files/null", kind=tarfile.CHRTYPE), "files/null"),
    "not a regular file ": (member("files/pipe", kind=tarfile.FIFOTYPE), "files/pipe"),
    "'..'": (member("../outside", b"x"), "../outside"),
    "'..' ": (member("files/../../outside", b"x"), "files/../../outside"),
    "'..'  ": (member("../outside/", kind=tarfile.DIRTYPE), "../outside"),
    "absolute": (member("/etc/cron.d/x", b"x"), "/etc/cron.d/x"),
    "absolute ": (member("files\\x", b"x"), "files\\x"),
    "absolute  ": (member("C:/x", b"x"), "C:/x"),
    "plain relative": (member("files//x", b"x"), "files//x"),
    "plain relative ": (member("files/./x", b"x"), "files/./x"),
    "twice": (member(MANIFEST_NAME, b"x"), MANIFEST_NAME),
    "twice ": (member(f"./{MANIFEST_NAME}", b"x"), MANIFEST_NAME),
    "not UTF-8": (member("files/\udcff", b"x"), "files/\\udcff"),
    "control character": (member("files/a\nb", b"x"), "files/a\ufffdb"),
    "longer than 255": (member("files/" + "x" * 250, b"x"), "files/xxx"),
}


@pytest.mark.parametrize("words", list(HOSTILE_TARS))
def test_an_entry_that_may_not_be_is_named(words: str) -> None:
    entry, name = HOSTILE_TARS[words]
    found = problems_of(tar([MANIFEST, entry]))
    assert len(found) == 1
    assert found[0].startswith(name)
    assert words.strip() in found[0]


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        (0o120777, "symbolic link"),
        (0o020666, "not a regular file"),
        (0o010644, "not a regular file"),
        (0o140777, "not a"),
    ],
)
def test_an_entry_of_a_zip_that_is_no_file_is_named(mode: int, words: str) -> None:
    found = problems_of(zip_entry("files/x", mode))
    assert [problem.startswith("files/x") and words in problem for problem in found] == [True]


@pytest.mark.parametrize("name", ["../x", "/x", "files/../../x", "files\\x"])
def test_a_path_of_a_zip_that_leads_out_is_named(name: str) -> None:
    assert [problem.startswith(name) for problem in problems_of(zip_entry(name, 0o100644))] == [True]


def test_a_path_that_is_a_file_and_a_folder_is_refused() -> None:
    found = problems_of(tar([MANIFEST, member("files/a", b"x"), member("files/a/b", b"x")]))
    assert ["files/a: is a file, and a folder" in problem for problem in found] == [True]


def test_every_bad_entry_is_named_until_there_are_too_many() -> None:
    assert (
        len(problems_of(tar([MANIFEST, member("/a"), member("../b"), member("files/c", kind=tarfile.FIFOTYPE)]))) == 3
    )
    assert len(problems_of(tar([member(f"/{number}") for number in range(5000)]))) == 20


def test_so_many_files_and_no_more() -> None:
    files = {f"files/{number}": b"" for number in range(MAX_FILES - 1)}
    sound = {MANIFEST_NAME: FILES[MANIFEST_NAME], "files/trigger.py": b"", "files/input.txt": b""}
    assert read_archive(tar_of({**sound, **dict(list(files.items())[:-2])}))
    assert f"more than {MAX_FILES} files" in problems_of(tar_of({**sound, **files}))[0]
    assert f"more than {MAX_FILES} files" in problems_of(zip_of({**sound, **files}))[0]


def test_so_many_folders_and_no_more() -> None:
    folders = [member(f"files/{number}", kind=tarfile.DIRTYPE) for number in range(MAX_FILES + 1)]
    assert f"more than {MAX_FILES} folders" in problems_of(tar([MANIFEST, *folders]))[0]


def test_a_manifest_too_large_to_be_one_is_refused() -> None:
    found = problems_of(tar([member(MANIFEST_NAME, b"#" * (MAX_MANIFEST_BYTES + 1))]))
    assert ["256 KiB" in problem for problem in found] == [True]


def test_a_manifest_that_is_not_utf8_is_refused() -> None:
    assert problems_of(tar([member(MANIFEST_NAME, b"# \xff")])) == ["proof.toml: not UTF-8 at byte 2"]


def test_a_bundle_without_manifest_is_told_what_is_missing() -> None:
    assert problems_of(tar([member("files/x")])) == ["proof.toml: is missing at the top of the bundle; add it"]


def _zeros(count: int) -> Iterator[bytes]:
    for _ in range(count):
        yield bytes(MIB)


def _zip_bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("files/x", "w") as stream:
        for chunk in _zeros(100):
            stream.write(chunk)
    return buffer.getvalue()


def _tar_bomb(size: int = 100 * MIB) -> tuple[bytes, int]:
    info = tarfile.TarInfo("files/x")
    info.size = size
    return info.tobuf(), size // MIB


def _gzip_bomb() -> bytes:
    header, count = _tar_bomb()
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=1) as stream:
        stream.write(header)
        for chunk in _zeros(count):
            stream.write(chunk)
    return buffer.getvalue()


def _zstd_bomb() -> bytes:
    header, count = _tar_bomb()
    compressor = zstandard.ZstdCompressor().compressobj()
    return compressor.compress(header) + b"".join(map(compressor.compress, _zeros(count))) + compressor.flush()


def _padding_bomb() -> bytes:
    """Nothing but a long pax header, which belongs to no file."""
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 100 * MIB
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=1) as stream:
        stream.write(info.tobuf())
        for chunk in _zeros(100):
            stream.write(chunk)
    return buffer.getvalue()


@pytest.mark.parametrize("bomb", [_zip_bomb, _gzip_bomb, _zstd_bomb, _padding_bomb])
def test_a_bomb_is_refused_in_bounded_memory(bomb: object) -> None:
    assert callable(bomb)
    data = bomb()
    tracemalloc.start()
    try:
        assert any("16 MiB" in problem for problem in problems_of(data))
        assert tracemalloc.get_traced_memory()[1] < 80 * MIB
    finally:
        tracemalloc.stop()


def test_a_zip_that_lies_of_its_sizes_is_refused() -> None:
    data = bytearray(zip_of({**FILES, "files/zeros": bytes(MIB)}))
    place = data.rindex(b"PK\x01\x02")
    data[place + 24 : place + 28] = (10).to_bytes(4, "little")
    assert "bundle" in problems_of(bytes(data))[0]


def test_an_archive_larger_than_any_bundle_is_not_even_opened(tmp_path: Path) -> None:
    path = tmp_path / "large.tar"
    with path.open("wb") as stream:
        stream.truncate(10 * 2**30)
    with pytest.raises(InvalidBundle, match=r"large\.tar: larger than 16 MiB"):
        read_bundle(path)


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("kept", [0.05, 0.5, 0.9])
def test_a_truncated_archive_is_never_taken_for_the_whole(kind: str, kept: float) -> None:
    data = KINDS[kind]({**FILES, "files/noise": random.Random(1).randbytes(200_000)})
    with pytest.raises(InvalidBundle):
        read_archive(data[: int(len(data) * kept)], kind)


def test_an_encrypted_zip_is_refused_by_name() -> None:
    data = bytearray(zip_of(FILES))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = data.index(MANIFEST_NAME.encode(), data.index(mark)) if mark == b"PK\x03\x04" else 0
        start = data.rindex(mark, 0, place) if place else data.index(MANIFEST_NAME.encode(), data.index(mark)) - 46
        data[start + offset] |= 1
    assert problems_of(bytes(data)) == [f"{MANIFEST_NAME}: is encrypted; a bundle must be readable"]


def test_an_archive_in_an_archive_is_a_file_like_any_other() -> None:
    files = {**FILES, "files/inner.zip": zip_of(FILES)}
    assert read_archive(zip_of(files)).files["files/inner.zip"] == files["files/inner.zip"]


@pytest.mark.parametrize(
    "data", [b"", b"\0" * 2048, b"PK\x03\x04" + b"x" * 100, b"\x1f\x8b" + b"x" * 100, b"hello\n" * 200]
)
def test_what_is_no_archive_is_refused_as_that(data: bytes) -> None:
    assert len(problems_of(data, "thing.bin")) == 1


@pytest.mark.parametrize("make", ["symlink", "folder link", "fifo", "socket"])
def test_what_is_no_file_in_a_folder_is_named(folder: Path, make: str) -> None:
    place = folder / "files" / "odd"
    match make:
        case "symlink":
            place.symlink_to(folder / MANIFEST_NAME)
        case "folder link":
            place.symlink_to(folder / "files" / "a")
        case "fifo":
            os.mkfifo(place)
        case _:
            listener = socket.socket(socket.AF_UNIX)
            here = os.open(folder / "files", os.O_RDONLY)
            listener.bind(f"/proc/self/fd/{here}/odd")
            os.close(here)
            listener.close()
    with pytest.raises(InvalidBundle, match=r"^files/odd: is (a symbolic link|not a regular file)"):
        read_bundle(folder)


def test_a_folder_is_bounded_like_an_archive(folder: Path) -> None:
    with (folder / "files" / "large").open("wb") as stream:
        stream.truncate(17 * MIB)
    with pytest.raises(InvalidBundle, match="larger than 16 MiB"):
        read_bundle(folder)


def test_a_name_in_a_folder_that_is_not_utf8_is_refused(folder: Path) -> None:
    (folder / "files" / os.fsdecode(b"\xff")).write_bytes(b"")
    with pytest.raises(InvalidBundle, match="not UTF-8"):
        read_bundle(folder)


def test_a_path_that_is_not_there_is_said_to_be_missing(tmp_path: Path) -> None:
    with pytest.raises(InvalidBundle, match="there is no such file or folder"):
        read_bundle(tmp_path / "nothing")
