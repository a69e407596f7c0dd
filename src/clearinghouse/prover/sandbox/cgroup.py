"""Bounds and counts a run with the kernel's control groups, each controller taken where this host has it.

Version 2 where its tree is ours to use, version 1 where that is what the host has, nothing where neither can be
written: an ordinary user then runs without, and says so in the isolation grade. Groups are made below our own, so
that the limits set around the supervisor hold for its runs too.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from clearinghouse.prover.sandbox.interface import Limits

# What we want of control groups: the controller's name in version 1, and the file that proves it in versions 1 and 2.
WANTED: Final = {
    "memory": ("memory", "memory.limit_in_bytes", "memory.max"),
    "pids": ("pids", "pids.max", "pids.max"),
    "cpu": ("cpu", "cpu.cfs_quota_us", "cpu.max"),
    "usage": ("cpuacct", "cpuacct.usage", "cpu.stat"),
    "kill": ("", "", "cgroup.kill"),
}
PERIOD_US: Final = 100_000
OWN_PROCESSES: Final = 2  # bubblewrap and the init: they count in the group and are not the run's
OWN_MEMORY: Final = 24 << 20  # what those take, so that the run has what it was promised


@dataclass(frozen=True, slots=True)
class Place:
    """Where one kind of bound can be set: below which folder, in which version's words."""

    version: int
    parent: Path


@dataclass(frozen=True, slots=True)
class Hierarchies:
    """The kinds of bound this process may set (keys of WANTED), and where."""

    places: Mapping[str, Place]

    @property
    def missing(self) -> tuple[str, ...]:
        """Which of the three that the grade asks for are not here, in words."""
        return tuple(f"cgroup {kind}" for kind in ("memory", "pids", "cpu") if kind not in self.places)

    def make(self, name: str) -> Group:
        """A fresh group, without limits yet. OSError when the kernel refuses after all."""
        group = Group(
            {kind: (place.version, place.parent / name) for kind, place in self.places.items()},
        )
        try:
            for folder in group.folders:
                folder.mkdir()
        except OSError:
            group.remove()
            raise
        return group


@dataclass(slots=True)
class Group:
    """The control groups of one run."""

    parts: Mapping[str, tuple[int, Path]]
    folders: tuple[Path, ...] = field(init=False)

    def __post_init__(self) -> None:
        self.folders = tuple(dict.fromkeys(folder for _, folder in self.parts.values()))

    @property
    def doors(self) -> list[str]:
        """The files to write 0 to in order to join."""
        return [str(folder / "cgroup.procs") for folder in self.folders]

    def restrict(self, limits: Limits) -> None:
        """Set the limits; those of memory cover swap where the kernel accounts for it."""
        memory = str((limits.memory_mib << 20) + OWN_MEMORY)
        if part := self.parts.get("memory"):
            version, folder = part
            (folder / ("memory.max" if version == 2 else "memory.limit_in_bytes")).write_text(memory)  # noqa: PLR2004
            with suppress(FileNotFoundError):
                if version == 2:  # noqa: PLR2004
                    _existing(folder / "memory.swap.max").write_text("0")
                else:
                    _existing(folder / "memory.memsw.limit_in_bytes").write_text(memory)
        if part := self.parts.get("pids"):
            (part[1] / "pids.max").write_text(str(limits.pids + OWN_PROCESSES))
        if part := self.parts.get("cpu"):
            version, folder = part
            if version == 2:  # noqa: PLR2004
                (folder / "cpu.max").write_text(f"{PERIOD_US} {PERIOD_US}")
            else:
                (folder / "cpu.cfs_period_us").write_text(str(PERIOD_US))
                (folder / "cpu.cfs_quota_us").write_text(str(PERIOD_US))

    def cpu_seconds(self) -> float | None:
        """CPU time of everything that ever ran in the group; None where nothing counts it."""
        part = self.parts.get("usage")
        if part is None:
            return None
        version, folder = part
        if version == 1:
            return int((folder / "cpuacct.usage").read_text()) / 1e9
        return _fields(folder / "cpu.stat").get("usage_usec", 0) / 1e6

    def memory_peak_kib(self) -> int | None:
        """The most memory that the group ever held; None where the kernel does not keep it."""
        part = self.parts.get("memory")
        if part is None:
            return None
        version, folder = part
        with suppress(OSError):
            return int((folder / ("memory.max_usage_in_bytes" if version == 1 else "memory.peak")).read_text()) >> 10
        return None

    def out_of_memory_kills(self) -> int:
        """How often the kernel killed a process of the group for want of memory."""
        part = self.parts.get("memory")
        if part is None:
            return 0
        version, folder = part
        return _fields(folder / ("memory.oom_control" if version == 1 else "memory.events")).get("oom_kill", 0)

    def kill(self) -> None:
        """Kill every member, at once where the kernel can, else until none is left or a second has passed."""
        if part := self.parts.get("kill"):
            with suppress(OSError):
                (part[1] / "cgroup.kill").write_text("1")
        end = time.monotonic() + 1.0
        while time.monotonic() < end and (members := self._members()):
            for pid in members:
                with suppress(OSError):
                    os.kill(pid, 9)
            time.sleep(0.01)

    def _members(self) -> set[int]:
        found: set[int] = set()
        for door in self.doors:
            with suppress(OSError):
                found.update(int(line) for line in Path(door).read_text().split())
        return found - {0}

    def remove(self) -> bool:
        """Remove the folders; False when the kernel still holds one (ask again later)."""
        gone = True
        for folder in self.folders:
            try:
                folder.rmdir()
            except FileNotFoundError:
                continue
            except OSError:
                gone = False
        return gone


def _existing(path: Path) -> Path:
    """`path`; raises FileNotFoundError where writing would try to create it."""
    path.stat()
    return path


def _fields(path: Path) -> dict[str, int]:
    """The lines `name number` of a kernel file; empty when it is gone."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return {}
    return {name: int(value) for name, _, value in (line.partition(" ") for line in lines) if value.isdigit()}


def remove_named(parents: Iterable[Path], prefix: str) -> None:
    """Kill and remove every group below `parents` whose name starts with `prefix`: what a dead supervisor left."""
    for parent in parents:
        for folder in parent.glob(f"{prefix}*"):
            group = Group({"kill": (2, folder)})
            end = time.monotonic() + 2.0
            group.kill()
            while not group.remove() and time.monotonic() < end:
                time.sleep(0.01)
