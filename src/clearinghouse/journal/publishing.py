"""Write what the world may see into files: whole or not at all, also when the process is killed at any moment."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from clearinghouse.core.errors import IntegrityError, InvalidInput
from clearinghouse.core.seals import read_published
from clearinghouse.journal.models import Seal
from clearinghouse.journal.seals import published_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LATEST = "latest.json"
_ADVICE = "the tables were put back or changed: keep the files, and run `clearinghouse journal verify --head FILE`"


def file_name(number: int) -> str:
    """The file of a seal: sorted by name, seals are in order."""
    return f"seal-{number:08}.json"


def write_missing_seals(folder: Path) -> int:
    """Write each seal that has no file yet, and the newest again as `latest.json`; how many.

    Raises IntegrityError where another seal was published under a number, or one that the tables do not know.
    """
    last = Seal.objects.filter(key_id__isnull=False).order_by("-number").first()
    newest = _number(folder / LATEST)
    if newest > (last.number if last else 0):
        raise IntegrityError(f"{folder / LATEST} is seal {newest}, which the journal does not know", advice=_ADVICE)
    if last is None:
        return 0
    there = {path.name for path in folder.iterdir()} if folder.exists() else set()
    missing = [
        number
        for number in Seal.objects.filter(number__lte=last.number).order_by("number").values_list("number", flat=True)
        if file_name(number) not in there
    ]
    for number in missing:
        write_whole(folder / file_name(number), published_of(Seal.objects.get(number=number)).content)
    content = published_of(last).content
    if (folder / file_name(last.number)).read_bytes() != content:
        raise IntegrityError(f"seal {last.number} was published otherwise in {folder}", advice=_ADVICE)
    write_whole(folder / LATEST, content)
    return len(missing)


def _number(latest: Path) -> int:
    """The number of the newest seal in the folder, 0 where there is none or no readable one."""
    try:
        return read_published(latest.read_bytes())[0].head.number
    except (FileNotFoundError, InvalidInput):
        return 0


def write_whole(path: Path, content: bytes) -> None:
    """Write the file whole or not at all; the same content may be written any number of times, by several at a time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.read_bytes() == content:
        return
    with _alone(path.parent):
        draft = path.with_name(f".{path.name}.new")  # one name: what a killed process left is written over
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder's lock, which the system frees with its holder: two commands may write at the same time."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
