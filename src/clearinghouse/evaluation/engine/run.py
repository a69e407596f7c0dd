"""Runs what is missing of an evaluation: the engine's process makes attempts, this one keeps and judges them.

What is kept decides what is missing. So the same call goes on after whatever ended the one before: an attempt that was
kept is judged and not made again, a sample that was judged is neither. A baseline's seconds are a budget of processor
time: nothing is judged while it works, so that each attempt has a processor to itself.
"""

from __future__ import annotations

import base64
import threading
import time
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from clearinghouse.core.errors import ClearinghouseError, InvalidInput, Unavailable
from clearinghouse.evaluation.engine import control
from clearinghouse.evaluation.engine.child import started
from clearinghouse.evaluation.engine.judging import judged
from clearinghouse.evaluation.engine.orders import Credentials, Orders, Prices, Try, try_of
from clearinghouse.evaluation.engine.secrets import holds_any
from clearinghouse.evaluation.interface import AnsweredTask
from clearinghouse.evaluation.store import Attempt, Kind, key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from clearinghouse.core.review.samples import Outcome, Sample
    from clearinghouse.evaluation.engine.orders import Event
    from clearinghouse.evaluation.interface import Task
    from clearinghouse.evaluation.store import Agent, Folder, Key

ORACLE: Final = "baseline/oracle"
_MAX_TROUBLES: Final = 5  # one after the other: then it is not the attempts that fail
_LOOK_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a run is; counts of samples, those of earlier runs among them."""

    done: int
    total: int
    outcomes: Mapping[Outcome, int]
    doing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How to run; `state` is the sandbox's folder. `width` attempts are made, and `lanes` judged, at a time."""

    state: Path
    credentials: Credentials = field(default_factory=Credentials)
    prices: Prices | None = None
    width: int = 2
    lanes: int = 2
    command_seconds: int = 120
    pause_seconds: float = 1.0  # between two looks at whether a pause is over
    leave_on_pause: bool = False  # a pause ends the run as a cancellation does, but after the attempts under way
    asked: Callable[[], control.Ask] | None = None  # what is asked of the run, if not by a file in its folder
    left_out: Callable[[], frozenset[str]] = frozenset  # tasks of which no further attempt is begun


class Run:
    """One run over one folder."""

    def __init__(
        self, folder: Folder, tasks: Mapping[str, Task], terms: Terms, say: Callable[[Progress], None]
    ) -> None:
        missing = {task.id for task in folder.evaluation.tasks} - tasks.keys()
        if missing:
            raise InvalidInput(f"the suite has no task {min(missing)}", advice="give the suite of this evaluation")
        self._folder, self._tasks, self._terms, self._say = folder, tasks, terms, say
        self._turn = threading.Lock()
        self._outcomes: Counter[Outcome] = Counter()
        self._total = len(folder.evaluation.expected())
        self._doing = "starting"
        self.walls = ""

    def carry_out(self) -> bool:
        """Make, keep and judge what is missing. False where it was cancelled; the same call goes on from there.

        Raises Unavailable where the engine, or the endpoint behind it, fails again and again.
        """
        with self._folder.writing(), ThreadPoolExecutor(self._terms.lanes) as judges:
            self._outcomes.update(sample.outcome for sample in self._folder.samples())
            done = {key_of(sample) for sample in self._folder.samples()}
            futures = [self._judge(judges, one) for one in self._folder.attempts() if key_of(one) not in done]
            self._progress("starting")
            try:
                whole = all(self._agent(agent, judges, futures) for agent in self._folder.evaluation.agents)
            finally:
                self._progress("judging")
                cancelled = self._asked() is control.Ask.CANCEL
                for future in futures:
                    if not (cancelled and future.cancel()):  # what was kept and not judged is judged by the next run
                        future.result()
            return whole

    def _agent(self, agent: Agent, judges: ThreadPoolExecutor, futures: list[Future[None]]) -> bool:
        """All that is missing of one agent; False when cancelled."""
        while todo := self._todo(agent.name):
            match self._asked():
                case control.Ask.CANCEL:
                    return False
                case control.Ask.PAUSE:
                    self._progress("paused")
                    if self._terms.leave_on_pause:
                        return False
                    time.sleep(self._terms.pause_seconds)
                    continue
            if agent.kind is Kind.BASELINE and futures:
                self._progress("judging")
                futures.pop(0).result()
                continue  # whoever asks for a pause or an end is heard between two of them
            tries = self._tries(agent, todo, futures, judges)
            if tries and not self._made(agent, tries, futures, judges):
                return False
        return True

    def _asked(self) -> control.Ask:
        """What is asked of this run now."""
        return self._terms.asked() if self._terms.asked else control.asked(self._folder.path)

    def _todo(self, agent: str) -> list[Key]:
        """What has neither a sample nor an attempt."""
        kept = {key_of(one) for one in self._folder.attempts()}
        left_out = self._terms.left_out()
        missing = (key for key in self._folder.missing() if key[0] == agent and key[1] not in left_out)
        return [key for key in missing if key not in kept]

    def _tries(
        self, agent: Agent, todo: list[Key], futures: list[Future[None]], judges: ThreadPoolExecutor
    ) -> list[Try]:
        """The orders for these attempts, with their targets set up; what cannot be offered is kept as trouble."""
        with ThreadPoolExecutor(self._terms.lanes) as lanes:
            found = list(lanes.map(lambda key: self._try(agent, key), todo))
        for one in found:
            if isinstance(one, Attempt):
                self._keep(one)
                futures.append(self._judge(judges, one))
        return [one for one in found if isinstance(one, Try)]

    def _try(self, agent: Agent, key: Key) -> Try | Attempt:
        _, name, epoch = key
        task = self._tasks[name]
        self._progress(f"setting up {name}")
        try:
            secret = task.known_answer(epoch) if agent.name == ORACLE and isinstance(task, AnsweredTask) else None
            return try_of(name, epoch, task.offer(epoch), secret)
        except ClearinghouseError as error:
            trouble = f"the task could not be offered: {error.message}"
            return Attempt(agent=agent.name, task=name, epoch=epoch, trouble=trouble)

    def _made(self, agent: Agent, tries: list[Try], futures: list[Future[None]], judges: ThreadPoolExecutor) -> bool:
        """Let the engine make these tries; False when cancelled meanwhile. What is not made stays to be done."""
        terms, troubles, cancelled = self._terms, 0, threading.Event()
        orders = Orders(
            agent=agent.name,
            tries=tuple(tries),
            budget=self._folder.evaluation.budget,
            state=str(terms.state),
            scratch="",
            width=terms.width,
            command_seconds=terms.command_seconds,
            prices=terms.prices,
        )
        credentials = terms.credentials if agent.kind is Kind.MODEL else Credentials()
        over = threading.Event()
        held: list[Attempt] = []
        ordered = {one.task for one in tries}
        with started(orders, credentials) as child:

            def watch() -> None:
                drained = False
                while not over.wait(_LOOK_SECONDS):
                    ask = self._asked()
                    if ask is control.Ask.CANCEL:
                        cancelled.set()
                        child.kill()
                        return
                    # Where tasks were left out, the others are ordered anew.
                    if not drained and (ask is control.Ask.PAUSE or ordered & terms.left_out()):
                        child.drain()
                        drained = True

            watcher = threading.Thread(target=watch, daemon=True)
            watcher.start()
            self._progress(agent.name)
            try:
                for event in child.events(lambda: self._progress("finishing what is under way")):
                    troubles = troubles + 1 if event.attempt.trouble else 0
                    held.append(self._stored(event))
                    self._keep(held[-1])
                    if agent.kind is not Kind.BASELINE:
                        futures.append(self._judge(judges, held.pop()))
                    _demand_less(troubles, event.attempt)
                self._keep_logs(child.scratch)
            except Unavailable:
                if not cancelled.is_set():
                    raise
            finally:
                over.set()
                watcher.join()
                if not cancelled.is_set():  # what was kept is judged by the next run
                    futures.extend(self._judge(judges, one) for one in held)
            self.walls = child.walls
        return not cancelled.is_set()

    def _stored(self, event: Event) -> Attempt:
        """The attempt with what it handed in and said kept under digests; a log that holds a credential is not."""
        attempt = event.attempt
        artifact = None if event.artifact is None else self._folder.put_artifact(base64.b64decode(event.artifact))
        transcript = event.transcript.encode()
        if holds_any([transcript], self._terms.credentials):
            reasons = (*attempt.reasons, "the log held a credential and was not kept")
            return replace(attempt, artifact=artifact, reasons=reasons)
        log = self._folder.put("logs", transcript, ".json") if transcript else None
        return replace(attempt, artifact=artifact, log=log)

    def _keep_logs(self, scratch: Path) -> None:
        """The engine's own logs; its process has looked into them for credentials, packed as they are."""
        for log in sorted((scratch / "logs").glob("*.eval")):
            if not holds_any([log.read_bytes()], self._terms.credentials):
                self._folder.put_as("logs", log.name, log.read_bytes())

    def _keep(self, attempt: Attempt) -> None:
        with self._turn:
            self._folder.add_attempt(attempt)

    def _judge(self, judges: ThreadPoolExecutor, attempt: Attempt) -> Future[None]:
        def work() -> None:
            self._finish(judged(self._folder, self._tasks[attempt.task], attempt))

        return judges.submit(work)

    def _finish(self, sample: Sample) -> None:
        with self._turn:
            self._folder.add_sample(sample)
            self._outcomes[sample.outcome] += 1
        self._progress(self._doing)

    def _progress(self, doing: str) -> None:
        self._doing = doing
        counts = dict(self._outcomes)
        self._say(Progress(done=sum(counts.values()), total=self._total, outcomes=counts, doing=doing))


def _demand_less(troubles: int, last: Attempt) -> None:
    if troubles >= _MAX_TROUBLES:
        raise Unavailable(
            f"{troubles} attempts one after the other broke off: {last.trouble}",
            advice="see that the endpoint answers, then run the same command again",
        )
