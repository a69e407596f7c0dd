"""The process of one run on a server: told by standard input what to do, it says on standard output how far it is.

It leads a process group, and ends with everything it started when standard input ends (whoever started it is gone), and
when the window's last instant comes, whoever else is there to end it. Nothing that it keeps lies open on the disk.
"""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import resource
import signal
import sys
import threading
import time
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from clearinghouse import __version__
from clearinghouse.core.errors import ClearinghouseError, InvalidInput, Refused, Unavailable
from clearinghouse.core.review.tasks import TaskInfo  # noqa: TC001  # Protocols are read by people
from clearinghouse.evaluation.engine import control
from clearinghouse.evaluation.engine.errand import BROKE_OFF, FINISHED, LEAVE_OUT, PAUSE, PAUSED, Errand
from clearinghouse.evaluation.engine.run import Run, Terms
from clearinghouse.evaluation.engine.secrets import holds_any
from clearinghouse.evaluation.sealed import Sealed
from clearinghouse.evaluation.store import Agent, Budget, Evaluation, Folder, Kind
from clearinghouse.evaluation.suites.load import load_suite
from clearinghouse.prover.cache import cache_folder
from clearinghouse.prover.local import LocalProver

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from clearinghouse.core.review.plan import Plan
    from clearinghouse.evaluation.engine.run import Progress
    from clearinghouse.evaluation.interface import Task

_LOOK_SECONDS = 1.0


class Tried(Protocol):
    """A suite as a run needs it."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def version(self) -> str:
        """Its version."""

    @property
    def digest(self) -> str:
        """Its digest."""

    @property
    def tasks(self) -> Sequence[Task]:
        """Its tasks."""


def folder_of(errand: Errand, suite: Tried) -> Folder:
    """The sealed folder of this run, made or gone on with. Raises Refused where plan, suite and folder differ."""
    plan, place, seal = errand.plan, Path(errand.folder), Sealed(errand.data_key)
    if (suite.name, suite.version, suite.digest) != (plan.suite, plan.suite_version, plan.suite_digest):
        raise Refused("the suite is not the one of the signed plan", advice="put back the suite that was planned")
    if (place / "evaluation.json").exists():
        found = Folder.open(place, seal)
        if found.evaluation.plan != plan.digest:
            raise Refused("the folder belongs to another plan", advice="start another evaluation")
        return found
    return Folder.create(place, evaluation_of(plan, tuple(task.info for task in suite.tasks)), seal)


def evaluation_of(plan: Plan, tasks: tuple[TaskInfo, ...]) -> Evaluation:
    """What the plan says is to be done, with these tasks."""
    return Evaluation(
        suite=plan.suite,
        suite_version=plan.suite_version,
        suite_digest=plan.suite_digest,
        agents=tuple(Agent(name=agent.name, kind=Kind(agent.kind)) for agent in plan.agents),
        epochs=plan.epochs,
        budget=Budget(**asdict(plan.budget)),
        tasks=tasks,
        versions={"clearinghouse": __version__, "inspect-ai": version("inspect-ai")},
        plan=plan.digest,
    )


def main(load: Callable[[Path, Errand], Tried] | None = None) -> int:
    """Carry out what standard input asks for; the exit code is one of `errand`."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash must not write a secret to disk
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what others print is no progress
    turn = threading.Lock()

    def tell(value: dict[str, Any]) -> None:
        with turn:
            out.write(json.dumps(value).encode() + b"\n")
            out.flush()

    line = sys.stdin.buffer.readline()
    if not line:
        return BROKE_OFF  # nobody wants it any more
    errand = Errand.from_line(line)
    asks = _Asks(errand.left_out)
    threading.Thread(target=asks.listen, daemon=True).start()
    threading.Thread(target=_end_at, args=(errand.ends,), daemon=True).start()
    try:
        finished = _run(errand, load or _load, asks, tell)
    except ClearinghouseError as error:
        words = f"{error.message}; {error.advice}" if error.advice else error.message
        tell({"trouble": "it named the endpoint" if holds_any([words.encode()], errand.credentials) else words})
        return BROKE_OFF
    except Exception as error:  # its words stay in a file of ours: one of them may be a secret
        tell({"trouble": f"the run failed: {type(error).__name__}"})
        raise
    return FINISHED if finished else PAUSED


def _run(
    errand: Errand, load: Callable[[Path, Errand], Tried], asks: _Asks, tell: Callable[[dict[str, Any]], None]
) -> bool:
    if importlib.util.find_spec("inspect_ai") is None:
        raise Unavailable("the evaluation engine is not installed", advice="install openclearinghouse[reviews]")
    suite = load(Path(errand.suite), errand)
    folder = folder_of(errand, suite)
    chosen = {task.info.id: task for task in suite.tasks}
    if lost := {task.id for task in folder.evaluation.tasks} - chosen.keys():
        raise InvalidInput(f"the suite has lost {len(lost)} tasks", advice="put back the suite that was planned")

    told: set[str] = set()

    def tell_findings() -> None:
        # Those of an earlier process too: it may have ended before anybody heard of them.
        for name, bundle in folder.kept_as("findings").items() if len(told) < folder.count("findings") else ():
            if name not in told:
                told.add(name)
                tell({"finding": base64.b64encode(bundle).decode()})

    def say(now: Progress) -> None:
        tell_findings()
        outcomes = {outcome.value: count for outcome, count in now.outcomes.items()}
        tell({"done": now.done, "total": now.total, "doing": now.doing, "outcomes": outcomes})

    terms = Terms(
        state=Path(errand.state),
        credentials=errand.credentials,
        prices=errand.prices,
        width=errand.width,
        leave_on_pause=True,
        asked=asks.now,
        left_out=asks.left_out,
    )
    finished = Run(folder, chosen, terms, say).carry_out()
    tell_findings()
    return finished


def _load(path: Path, errand: Errand) -> Tried:
    return load_suite(path, prover=lambda: LocalProver(cache_folder(), Path(errand.state)))


class _Asks:
    """What was asked last by standard input, in a thread; its end is the end of everything here."""

    def __init__(self, left_out: Iterable[str]) -> None:
        self._now = control.Ask.GO_ON
        self._left_out = frozenset(left_out)

    def now(self) -> control.Ask:
        return self._now

    def left_out(self) -> frozenset[str]:
        return self._left_out

    def listen(self) -> None:
        while line := sys.stdin.buffer.readline():
            if line.startswith(LEAVE_OUT):
                self._left_out = frozenset(line[len(LEAVE_OUT) :].decode().split())
                continue
            self._now = control.Ask.PAUSE if line == PAUSE else control.Ask.GO_ON
        _end_all()


def _end_at(ends: float) -> None:
    while (left := ends - time.time()) > 0:
        time.sleep(min(left, _LOOK_SECONDS))
    _end_all()


def _end_all() -> None:
    """End this process and its group at once; sandboxes end with whoever supervises them."""
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(BROKE_OFF)


if __name__ == "__main__":
    code = BROKE_OFF
    try:
        code = main()
    finally:
        sys.stderr.flush()
        os._exit(code)  # no waiting for threads of abandoned commands, or for standard input
