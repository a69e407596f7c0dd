"""Archives that strangers made land below their folder, or are refused."""

from __future__ import annotations

import io
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from clearinghouse.prover.building import unpack as unpacking
from clearinghouse.prover.building.unpack import UnsafeArchive, unpack

if TYPE_CHECKING:
    from pathlib import Path


def member(name: str, content: bytes = b"", **given: object) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for key, value in given.items():
        setattr(info, key, value)
    return info, content


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tuple[tarfile.TarInfo, bytes]:
    return member(name, type=kind, linkname=target)


def unpacked(tmp_path: Path, *members: tuple[tarfile.TarInfo, bytes], mode: str = "w:gz") -> Path:
    archive = tmp_path / "archive"
    with tarfile.open(archive, mode) as tar:  # type: ignore[call-overload]
        for info, content in members:
            tar.addfile(info, io.BytesIO(content))
    folder = tmp_path / "folder"
    folder.mkdir()
    unpack(archive, folder)
    return folder


@pytest.mark.parametrize("mode", ["w", "w:gz", "w:bz2", "w:xz"])
def test_files_keep_content_executable_bit_and_time_and_nothing_else_of_their_mode(tmp_path: Path, mode: str) -> None:
    folder = unpacked(
        tmp_path,
        member("a/run", b"#!", mode=0o6777, mtime=1_000_000),
        member("./a/data", b"x", mode=0o600, mtime=2_000_000),
        mode=mode,
    )
    run, data = (folder / "a/run").stat(), (folder / "a/data").stat()
    assert (run.st_mode & 0o7777, run.st_mtime) == (0o755, 1_000_000)
    assert (data.st_mode & 0o7777, data.st_mtime) == (0o644, 2_000_000)


def test_links_that_stay_inside_are_made_when_everything_is_written(tmp_path: Path) -> None:
    folder = unpacked(tmp_path, link("lib/libx.so", "libx.so.1"), member("lib/libx.so.1", b"x"), link("l", "lib"))
    assert (folder / "l/libx.so").read_bytes() == b"x"
    assert str((folder / "lib/libx.so").readlink()) == "libx.so.1"


def test_a_hard_link_becomes_a_copy(tmp_path: Path) -> None:
    folder = unpacked(tmp_path, member("a", b"x"), link("b", "a", tarfile.LNKTYPE))
    assert (folder / "b").read_bytes() == b"x"
    assert (folder / "b").stat().st_nlink == 1


@pytest.mark.parametrize(
    "members",
    [
        [member("../out", b"x")],
        [member("/etc/out", b"x")],
        [member("a/../../out", b"x")],
        [member("a\nb", b"x")],
        [link("l", "/etc/passwd")],
        [link("l", "../out")],
        [link("a/l", "../../out")],
        [link("a/b/l", "../../c"), link("m", "a/b/l/../../x")],
        [link("l", ".."), member("l/out", b"x")],
        [link("l", "a"), member("l", b"x")],
        [member("l", b"x"), link("l", "a")],
        [link("b", "nowhere", tarfile.LNKTYPE)],
        [link("l", "a"), link("b", "l", tarfile.LNKTYPE)],
        [member("pipe", type=tarfile.FIFOTYPE)],
        [member("disk", type=tarfile.BLKTYPE)],
    ],
    ids=lambda members: ", ".join(
        f"{info.name}>{info.linkname}" if info.linkname else info.name for info, _ in members
    ),
)
def test_what_leads_out_or_is_no_file_is_refused(tmp_path: Path, members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    with pytest.raises(UnsafeArchive):
        unpacked(tmp_path, *members)
    assert not (tmp_path / "out").exists()


def test_the_caps_hold_for_bytes_and_entries(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacking, "MOST_BYTES", 10)
    with pytest.raises(UnsafeArchive, match="unpacked"):
        unpacked(tmp_path, member("a", b"x" * 6), member("b", b"x" * 6))
    monkeypatch.setattr(unpacking, "MOST_ENTRIES", 1)
    (tmp_path / "again").mkdir()
    with pytest.raises(UnsafeArchive, match="entries"):
        unpacked(tmp_path / "again", member("a"), member("b"))


def test_zip_archives_are_read_with_the_same_care(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.zip", tmp_path / "bad.zip"
    with zipfile.ZipFile(good, "w") as archive:
        archive.writestr("a/b", "x")
    with zipfile.ZipFile(bad, "w") as archive:
        archive.writestr("../b", "x")
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    unpack(good, tmp_path / "one")
    assert (tmp_path / "one/a/b").read_text() == "x"
    with pytest.raises(UnsafeArchive):
        unpack(bad, tmp_path / "two")


def test_what_is_no_archive_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "noise").write_bytes(b"no archive at all")
    with pytest.raises(UnsafeArchive, match="cannot be unpacked"):
        unpack(tmp_path / "noise", tmp_path / "folder")
