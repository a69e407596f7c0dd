"""An agent's work folder: each command runs in a fresh sandbox of the prover, and only the folder goes on.

Nothing that a command started outlives it, and nothing of the folder ever lies on this machine's disk: it is a tar
archive in memory, put together inside the sandbox. So what is taken out of it is read without following a link.
"""

from __future__ import annotations

import io
import tarfile
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from clearinghouse.core.errors import InvalidInput, SandboxUnavailable
from clearinghouse.prover.sandbox.interface import HOME, Bind, Command, Ending, File, Limits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from clearinghouse.evaluation.interface import Offer
    from clearinghouse.prover.sandbox.interface import Outcome, Sandbox

_STATE: Final = "/.folder.tar"  # inside, where it takes none of the room that the folder has
# Descriptor 3 is for the folder alone: the command itself does not have it.
_SCRIPT: Final = f"""
tar -x --no-same-owner -f {_STATE} -C {HOME}
cd "$1" || exit 127
seconds=$2
shift 2
timeout -k 1 "$seconds" "$@" 3>&-
code=$?
cd / && tar -c -S --hard-dereference --warning=none -f - -C {HOME} . >&3
exit "$code"
"""
_TIMED_OUT: Final = (124, 137)
_SPARE_SECONDS: Final = 30.0  # for packing and unpacking
_ENVIRONMENT: Final = {"PATH": "/usr/bin:/bin", "HOME": HOME, "LANG": "C.UTF-8"}


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command of an agent came to. `timed_out`: it was stopped at its seconds."""

    code: int
    stdout: bytes
    stderr: bytes
    cpu_seconds: float = 0.0
    timed_out: bool = False


@dataclass(slots=True)
class Workspace:
    """The work folder of one attempt. Not to be used by two commands at a time."""

    sandbox: Sandbox
    offer: Offer
    memory_mib: int = 1024
    size_mib: int = 64
    cpu_seconds: float = 0.0  # used by all commands so far
    _state: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        self._state = _pack({})
        for path, content in self.offer.files.items():
            self.write(path, content)

    def run(
        self,
        argv: Sequence[str],
        *,
        seconds: float,
        stdin: bytes = b"",
        cwd: str = HOME,
        env: Mapping[str, str] | None = None,
    ) -> Ran:
        """Run a command in the folder. Raises SandboxUnavailable where it could not be started."""
        offer = self.offer
        outcome = self.sandbox.run(
            Command(
                argv=("/bin/sh", "-c", _SCRIPT, "run", str(PurePosixPath(HOME, cwd)), f"{seconds:.3f}", *argv),
                env={**_ENVIRONMENT, **offer.environment, **(env or {})},
                stdin=stdin,
                binds=tuple(Bind(folder, inside) for inside, folder in offer.trees.items()),
                files=(File(_STATE, self._state, 0o444),),
                report=True,
                limits=Limits(
                    wall_seconds=seconds + _SPARE_SECONDS,
                    cpu_seconds=2 * seconds + _SPARE_SECONDS,
                    memory_mib=self.memory_mib,
                    pids=128,
                    scratch_mib=self.size_mib,
                    report_kib=(self.size_mib * 2) << 10,
                ),
            )
        )
        if outcome.ending is Ending.NOT_STARTED:
            raise SandboxUnavailable(f"a command of an agent could not be run: {outcome.detail}")
        self.cpu_seconds += outcome.cpu_seconds
        kept = self._take(outcome)
        note = b"" if kept else b"\n[the work folder could not be kept: it stays as it was before this command]"
        code = outcome.code if outcome.ending is Ending.EXITED else 128 + outcome.code
        late = outcome.code in _TIMED_OUT if outcome.ending is Ending.EXITED else outcome.ending is Ending.WALL_LIMIT
        return Ran(code, outcome.stdout, outcome.stderr + note, outcome.cpu_seconds, late)

    def write(self, path: str, content: bytes) -> None:
        """Put a file there, for the next command to find. Raises InvalidInput for a path outside the folder."""
        self._state = _pack({_inside(path): content}, self._state)

    def read(self, path: str, max_bytes: int) -> bytes | None:
        """The plain file at this path; None: nothing is there. Raises InvalidInput for a link, a folder, too much."""
        name = _inside(path)
        found: bytes | None = None
        with tarfile.open(fileobj=io.BytesIO(self._state)) as archive:
            for member in archive:
                if str(PurePosixPath(member.name)) != name:
                    continue
                if not member.isreg():
                    raise InvalidInput(f"{path}: is not a plain file", advice="write the answer itself there")
                if member.size > max_bytes:
                    raise InvalidInput(f"{path}: has more than {max_bytes} bytes", advice="hand in less")
                file = archive.extractfile(member)
                found = file.read(max_bytes + 1) if file else None
        return found

    def _take(self, outcome: Outcome) -> bool:
        """The folder as the command left it, if it is whole."""
        try:
            with tarfile.open(fileobj=io.BytesIO(outcome.report)) as archive:
                for _ in archive:
                    pass
        except (tarfile.TarError, ValueError, EOFError):
            return False
        if outcome.detail or not outcome.report.endswith(bytes(1024)):
            return False
        self._state = outcome.report
        return True


def _inside(path: str) -> str:
    """The path below the folder. Raises InvalidInput for one outside."""
    inside = PurePosixPath(HOME, path)
    if not inside.is_relative_to(HOME) or ".." in inside.parts or inside == PurePosixPath(HOME):
        raise InvalidInput(f"{path}: lies outside the work folder {HOME}", advice="name a file below it")
    return str(inside.relative_to(HOME))


def _pack(files: Mapping[str, bytes], state: bytes = b"") -> bytes:
    """The archive with these files added; a later one of the same name takes the place of an earlier one."""
    buffer = io.BytesIO(state)
    with tarfile.open(fileobj=buffer, mode="a" if state else "w", format=tarfile.GNU_FORMAT) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o644
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()
