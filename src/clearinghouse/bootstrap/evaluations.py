"""Carries evaluations out: a process for each, told by a pipe what to do, looked after at each look of the worker.

The tables say what is to be: run, pause, end. A process that is not there is started, one that is there is told. None
outlives the worker: it ends with its standard input. So a worker that was killed left nothing running, and whoever
comes next begins with what is missing.
"""

from __future__ import annotations

import base64
import json
import os
import queue
import shutil
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

from clearinghouse.adapters.runs import control_of
from clearinghouse.adapters.signing import envelope, keys
from clearinghouse.core.errors import ClearinghouseError, Conflict, Refused
from clearinghouse.evaluation.engine.errand import FINISHED, GO_ON, LEAVE_OUT, PAUSE, PAUSED, Errand
from clearinghouse.evaluation.engine.orders import Credentials, Prices
from clearinghouse.prover.sandbox.session import open_session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from clearinghouse.bootstrap.settings import Settings
    from clearinghouse.core.ports import Clock, Runs, Vault
    from clearinghouse.core.review.plan import Plan
    from clearinghouse.reviews.services.carrying import Due, Taken

# -P: nothing in the present folder is taken for a module.
COMMAND = (sys.executable, "-P", "-m", "clearinghouse.evaluation.engine.served")
_FRUITLESS = 3  # ends without a word and without a new sample, one after the other: then somebody is to look
_PRIVATE = ("CLEARINGHOUSE_", "DJANGO_", "INSPECT_", "PG")
_SECRET = ("_API_KEY", "PASSWORD", "_TOKEN", "_SECRET", "_SECRET_KEY")

log = structlog.get_logger(__name__)


class Evaluations:
    """The evaluations of this worker. `command` starts the process of one.

    `hand_in` takes the bundle of a weakness that is not the task's own, and gives the report that it became.
    """

    def __init__(
        self,
        settings: Settings,
        vault: Vault,
        runs: Runs,
        clock: Clock,
        command: Sequence[str] = COMMAND,
        *,
        hand_in: Callable[[bytes], str],
    ) -> None:
        self._settings, self._vault, self._runs, self._clock = settings, vault, runs, clock
        self._hand_in = hand_in
        self._command = tuple(command)
        self._place = f"{socket.gethostname()}:{settings.evaluations}"[:500]
        self._processes: dict[str, _Process] = {}
        self._fruitless: dict[str, tuple[int, int]] = {}  # samples when last started, and ends without a new one

    def look(self) -> bool:
        """Start, tell, and take leave of processes as the tables say; whether any evaluation here goes on."""
        from clearinghouse.reviews.services import carrying  # noqa: PLC0415  # needs Django to be set up

        rows = {one.key: one for one in carrying.due(self._place)}
        for key, process in list(self._processes.items()):
            if process.news():
                carrying.note_progress(key, process.take, process.progress)
            for finding in process.findings():
                try:
                    carrying.note_finding(key, self._hand_in(finding), at=self._clock())
                except ClearinghouseError as error:  # it stays in the folder
                    log.warning("finding not handed in", evaluation=key, because=str(error))
            if process.code is not None:
                self._leave(key, process)
            elif key in rows:
                process.tell(PAUSE if rows[key].paused else GO_ON)
                process.leave_out(rows[key].left_out)
        for key, one in rows.items():
            if key not in self._processes and not one.paused and Path(one.suite).is_dir():
                self._start(one)
        return any(not one.paused and Path(one.suite).is_dir() for one in rows.values()) or bool(self._processes)

    def stop(self) -> None:
        """End every process; what was under way is made again later."""
        for key, process in self._processes.items():
            process.kill()
            clear(self._work(key))
        self._processes.clear()

    def _start(self, one: Due) -> None:
        from clearinghouse.reviews.services import carrying  # noqa: PLC0415

        if one.control is not None and not self._runs.stop(one.control):
            return  # of another start of this worker, and it does not end: at the next look
        taken = carrying.take_up(one.key, self._place, at=self._clock())
        if taken is None:
            return
        clear(self._work(one.key))
        try:
            process = _Process(taken.take, self._command, self._work(one.key), self._settings.cache)
        except OSError as error:
            carrying.broke_off(one.key, taken.take, f"no process: {error.strerror}", at=self._clock())
            return
        try:
            # Recorded first, told then: a process that nobody can find again knows nothing.
            carrying.note_process(one.key, taken.take, control_of(process.pid), at=self._clock())
            process.write(replace(self._errand(taken), left_out=one.left_out).as_line())
            self._processes[one.key] = process
            log.info("evaluation started", evaluation=one.key, take=taken.take)
        except ClearinghouseError as error:
            process.kill()
            clear(self._work(one.key))
            if not isinstance(error, Conflict):
                carrying.broke_off(one.key, taken.take, str(error), at=self._clock())

    def _errand(self, taken: Taken) -> Errand:
        from clearinghouse.reviews.services import carrying  # noqa: PLC0415

        plan = signed_here(taken.signed_plan, self._settings)
        if plan.digest != taken.plan:
            raise Refused("the signed plan is not the one that the review was given", advice="start with that one")
        credential, key = carrying.hand_over(taken.key, taken.take, vault=self._vault, at=self._clock())
        return Errand(
            suite=taken.suite,
            folder=str(self._settings.evaluations / taken.key),
            state=str(self._work(taken.key) / "state"),
            plan=plan,
            data_key=key,
            ends=taken.closes_at.timestamp(),
            credentials=Credentials(credential.get("base_url", ""), credential.get("api_key", "")),
            prices=Prices(input=taken.prices[0], output=taken.prices[1]) if taken.prices else None,
            width=taken.width,
        )

    def _leave(self, key: str, process: _Process) -> None:
        """The process has ended: say what that means."""
        from clearinghouse.reviews.services import carrying  # noqa: PLC0415

        del self._processes[key]
        process.kill()  # whatever it may have left
        clear(self._work(key))
        log.info("evaluation's process ended", evaluation=key, take=process.take, code=process.code)
        if process.code == FINISHED:
            carrying.ended(key, process.take, at=self._clock())
        elif process.code != PAUSED:
            done = int(process.progress.get("done", 0))
            before, ends = self._fruitless.get(key, (-1, 0))
            ends = ends + 1 if done == before else 0
            self._fruitless[key] = (done, ends)
            if process.trouble or ends >= _FRUITLESS:
                words = process.trouble or f"its process ended with {process.code}, again and again"
                self._fruitless.pop(key)
                carrying.broke_off(key, process.take, words, at=self._clock())

    def _work(self, key: str) -> Path:
        from clearinghouse.reviews.services.ordering import work_folder  # noqa: PLC0415

        return work_folder(self._settings.evaluations, key)


class _Process:
    """One process: its pipe in, and what it said last."""

    def __init__(self, take: int, command: Sequence[str], work: Path, cache: Path) -> None:
        self.take = take
        self.progress: dict[str, Any] = {}
        self.trouble = ""
        self.code: int | None = None
        self._told = b""
        self._findings: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._left_out: tuple[str, ...] = ()
        self._shown: dict[str, Any] = {}
        work.mkdir(parents=True, mode=0o700)
        with (work / "errors").open("wb") as errors:
            self._process = subprocess.Popen(  # noqa: S603  # this interpreter, a module of ours
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=work,
                env=_environment(work, cache),
                start_new_session=True,  # it leads the group that is ended as one
            )
        self.pid = self._process.pid
        self._reader = threading.Thread(target=self._listen, daemon=True)
        self._reader.start()

    def tell(self, what: bytes) -> None:
        """Ask it to pause or to go on, where that is not what it was asked last."""
        if what != (self._told or GO_ON):
            self.write(what)
            self._told = what

    def leave_out(self, tasks: tuple[str, ...]) -> None:
        """Ask it to begin no further attempt at these tasks, where that is not what it was asked last."""
        if tasks != self._left_out:
            self.write(LEAVE_OUT + " ".join(tasks).encode() + b"\n")
            self._left_out = tasks

    def write(self, line: bytes) -> None:
        """Into its standard input; one that has ended reads nothing."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError, ValueError):
            self._process.stdin.write(line)
            self._process.stdin.flush()

    def news(self) -> bool:
        """Whether there is progress that was not asked for yet."""
        found = self.progress
        new, self._shown = found != self._shown, found
        return new

    def findings(self) -> Iterator[bytes]:
        """The bundles that it told of since this was asked last."""
        while not self._findings.empty():
            yield self._findings.get()

    def kill(self) -> None:
        """End it and its group."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, 9)
        with suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        self._reader.join(10)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout:
            for line in self._process.stdout:
                with suppress(ValueError):
                    said = json.loads(line)
                    if "trouble" in said:
                        self.trouble = str(said["trouble"])
                    elif "finding" in said:
                        self._findings.put(base64.b64decode(said["finding"]))
                    elif "done" in said:
                        self.progress = said
        self.code = self._process.wait()


def clear(work: Path) -> None:
    """Remove such a folder, and what sandboxes that were killed there left elsewhere."""
    if work.exists():
        with suppress(ClearinghouseError):
            open_session(work / "state").close()
        shutil.rmtree(work, ignore_errors=True)


def signed_here(signed_plan: bytes, settings: Settings) -> Plan:
    """The plan that this house signed. Raises NotVerified, and as keys are read."""
    return envelope.verify_plan(signed_plan, keys.load_public(keys.public_file(settings.key_file))).plan


def _environment(work: Path, cache: Path) -> dict[str, str]:
    """What the process may know: nothing of the house, and no secret that somebody keeps in the environment."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_PRIVATE) and not name.endswith(_SECRET)
    }
    own = {"HOME": str(work), "TMPDIR": str(work), "CLEARINGHOUSE_CACHE": str(cache.expanduser().absolute())}
    return {**kept, **own}
