"""Archives made to do harm, over HTTP and from the shell: each is answered with place and remedy, and leaves nothing.

What is sent is kept as evidence and answered `returned` with its faults; what no request may be is a problem document.
"""

from __future__ import annotations

import gzip
import io
import struct
import sys
import tarfile
import tempfile
import tracemalloc
import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import zstandard

from clearinghouse.bootstrap import wiring
from clearinghouse.bootstrap.settings import Settings
from clearinghouse.cli.main import main
from clearinghouse.intake.models import Report
from clearinghouse.journal.checking import check
from clearinghouse.proofs import blobs
from clearinghouse.proofs.models import Blob, Proof
from tests.api.factories import lab

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db
MIB = 2**20
NAME = "proof.toml"


def zipped(*members: tuple[str | zipfile.ZipInfo, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    packed = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(packed, "w", method) as archive:
        warnings.simplefilter("ignore")  # a name that appears twice
        for name, content in members:
            archive.writestr(name, content)
    return packed.getvalue()


def zip_link() -> bytes:
    link = zipfile.ZipInfo("files/link")
    link.external_attr = 0o120777 << 16
    return zipped((link, b"/etc/passwd"))


def zip_listing(entries: int) -> bytes:
    """A directory of that many entries and no file."""
    entry = struct.Struct("<4s4B4HL2L5H2L")
    names = [b"%06x" % number for number in range(entries)]
    listed = b"".join(entry.pack(b"PK\1\2", 20, 3, 20, *[0] * 8, 6, *[0] * 6) + name for name in names)
    end = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, entries & 0xFFFF, entries & 0xFFFF, len(listed), 30, 0)
    return b"PK\3\4" + bytes(26) + listed + end


def tarred(*members: tuple[str, bytes, bytes]) -> bytes:
    """Members by name, type and content."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT, encoding="latin-1") as archive:
        for name, kind, content in members:
            member = tarfile.TarInfo(name)
            member.type, member.size, member.linkname = kind, len(content), "/etc/passwd"
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def tar_with_name(name: bytes) -> bytes:
    """One empty file whose name's field holds just these bytes."""
    block = bytearray(tarfile.TarInfo("x").tobuf(tarfile.GNU_FORMAT))
    block[: len(name)] = name
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + bytes(1024)


def tar_of_records(size: int) -> bytes:
    """A tar that begins with that many bytes of the smallest extended records, each a name of its own."""
    record = b"11 %06x=\n"
    content = b"".join(record % number for number in range(size // 11))
    return tarred(("x", tarfile.XHDTYPE, content), (NAME, tarfile.REGTYPE, b""))


def nested(depth: int) -> bytes:
    content = gzip.compress(bytes(30 * MIB), 9)
    for number in range(depth):
        content = zipped((f"{number}.zip", content)) if number % 2 else gzip.compress(tarred(("x", b"0", content)))
    return content


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "zip out of itself": (lambda: zipped(("../../x", b"")), "../../x: the path holds '..'; use a path inside"),
    "zip absolute": (lambda: zipped(("/etc/x", b"")), "/etc/x: an absolute path; use a path relative"),
    "zip drive": (lambda: zipped(("C:x", b"")), "C:x: an absolute path; use a path relative"),
    "zip link": (zip_link, "files/link: is a symbolic link; a bundle holds regular files only"),
    "zip twice": (lambda: zipped((NAME, b"a"), (NAME, b"b")), f"{NAME}: appears twice; a path may appear once"),
    "zip NUL": (lambda: zipped(("proofZx", b"")).replace(b"proofZx", b"proof\0x"), "holds a NUL; rename it"),
    "zip not UTF-8": (
        lambda: zipped(("\u00e9.toml", b"")).replace("\u00e9".encode(), b"\xff\xfe"),
        "\\xff\\xfe.toml: the name is not UTF-8; rename it",
    ),
    "zip bzip2": (lambda: zipped((NAME, bytes(64 * MIB)), method=zipfile.ZIP_BZIP2), "pack it with deflate"),
    "zip lzma": (lambda: zipped((NAME, bytes(64 * MIB)), method=zipfile.ZIP_LZMA), "pack it with deflate"),
    "zip deflate": (lambda: zipped((NAME, bytes(64 * MIB))), "larger than 16 MiB unpacked; make it smaller"),
    "zip many": (lambda: zipped(*((f"files/{n}", b"") for n in range(201))), "more than 200 files; remove what"),
    "zip listing": (lambda: zip_listing(100_000), "lists more than 200 files; remove what"),
    "tar link": (lambda: tarred(("x", tarfile.SYMTYPE, b"")), "x: is a link; a bundle holds regular files only"),
    "tar hard link": (lambda: tarred(("x", tarfile.LNKTYPE, b"")), "x: is a link; a bundle holds regular files"),
    "tar device": (lambda: tarred(("x", tarfile.BLKTYPE, b"")), "x: is not a regular file; a bundle holds regular"),
    "tar pipe": (lambda: tarred(("x", tarfile.FIFOTYPE, b"")), "x: is not a regular file; a bundle holds regular"),
    "tar twice": (lambda: tarred((NAME, b"0", b""), (NAME, b"0", b"")), f"{NAME}: appears twice; a path may"),
    "tar NUL": (lambda: tar_with_name(b"proof.toml\0.gz"), f"{NAME}: the name holds a NUL; rename it"),
    "tar not UTF-8": (lambda: tarred(("\xff.toml", b"0", b"")), "\\udcff.toml: the name is not UTF-8; rename it"),
    "tar control": (lambda: tarred(("a\x1b[2J", b"0", b"")), "a\ufffd[2J: the name is longer than 255 bytes or holds"),
    "tar name": (lambda: gzip.compress(tarred(("x" * 90_000, b"0", b""))), f"{'x' * 100}…: the name is longer"),
    "tar names": (lambda: gzip.compress(tarred(("x" * 9 * MIB, b"0", b""))), "headers take more than 1 MiB of its 16"),
    "tar records": (
        lambda: gzip.compress(tar_of_records(8 * MIB)),
        "headers take more than 1 MiB of its 16 MiB; pack it anew",
    ),
    "tar.gz many": (
        lambda: gzip.compress(tarred(*((f"files/{n}", b"0", b"") for n in range(201)))),
        "more than 200 files; remove what the proof does not need",
    ),
    "tar.gz": (lambda: gzip.compress(tarred((NAME, b"0", bytes(64 * MIB)))), "larger than 16 MiB unpacked; make it"),
    "tar.zst": (
        lambda: zstandard.ZstdCompressor().compress(tarred((NAME, b"0", bytes(64 * MIB)))),
        "larger than 16 MiB unpacked; make it smaller",
    ),
    "nested": (lambda: nested(4), f"{NAME}: is missing at the top of the bundle; add it"),
    "gzip of gzip": (lambda: gzip.compress(gzip.compress(bytes(64 * MIB))), "not a bundle folder or a readable .tar"),
}


@pytest.fixture
def untouched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """A home and a folder for temporary files of the test's own; what is called asserts that both are empty."""
    home, scratch = tmp_path / "home", tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    monkeypatch.setattr(wiring, "settings", lambda: Settings(home=home))

    def _check() -> None:
        assert not list(scratch.iterdir())
        assert not [path for path in home.rglob("*") if path.is_file()]
        assert not Path("/etc/x").exists()

    return _check


def bounded(call: Callable[[], Any]) -> Any:
    """What the call gives, done in bounded memory."""
    tracemalloc.start()
    try:
        found = call()
        assert tracemalloc.get_traced_memory()[1] < 60 * MIB
    finally:
        tracemalloc.stop()
    return found


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_archive_comes_back_over_http_with_the_place_and_the_remedy(
    kind: str, untouched: Callable[[], None]
) -> None:
    make, words = HOSTILE[kind]
    content, program = make(), lab()
    receipt = bounded(lambda: program.post("/reports", content)).json()
    assert receipt["state"] == "returned"
    assert words in " ".join(receipt["reasons"])
    assert all(len(reason) < 300 and reason.isprintable() for reason in receipt["reasons"])
    again = program.post("/reports", content).json()  # the same bytes are the same report
    assert (again["id"], again["known"]) == (receipt["id"], True)
    assert (Report.objects.count(), Blob.objects.count(), Proof.objects.exists()) == (1, 1, False)
    assert check().broken is None
    untouched()


@pytest.mark.parametrize("kind", ["zip out of itself", "zip lzma", "tar device", "tar records", "tar.zst", "nested"])
def test_from_the_shell_it_comes_back_too_and_its_check_names_the_fault(
    kind: str, tmp_path: Path, untouched: Callable[[], None], monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    make, words = HOSTILE[kind]
    file = tmp_path / "bundle"
    file.write_bytes(make())
    for command, code in ((["submit", str(file), "--finder", "Lab One"], 0), (["proof", "check", str(file)], 65)):
        monkeypatch.setattr(sys, "argv", ["clearinghouse", *command])
        with pytest.raises(SystemExit) as ended:
            bounded(main)
        said = capsys.readouterr()
        assert (ended.value.code or 0) == code, said
        assert words in said.out + said.err
        assert "Traceback" not in said.err
    assert Report.objects.get().state == "returned"
    untouched()


def test_a_folder_with_a_link_out_of_it_is_sent_without_what_the_link_leads_to(
    tmp_path: Path, untouched: Callable[[], None], monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    (tmp_path / "secret").write_text("a planted secret")
    folder = tmp_path / "bundle"
    folder.mkdir()
    (folder / NAME).symlink_to(tmp_path / "secret")
    monkeypatch.setattr(sys, "argv", ["clearinghouse", "submit", str(folder), "--finder", "Lab One"])
    with pytest.raises(SystemExit):
        main()
    assert f"{NAME}: is a link; a bundle holds regular files only" in capsys.readouterr().out
    assert b"a planted secret" not in blobs.read(Blob.objects.get().sha256)
    untouched()


@pytest.mark.parametrize(
    ("content", "how", "status", "code"),
    [
        (bytes(24 * MIB + 1), {}, 413, "too-large"),
        (b"text", {"content_type": "text/html"}, 415, "media-type"),
        (gzip.compress(b"text", mtime=0), {"Content-Encoding": "gzip"}, 415, "media-type"),
        (b"--x", {"content_type": "multipart/form-data"}, 400, "bad-request"),
        (b"text", {"key": None}, 400, "key-missing"),
    ],
    ids=["too large", "a page", "packed", "no parts", "no key"],
)
def test_what_no_upload_may_be_is_a_problem_with_a_remedy_and_kept_nowhere(
    content: bytes, how: dict[str, Any], status: int, code: str, untouched: Callable[[], None]
) -> None:
    answer = lab().post("/reports", content, **how)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert (answer.json()["code"], bool(answer.json()["detail"]), bool(answer.json()["advice"])) == (code, True, True)
    assert (Report.objects.exists(), Blob.objects.exists()) == (False, False)
    assert check().entries == 0
    untouched()
