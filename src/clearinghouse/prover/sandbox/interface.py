"""What a sandbox promises: run one command with nothing but what it is given, and say from outside what happened.

Layout inside, the same on every host: `/proof` (fresh, writable, the working directory), `/tmp` and `/dev/shm`
(writable, size capped), read-only binds and files as asked, `/usr` of the host without `/usr/local`, a tiny `/etc`,
no network but a private loopback, no capabilities, no other process. The command never runs as root and never sees
the host's names, files or secrets.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping
    from pathlib import Path


HOME: Final = "/proof"  # the run's fresh folder, inside


@dataclass(frozen=True, slots=True)
class Limits:
    """Ceilings of one run. Seconds, MiB, KiB, counts."""

    wall_seconds: float = 20.0
    cpu_seconds: float = 20.0
    memory_mib: int = 1024
    pids: int = 64
    scratch_mib: int = 256  # /proof and /tmp together may not exceed this by more than double; /dev/shm is small
    output_kib: int = 256  # kept of each of stdout and stderr: half head, half tail; the rest is drained and counted
    report_kib: int = 4096  # kept of the report descriptor


@dataclass(frozen=True, slots=True)
class Bind:
    """A host file or folder shown read-only at the absolute path `inside`."""

    source: Path
    inside: str


@dataclass(frozen=True, slots=True)
class File:
    """A small file made for the run. Read-only unless it lies under /proof; `mode` is its permission bits."""

    inside: str
    content: bytes
    mode: int = 0o444


class Peer(Protocol):
    """A server for one run, on the run's private loopback, that answers from outside the sandbox."""

    @property
    def ports(self) -> tuple[int, ...]:
        """TCP ports to listen on inside, on every IPv4 address; none of them below 1024."""
        ...

    def serve(self, listeners: tuple[socket.socket, ...]) -> None:
        """Take the listening sockets, in the order of `ports`, before the command starts; return at once."""
        ...


@dataclass(frozen=True, slots=True)
class Command:
    """What to run. `argv[0]` is an absolute path inside; the environment is exactly `env`.

    Descriptor 3 is open for writing when `report` is set: what the command writes there comes back apart from its
    output, or, with `report_to`, goes into that file of the host's as it comes. `watch` are absolute paths inside whose
    existence is looked up, without following links, after every process of the run is dead. `folders` are empty and
    writable, to be made (absolute, inside). `sockets` are host Unix sockets to show inside (writable, connectable).
    `peer` answers the run from outside: the init opens its ports inside and hands the listening sockets out before the
    command exists, so nothing inside holds them or can take their place.
    """

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str = HOME
    stdin: bytes = b""
    binds: tuple[Bind, ...] = ()
    files: tuple[File, ...] = ()
    folders: tuple[str, ...] = ()
    sockets: tuple[Bind, ...] = ()
    peer: Peer | None = None
    watch: tuple[str, ...] = ()
    report: bool = False
    report_to: Path | None = None
    limits: Limits = field(default_factory=Limits)
    linger_seconds: float = 0.0  # how long processes that outlive the first one may go on before they are killed
    mask: tuple[str, ...] = ()  # folders inside /usr or a bind to cover with an empty read-only one


class Ending(StrEnum):
    """How the command's first process ended, as the sandbox's own init saw it."""

    EXITED = "exited"
    SIGNALLED = "signalled"
    WALL_LIMIT = "wall_limit"
    CPU_LIMIT = "cpu_limit"
    MEMORY_LIMIT = "memory_limit"  # the kernel's out-of-memory killer struck inside the run
    NOT_STARTED = "not_started"  # the sandbox itself failed; `detail` says how. Says nothing about the command


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the supervisor saw. `code` is the exit status or the signal number; `cpu_seconds` counts every process.

    `present` are the watched paths that existed afterwards. `memory_kib` is the peak, None where the host cannot tell.
    """

    ending: Ending
    code: int = 0
    stdout: bytes = b""
    stderr: bytes = b""
    dropped: int = 0  # bytes of output beyond the cap
    report: bytes = b""
    present: frozenset[str] = frozenset()
    cpu_seconds: float = 0.0
    wall_seconds: float = 0.0
    memory_kib: int | None = None
    memory_counted: bool = False  # the kernel counted everything that the run held; else memory_kib is a sample
    uid: int = -1  # the run's user id as the host sees it (peer credentials of sockets)
    detail: str = ""


class Sandbox(Protocol):
    """One way to run foreign code."""

    @property
    def isolation(self) -> str:
        """Grade "g2" when every layer holds, else "g1 (without: cgroup memory, landlock)" naming what is missing."""
        ...

    @property
    def scratch(self) -> Path:
        """A host folder for what lasts as long as this supervisor; swept however it ends."""
        ...

    def run(self, command: Command) -> Outcome:
        """Run `command` to its end. Safe to call from several threads; leaves no process, mount, cgroup or folder.

        Raises SandboxUnavailable when no sandbox can be had here at all (tell the user once, up front: see `probe`).
        """
        ...
