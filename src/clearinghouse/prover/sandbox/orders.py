"""What the init is ordered to do, as bytes that both inits (init.c, init.py) read.

`name=value` fields, each ended by a NUL byte; a list is a name that comes again. No value can hold a NUL byte, so no
value can be taken for another order.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from clearinghouse.prover.sandbox.arguments import WRITABLE

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from clearinghouse.prover.sandbox.interface import Command

MOST_FILES: Final = 1 << 17  # in one writable folder where no control group bounds memory: a file takes about 1 KiB
_MICROSECONDS: Final = 1_000_000


def encode(command: Command, bounded: Container[str], *, landlock: bool) -> bytes:
    """The orders for one run. `bounded`: what control groups bound (keys of cgroup.WANTED); the init does the rest.

    ValueError when an argument, a path or the environment holds what no program can be given.
    """
    return b"".join(_field(name, value) for name, value in _fields(command, bounded, landlock=landlock))


def _fields(command: Command, bounded: Container[str], *, landlock: bool) -> Iterator[tuple[str, str | int]]:
    limits = command.limits
    yield from (("argv", argument) for argument in command.argv)
    for name, value in command.env.items():
        if not name or "=" in name:
            raise ValueError(f"no name for an environment variable: {name!r}")
        yield "env", f"{name}={value}"
    yield from (("writable", path) for path in (*WRITABLE, *command.folders))
    yield from (("watch", path) for path in command.watch)
    yield from (("listen", str(port)) for port in (command.peer.ports if command.peer else ()))
    yield "cwd", command.cwd
    yield "report", int(command.report)
    yield "landlock", int(landlock)
    yield "wall_us", int(limits.wall_seconds * _MICROSECONDS)
    yield "linger_us", int(command.linger_seconds * _MICROSECONDS)
    yield "cpu_us", int(limits.cpu_seconds * _MICROSECONDS)
    yield "memory_kib", limits.memory_mib << 10
    yield "scratch_bytes", limits.scratch_mib << 20
    yield "pids", limits.pids
    yield "files", MOST_FILES
    yield "count_processes", int("pids" not in bounded)
    yield "count_memory", int("memory" not in bounded)
    yield "count_cpu", int("usage" not in bounded)


def _field(name: str, value: str | int) -> bytes:
    encoded = os.fsencode(str(value))
    if b"\0" in encoded:
        raise ValueError(f"a NUL byte in {name}: {value!r}")
    return name.encode() + b"=" + encoded + b"\0"
