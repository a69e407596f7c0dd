"""What a run is asked while it runs, by a file in its folder: to pause, to go on, to stop."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_NAME = "control"


class Ask(StrEnum):
    """What may be asked. Pausing lets attempts under way end; cancelling does not, and they are made again later."""

    GO_ON = "go on"
    PAUSE = "pause"
    CANCEL = "cancel"


def asked(folder: Path) -> Ask:
    """What is asked of the run in this folder; to go on, where nothing is."""
    try:
        return Ask((folder / _NAME).read_text().strip())
    except (FileNotFoundError, ValueError):
        return Ask.GO_ON


def ask(folder: Path, what: Ask) -> None:
    """Ask this of the run in this folder, or of the next one there."""
    place = folder / _NAME
    if what is Ask.GO_ON:
        place.unlink(missing_ok=True)
    else:
        place.write_text(what)
