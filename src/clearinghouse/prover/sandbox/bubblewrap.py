"""The provider for Linux: bubblewrap, control groups, a system call filter, Landlock and resource limits together."""

from __future__ import annotations

import os
import weakref
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clearinghouse.prover.sandbox.arguments import Host, arguments
from clearinghouse.prover.sandbox.interface import Command, Ending, Outcome
from clearinghouse.prover.sandbox.launch import OWN
from clearinghouse.prover.sandbox.launcher import Launcher, memory_file, send_off
from clearinghouse.prover.sandbox.orders import encode
from clearinghouse.prover.sandbox.standby import MOST, Pool, Standby
from clearinghouse.prover.sandbox.supervise import Watcher
from clearinghouse.prover.sandbox.users import leased_user

if TYPE_CHECKING:
    from clearinghouse.prover.sandbox.cgroup import Hierarchies
    from clearinghouse.prover.sandbox.session import Session

_ENDINGS = {
    "exited": Ending.EXITED,
    "signalled": Ending.SIGNALLED,
    "wall": Ending.WALL_LIMIT,
    "cpu": Ending.CPU_LIMIT,
    "memory": Ending.MEMORY_LIMIT,
}


@dataclass(frozen=True, slots=True)
class Program:
    """The bubblewrap binary: the host paths to show for it, and the one to execute among them."""

    executable: str
    needs: tuple[str, ...]  # files and folders that must keep their places beside each other


class BubblewrapSandbox:
    """Runs commands under bubblewrap. `close` (also at exit) leaves no process, control group or folder behind."""

    def __init__(self, program: Program, host: Host, hierarchies: Hierarchies, session: Session, stage: str) -> None:
        self._host = host
        self._hierarchies = hierarchies
        self._session = session
        self._stage = stage  # an existing folder to mount over when started as root; empty otherwise
        self._landlock = 0
        self._launcher = Launcher(session.folder)
        self._shown = {path: f"host{i}" for i, path in enumerate(host.paths)} if stage else {}
        binds = [(os.path.realpath(path), name) for path, name in self._shown.items()]
        self._executable = program.executable
        if stage:
            common = os.path.commonpath([Path(path).parent for path in program.needs])
            binds += [(path, f"bwrap/{os.path.relpath(path, common)}") for path in program.needs]
            self._executable = f"{stage}/bwrap/{os.path.relpath(program.executable, common)}"
        self._pool = Pool(self._launcher, hierarchies, session.name, {"stage": stage, "binds": binds})
        self._finalizer = weakref.finalize(self, _close, self._pool, self._launcher, session)

    @property
    def isolation(self) -> str:
        """Grade "g2" when every layer holds, else "g1" with what is missing."""
        missing = [*self._hierarchies.missing, *(() if self._landlock else ("landlock",))]
        return f"g1 (without: {', '.join(missing)})" if missing else "g2"

    @property
    def host(self) -> Host:
        """What every run sees of this machine."""
        return self._host

    @property
    def init(self) -> str:
        """Which init its runs have: "compiled" or "python"; both promise the same."""
        return self._host.init.name

    @property
    def landlock(self) -> int:
        """The version of Landlock that holds its runs; 0 without."""
        return self._landlock

    @property
    def hierarchies(self) -> Hierarchies:
        """The control groups that bound its runs."""
        return self._hierarchies

    @property
    def scratch(self) -> Path:
        """This supervisor's own folder."""
        return self._session.folder

    def demand_landlock(self, version: int) -> None:
        """Take the version that the first run applied as given: a later run without it does not start."""
        self._landlock = version

    def close(self) -> None:
        """End what still runs and remove every trace."""
        self._finalizer()

    def run(self, command: Command) -> Outcome:
        """Run `command` to its end; see interface.py."""
        return self.observed(command)[0]

    def observed(self, command: Command) -> tuple[Outcome, int]:
        """The outcome, and the version of Landlock that held the command (0: none, -1: it never started)."""
        outcome, watcher = self._attempt(command)
        # Somebody killed the launcher, and what stood by died with it; or replaced a file of the host that runs are
        # shown (an update of the system does): what was mounted of the old one cannot be mounted on.
        if watcher and watcher.unstarted:
            self._pool.renew()
            outcome, watcher = self._attempt(command)
        return outcome, watcher.landlock if watcher else -1

    def _attempt(self, command: Command) -> tuple[Outcome, Watcher | None]:
        with ExitStack() as stack:
            uid = stack.enter_context(leased_user())
            readers, passed = {}, {}
            with ExitStack() as until_sent:
                for name in ("stdout", "stderr", "report"):
                    readers[name], passed[name] = os.pipe2(os.O_CLOEXEC)
                    stack.callback(os.close, readers[name])
                    until_sent.callback(os.close, passed[name])
                passed["stdin"] = memory_file(command.stdin)
                until_sent.callback(os.close, passed["stdin"])
                try:
                    orders = encode(command, self._hierarchies.places, landlock=bool(self._landlock))
                    passed["orders"] = memory_file(orders)
                    until_sent.callback(os.close, passed["orders"])
                    standby = self._send_off(command, uid, passed)
                except (OSError, ValueError) as error:
                    return Outcome(Ending.NOT_STARTED, uid=uid, detail=f"cannot prepare the run: {error}"), None
            stack.callback(self._pool.give_back, standby)
            self._pool.refill()
            watcher = Watcher(command.limits, standby.group, standby.line, command.peer, command.report_to)
            watcher.follow(readers["stdout"], readers["stderr"], readers["report"])
            return _outcome(command, watcher, uid), watcher

    def _send_off(self, command: Command, uid: int, passed: dict[str, int]) -> Standby:
        """Set the run's limits and let a standby go; those that died while they waited are passed over."""
        spec = self._spec(command, uid)
        for last in (*[False] * MOST, True):
            standby = self._pool.take()
            try:
                if standby.group:
                    standby.group.restrict(command.limits)
                send_off(standby.line, spec, passed)
            except OSError:
                self._pool.give_back(standby)
                if last:
                    raise
            else:
                break
        return standby

    def _spec(self, command: Command, uid: int) -> dict[str, Any]:
        """What launch.py must do for this run."""
        names: dict[str, str] = {}

        def shown(path: str) -> str:
            if not self._stage:
                return path
            return f"{self._stage}/{self._shown.get(path) or names.setdefault(path, f'{OWN}/{len(names)}')}"

        mask = tuple(folder for folder in command.mask if _covers_something(command, folder))
        argv = arguments(replace(command, mask=mask), self._host, shown)
        return {
            "argv": [self._executable, *argv],
            "binds": [(os.path.realpath(path), name) for path, name in names.items()],
            "sockets": [str(bind.source) for bind in command.sockets],
            "uid": uid,
        }


def _covers_something(command: Command, folder: str) -> bool:
    """Whether the folder to mask exists on the host, in the bind that shows it or in /usr: else there is no need."""
    shown = [bind for bind in command.binds if Path(folder).is_relative_to(bind.inside)]
    if not shown:
        return Path(folder).is_dir()
    deepest = max(shown, key=lambda bind: len(bind.inside))
    return (deepest.source / Path(folder).relative_to(deepest.inside)).is_dir()


def _close(pool: Pool, launcher: Launcher, session: Session) -> None:
    pool.close()
    launcher.close()
    session.close()


def _outcome(command: Command, watcher: Watcher, uid: int) -> Outcome:
    """Put together what init, kernel and pipes say."""
    report, group = watcher.ending, watcher.group
    killed = bool(group and group.out_of_memory_kills())
    if killed:
        ending = Ending.MEMORY_LIMIT
    elif report:
        ending = _ENDINGS[report.how]
    else:
        ending = _ENDINGS.get(watcher.stopped, Ending.NOT_STARTED)
    stderr = watcher.stderr.content()
    detail = ""
    if ending is Ending.NOT_STARTED:
        said = stderr.decode("utf-8", "replace").strip() if watcher.landlock < 0 else ""
        detail = watcher.failure or said or "the sandbox's init ended without a report"
    elif watcher.report.dropped:
        detail = f"the report was cut: {watcher.report.dropped} bytes beyond its cap"
    counted = watcher.cpu_used() if watcher.landlock >= 0 else None
    peak = group.memory_peak_kib() if group else None
    return Outcome(
        ending=ending,
        code=report.code if report else 0,
        stdout=watcher.stdout.content(),
        stderr=stderr,
        dropped=watcher.stdout.dropped + watcher.stderr.dropped,
        report=watcher.report.content(),
        present=frozenset(command.watch[index] for index in report.present) if report else frozenset(),
        cpu_seconds=max(
            report.cpu_seconds if report else 0.0, (counted or 0.0) - (report.own_seconds if report else 0.0)
        ),
        wall_seconds=report.wall_seconds if report else 0.0,
        memory_kib=peak if peak is not None else (report.peak_kib if report else None),
        memory_counted=peak is not None,
        uid=uid,
        detail=detail,
    )
