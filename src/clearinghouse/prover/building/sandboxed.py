"""Runs one build in the sandbox: source in, what it leaves in $OUT out, nothing else and no network."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from clearinghouse.prover.building.unpack import MOST_BYTES, UnsafeArchive, unpack
from clearinghouse.prover.runtimes.interface import SRC, ProvisionError
from clearinghouse.prover.sandbox.interface import HOME, Bind, Command, Ending, File, Limits
from clearinghouse.prover.trees import open_to_read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clearinghouse.prover.sandbox.interface import Outcome, Sandbox

OUT: Final = "/out"
WORK: Final = "/work"
_GIVEN: Final = "/opt/source"
LIMITS: Final = Limits(
    wall_seconds=600,
    cpu_seconds=600,
    memory_mib=4096,  # what lies in the folders below counts too
    pids=512,
    scratch_mib=2048,
    output_kib=256,
    report_kib=(MOST_BYTES >> 10) + 1024,
)
# The command gets no report descriptor: it is ours, for what it leaves behind. Times are kept: make looks at them.
_DRIVER: Final = f"""
cp -pR {_GIVEN}/. {SRC}/ && cd {SRC} || exit 125
"$@" 3>&- || exit $?
exec tar -cf - -C {OUT} . >&3
"""
_TOLD_LINES: Final = 15
_TOLD: Final = 1500


@dataclass(frozen=True, slots=True)
class Order:
    """One build: the folder to copy to /src (where the command starts), the command, and what else it sees."""

    source: Path
    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict)
    binds: tuple[Bind, ...] = ()
    files: tuple[File, ...] = ()
    mask: tuple[str, ...] = ()


def build_in(sandbox: Sandbox, order: Order, place: Path) -> Outcome:
    """Carry out `order` and put what it left in $OUT into the new folder `place`.

    Raises ProvisionError: "build_failed" with the last lines of its output, "infra" when the sandbox failed.
    """
    basic = {
        "PATH": "/usr/bin:/bin",
        "HOME": HOME,
        "TMPDIR": "/tmp",  # noqa: S108  # inside
        "LANG": "C.UTF-8",
        "SOURCE_DATE_EPOCH": "315532800",
    }
    alternatives = Path("/etc/alternatives")  # where distributions keep the links behind `cc` and `awk`
    names = (Bind(alternatives, str(alternatives)),) if alternatives.is_dir() else ()
    with tempfile.TemporaryDirectory(prefix=f".{place.name}.spool.", dir=place.parent) as folder:
        spool = Path(folder) / "out.tar"
        outcome = sandbox.run(
            Command(
                argv=("/bin/sh", "-c", _DRIVER, "sh", *order.argv),
                env={**basic, "SRC": SRC, "OUT": OUT, "WORK": WORK, **order.env},
                binds=(Bind(order.source, _GIVEN), *names, *order.binds),
                files=order.files,
                folders=(SRC, OUT, WORK),
                report=True,
                report_to=spool,
                limits=LIMITS,
                mask=order.mask,
            )
        )
        _check(outcome)
        place.mkdir(mode=0o755)
        try:
            unpack(spool, place)
        except UnsafeArchive as error:
            shutil.rmtree(place)
            raise ProvisionError(f"what the build left in $OUT cannot be taken: {error}", "build_failed") from None
    open_to_read(place)
    return outcome


def _check(outcome: Outcome) -> None:
    if outcome.ending is Ending.NOT_STARTED:
        raise ProvisionError(f"the build's sandbox failed: {outcome.detail}", "infra")
    if outcome.ending is Ending.EXITED and outcome.code == 0:
        if outcome.detail:
            raise ProvisionError(f"the build left more than {MOST_BYTES >> 20} MiB in $OUT", "build_failed")
        return
    endings = {
        Ending.WALL_LIMIT: f"stopped after {LIMITS.wall_seconds:g} s",
        Ending.CPU_LIMIT: f"stopped after {LIMITS.cpu_seconds:g} CPU seconds",
        Ending.MEMORY_LIMIT: f"stopped at {LIMITS.memory_mib} MiB of memory",
        Ending.SIGNALLED: f"ended by signal {outcome.code}",
    }
    how = endings.get(outcome.ending, f"exit status {outcome.code}")
    raise ProvisionError(f"the build failed ({how}): {last_words(outcome)}", "build_failed")


def last_words(outcome: Outcome) -> str:
    """The last lines of a build's output, of standard error where there is any."""
    said = (outcome.stderr.strip() or outcome.stdout.strip()).decode("utf-8", "replace")
    return "\n".join(said.splitlines()[-_TOLD_LINES:])[-_TOLD:]
