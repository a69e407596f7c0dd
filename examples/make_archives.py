"""Makes the hostile archives of examples/proofs again; run it with the Python of the project's environment.

They are committed because no ordinary program would make them; this file says what is in each.
"""

# ruff: noqa: INP001 (a program beside its data, no package)
from __future__ import annotations

import gzip
import io
import stat
import tarfile
import warnings
import zipfile
from pathlib import Path

import zstandard

HERE = Path(__file__).parent / "proofs"
PROOF = (HERE / "hostile-does-nothing" / "proof.toml").read_bytes()  # well formed: only the archive is at fault
TRIGGER = b'"""Never runs."""\n'


def tar(members: list[tarfile.TarInfo | tuple[str, bytes]]) -> bytes:
    """An uncompressed tar of `members`: pairs of name and content, or ready headers without content."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for member in members:
            if isinstance(member, tarfile.TarInfo):
                archive.addfile(member)
                continue
            name, content = member
            header = tarfile.TarInfo(name)
            header.size = len(content)
            archive.addfile(header, io.BytesIO(content))
    return buffer.getvalue()


def special(name: str, kind: bytes, link: str = "") -> tarfile.TarInfo:
    """A header of a member that is no ordinary file."""
    header = tarfile.TarInfo(name)
    header.type = kind
    header.linkname = link
    return header


def zipped(members: list[tuple[str, bytes]], *, link: str = "") -> bytes:
    """A zip of `members`; the one named `link` is marked as a symbolic link, its content being where it leads."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # it warns of the duplicate names that we want
        for name, content in members:
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (stat.S_IFLNK | 0o777 if name == link else stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def gz(data: bytes) -> bytes:
    """`data` as gzip, without a time stamp."""
    return gzip.compress(data, compresslevel=9, mtime=0)


def main() -> None:
    """Write every hostile archive."""
    proof = ("proof.toml", PROOF)
    archives = {
        # 17 MiB of zeros; the limit is 16 MiB unpacked.
        "hostile-over-size.tar.gz": gz(tar([proof, ("files/zeros.bin", bytes(17 << 20))])),
        # The same as a zip whose directory tells a lie about the size: 1 byte.
        "hostile-size-lie.zip": lying_zip([proof, ("files/zeros.bin", bytes(17 << 20))]),
        "hostile-too-many-files.tar.zst": zstandard.compress(
            tar([proof, *((f"files/{number:03}.txt", b"") for number in range(200))]),
        ),
        "hostile-duplicate-names.zip": zipped([proof, ("files/a.py", TRIGGER), ("files/a.py", b"import os\n")]),
        "hostile-dotdot-member.tar.gz": gz(tar([proof, ("../outside.py", TRIGGER)])),
        "hostile-absolute-member.zip": zipped([proof, ("/outside.py", TRIGGER)]),
        "hostile-hard-link.tar.gz": gz(tar([proof, special("files/passwd", tarfile.LNKTYPE, "/etc/passwd")])),
        "hostile-symlink-member.zip": zipped([proof, ("files/passwd", b"/etc/passwd")], link="files/passwd"),
        "hostile-device.tar.gz": gz(tar([proof, special("files/null", tarfile.CHRTYPE)])),
        "hostile-not-an-archive.tar.gz": b"This is no archive at all.\n",
    }
    for name, content in archives.items():
        (HERE / name).write_bytes(content)


def lying_zip(members: list[tuple[str, bytes]]) -> bytes:
    """A zip of `members` whose headers say that the last one unpacks to one byte."""
    data = bytearray(zipped(members))
    size = len(members[-1][1]).to_bytes(4, "little")
    while (at := data.find(size)) >= 0:
        data[at : at + 4] = (1).to_bytes(4, "little")
    return bytes(data)


if __name__ == "__main__":
    main()
