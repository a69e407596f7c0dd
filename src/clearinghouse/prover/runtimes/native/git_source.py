"""Takes the files of a commit out of a local checkout, without running anything that the checkout configures."""

from __future__ import annotations

import io
import os
import subprocess
import tempfile
from typing import IO, TYPE_CHECKING, Final, NamedTuple

from clearinghouse.prover.building.unpack import MOST_BYTES, Filling, UnsafeArchive
from clearinghouse.prover.runtimes.interface import ProvisionError

if TYPE_CHECKING:
    from pathlib import Path

_SECONDS: Final = 300
_EXECUTABLE, _LINK, _SUBMODULE = "100755", "120000", "160000"
_DATE: Final = 315532800.0  # of every file: git keeps none, and a build must not see when it was taken out
# Objects are read and nothing else: no hook, no filter, no fetch, no settings but the checkout's own, whoever owns it.
_GIT: Final = ("git", "-c", "safe.directory=*", "-c", "core.hooksPath=/dev/null", "--no-replace-objects")
_ENVIRONMENT: Final = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
}


class _Entry(NamedTuple):
    mode: str
    id: str
    path: str


def export(checkout: Path, commit: str, folder: Path) -> None:
    """Write the files of `commit` into the existing empty `folder`; submodules stay out. Raises ProvisionError."""
    entries = _listed(checkout, commit)
    with tempfile.TemporaryFile() as content:
        wanted = "".join(f"{entry.id}\n" for entry in entries).encode()
        _run(checkout, ["cat-file", "--batch"], wanted, content)
        content.seek(0)
        filling = Filling(folder)
        try:
            for entry in entries:
                _write(filling, entry, content)
            filling.finish()
        except (UnsafeArchive, OSError, ValueError) as error:
            raise ProvisionError(
                f"commit {commit} cannot be taken out of {checkout}: {error}", "build_failed"
            ) from None


def _listed(checkout: Path, commit: str) -> list[_Entry]:
    """The files of a commit, with their total size checked."""
    with tempfile.TemporaryFile() as output:
        _run(checkout, ["ls-tree", "-r", "-l", "-z", "--full-tree", f"{commit}^{{commit}}"], b"", output)
        output.seek(0)
        lines = output.read().decode("utf-8", "surrogateescape").split("\0")[:-1]
    entries, total = [], 0
    for line in lines:
        about, _, path = line.partition("\t")
        mode, _kind, name, size = about.split()
        if mode != _SUBMODULE:
            total += int(size)
            entries.append(_Entry(mode, name, path))
    if total > MOST_BYTES:
        raise ProvisionError(f"commit {commit} holds more than {MOST_BYTES >> 20} MiB", "build_failed")
    return entries


def _write(filling: Filling, entry: _Entry, content: IO[bytes]) -> None:
    header = content.readline().split()
    size = int(header[2])
    data = content.read(size)
    content.read(1)  # the newline after each object
    path = filling.place(entry.path)
    if path is None:
        raise ValueError("a file without a name")
    if entry.mode == _LINK:
        filling.link(path, data.decode("utf-8", "surrogateescape"))
    else:
        filling.file(path, io.BytesIO(data), executable=entry.mode == _EXECUTABLE, time=_DATE)


def _run(checkout: Path, arguments: list[str], given: bytes, output: IO[bytes]) -> None:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    try:
        done = subprocess.run(
            [*_GIT, "-C", str(checkout), *arguments],
            input=given,
            stdout=output,
            stderr=subprocess.PIPE,
            timeout=_SECONDS,
            check=False,
            env={**kept, **_ENVIRONMENT},
        )
    except FileNotFoundError:
        raise ProvisionError(
            "git is not installed; install it to take sources out of a checkout", "unsupported"
        ) from None
    except subprocess.TimeoutExpired:
        raise ProvisionError(f"git took longer than {_SECONDS} s in {checkout}", "infra") from None
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()[-300:]
        raise ProvisionError(f"{checkout}: {said} (is it a git checkout that has the commit?)", "no_release")
