"""Ends processes that were recorded, and no others: a number that the system gave out again is somebody else's."""

from __future__ import annotations

import os
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_PATIENCE = 5.0  # seconds between asking a process to end and ending it
_GROUP_FIELD = 2  # of /proc/<pid>/stat after the name in brackets
_START_FIELD = 19  # the start, in ticks since the machine's


def control_of(pid: int) -> dict[str, Any]:
    """How a process of this machine is reached later: its number and start, the machine and when that started."""
    return {"host": socket.gethostname(), "boot": _boot(), "pid": pid, "started": _started(pid)}


class LocalRuns:
    """Implements `core.ports.Runs` for processes of this machine; those of others are theirs to end."""

    def stop(self, control: Mapping[str, Any]) -> bool:
        """Ask the process (and its group, where it leads one) to end, then end it."""
        if control.get("host") != socket.gethostname():
            return False
        pid, started = control.get("pid"), control.get("started")
        if control.get("boot") != _boot() or not isinstance(pid, int) or pid <= 1:
            return True
        for sign, patience in ((signal.SIGTERM, _PATIENCE), (signal.SIGKILL, _PATIENCE)):
            if not _is_it(pid, started):
                break
            leads = _leads(pid)
            _send(pid, sign)
            if _gone(pid, started, patience):
                return not leads or _end_rest(pid)
        return not _is_it(pid, started)


def _send(pid: int, sign: signal.Signals) -> None:
    try:
        if os.getpgid(pid) == pid:
            os.killpg(pid, sign)
        else:
            os.kill(pid, sign)
    except ProcessLookupError:
        return


def _leads(pid: int) -> bool:
    try:
        return os.getpgid(pid) == pid
    except ProcessLookupError:
        return False


def _end_rest(group: int) -> bool:
    """End what is left of the group whose leader is gone; its number is not given out again while anybody is in it."""
    until = time.monotonic() + _PATIENCE
    while members := _members(group):
        if time.monotonic() > until:
            return False
        for pid in members:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.05)
    return True


def _members(group: int) -> list[int]:
    """The processes of that group, but for those that have ended."""
    known = {int(place.name): _fields(int(place.name)) for place in Path("/proc").iterdir() if place.name.isdecimal()}
    return [pid for pid, fields in known.items() if fields and int(fields[_GROUP_FIELD]) == group]


def _gone(pid: int, started: object, patience: float) -> bool:
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if not _is_it(pid, started):
            return True
        time.sleep(0.05)
    return not _is_it(pid, started)


def _is_it(pid: int, started: object) -> bool:
    return started is not None and _started(pid) == started


def _started(pid: int) -> int | None:
    """When the process started; None when there is none, or it has ended and only waits to be counted."""
    fields = _fields(pid)
    return int(fields[_START_FIELD]) if fields else None


def _fields(pid: int) -> list[str]:
    """What the system says of a process after its name; nothing for one that has ended."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return []
    return [] if fields[0] in {"Z", "X"} else fields


def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
