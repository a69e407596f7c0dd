"""What is sent to do harm: it is kept as it is and answered, and neither memory nor the file system notices."""

from __future__ import annotations

import gzip
import io
import tarfile
import tracemalloc
import zipfile
from typing import TYPE_CHECKING

import pytest
import zstandard

from clearinghouse.api import bodies
from clearinghouse.core.report import MAX_REPORT_BYTES
from clearinghouse.intake.models import Report
from tests.api.factories import lab

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.django_db
MIB = 2**20
UNPACKED = 200 * MIB  # of each bomb; a proof may unpack to 16 MiB


class Zeros(io.RawIOBase):
    """Nothing but zeros, so that the test holds no large bytes itself."""

    def __init__(self, size: int) -> None:
        self.left = size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        count = min(self.left, len(buffer))
        buffer[:count] = bytes(count)
        self.left -= count
        return count


def tar_of_zeros(target: io.BufferedIOBase | gzip.GzipFile | zstandard.ZstdCompressionWriter) -> None:
    with tarfile.open(fileobj=target, mode="w|") as archive:  # type: ignore[call-overload]
        member = tarfile.TarInfo("proof.toml")
        member.size = UNPACKED
        archive.addfile(member, io.BufferedReader(Zeros(UNPACKED)))


def gzip_bomb() -> bytes:
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", compresslevel=1) as target:
        tar_of_zeros(target)
    return packed.getvalue()


def zstd_bomb() -> bytes:
    packed = io.BytesIO()
    with zstandard.ZstdCompressor().stream_writer(packed, closefd=False) as target:
        tar_of_zeros(target)
    return packed.getvalue()


def zip_bomb() -> bytes:
    packed = io.BytesIO()
    zeros = Zeros(UNPACKED)
    with (
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("proof.toml", "w", force_zip64=True) as member,
    ):
        while chunk := zeros.read(MIB):
            member.write(chunk)
    return packed.getvalue()


def many_files() -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for number in range(5000):
            archive.addfile(tarfile.TarInfo(f"files/{number}"))
    return packed.getvalue()


def tar_of(*members: tuple[str, bytes, str]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, kind, link in members:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, link
            archive.addfile(member)
    return packed.getvalue()


@pytest.mark.parametrize("bomb", [gzip_bomb, zstd_bomb, zip_bomb, many_files])
def test_a_bomb_comes_back_with_the_reason_and_is_never_unpacked(bomb: Callable[[], bytes]) -> None:
    content, program = bomb(), lab()
    assert len(content) < 8 * MIB
    tracemalloc.start()
    try:
        answer = program.post("/reports", content)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    receipt = answer.json()
    assert answer.status_code == 202
    assert receipt["state"] == "returned"
    assert receipt["reasons"]
    assert peak < 80 * MIB


@pytest.mark.parametrize(
    "member",
    [
        ("../../escaped", tarfile.REGTYPE, ""),
        ("/tmp/escaped", tarfile.REGTYPE, ""),
        ("files/x", tarfile.SYMTYPE, "/etc/passwd"),
        ("files/x", tarfile.LNKTYPE, "../../etc/passwd"),
        ("files/x", tarfile.CHRTYPE, ""),
        ("files/x", tarfile.FIFOTYPE, ""),
        ("files/\x1b[31m", tarfile.REGTYPE, ""),
    ],
)
def test_an_archive_that_reaches_out_of_itself_comes_back(member: tuple[str, bytes, str]) -> None:
    receipt = lab().post("/reports", tar_of(member)).json()
    assert receipt["state"] == "returned"
    assert receipt["reasons"]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("..%2F..%2Fetc%2Fpasswd", "passwd"),
        ("%2Fetc%2Fpasswd", "passwd"),
        ("C%3A%5Cwindows%5Cx.md", "x.md"),
        ("..", "report"),
        ("%2F", "report"),
        ("a%0Ab%00.md", "a�b�.md"),
        ("%E2%80%AEgnp.md", "�gnp.md"),
    ],
)
def test_a_name_is_a_label_and_never_a_path(name: str, kept: str) -> None:
    program = lab()
    receipt = program.post(f"/reports?name={name}", b"text").json()
    assert program.get(f"/reports/{receipt['id']}").json()["name"] == kept


def test_what_is_too_large_is_refused_before_it_is_kept() -> None:
    answer = lab().post("/reports", bytes(MAX_REPORT_BYTES + 1))
    assert answer.status_code == 413
    assert answer.json()["code"] == "too-large"
    assert not Report.objects.exists()


def test_a_length_that_lies_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "MAX_REPORT_BYTES", 1000)
    program = lab()
    assert program.post("/reports", b"x" * 1000).status_code == 202
    assert program.post("/reports", b"x" * 1001).status_code == 413
    form = b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n%s\r\n--b--\r\n'
    assert (
        program.post("/reports", form % (b"y" * 1001), content_type="multipart/form-data; boundary=b").status_code
        == 413
    )


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd", "gzip, gzip"])
def test_a_compressed_body_is_refused_unread(encoding: str) -> None:
    answer = lab().post("/reports", gzip.compress(bytes(MIB)), **{"Content-Encoding": encoding})
    assert answer.status_code == 415


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/html", "application/x-pickle", "nonsense"])
def test_a_type_that_is_not_taken_is_refused(kind: str) -> None:
    answer = lab().post("/reports", b"text", content_type=kind)
    assert answer.status_code == 415
    assert not Report.objects.exists()


def test_nothing_sent_is_given_back_as_a_page() -> None:
    program = lab()
    receipt = program.post("/reports", b"<script>alert(1)</script>", content_type="text/plain").json()
    answer = program.get(f"/reports/{receipt['id']}")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
