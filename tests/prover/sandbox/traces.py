"""What a run may leave on the host: processes, control groups, mounts, folders."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from clearinghouse.prover.sandbox.bubblewrap import BubblewrapSandbox


def marked(mark: str) -> list[int]:
    """The processes of this machine with `mark` in their command line or environment."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if mark.encode() in (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


@dataclass(frozen=True, slots=True)
class Traces:
    """What of the host a run could have changed."""

    mounts: str
    scratch: frozenset[str]
    beside: frozenset[str]  # names in the temporary folder that a run's own /tmp must not be

    @classmethod
    def now(cls, sandbox: BubblewrapSandbox) -> Self:
        """As it is."""
        return cls(
            Path("/proc/self/mountinfo").read_text(),
            frozenset(str(path) for path in sandbox.scratch.rglob("*")),
            frozenset(path.name for folder in ("/tmp", "/dev/shm") for path in Path(folder).glob("[0-9]*")),
        )


def inhabited(sandbox: BubblewrapSandbox) -> list[str]:
    """The sandbox's control groups in which something else than the launcher's own forks lives."""
    found = []
    parents = {place.parent for place in sandbox._hierarchies.places.values()}
    for door in (path / "cgroup.procs" for parent in parents for path in parent.glob(f"{sandbox._session.name}*")):
        try:
            members = [Path("/proc", line, "cmdline").read_bytes() for line in door.read_text().split()]
        except OSError:
            continue  # gone meanwhile
        found += [str(door) for command in members if command and b"launch.py" not in command]
    return found
