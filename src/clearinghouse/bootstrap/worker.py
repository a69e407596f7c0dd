"""The worker: takes up what was left, runs jobs in a few lanes, and keeps looking for work that nobody enqueued.

On SQLite one worker at a time uses a home folder, so a restarted one may take over at once what the last left behind.
On PostgreSQL there may be any number, on any machines: each says that it lives, and the jobs of one that died are taken
over by the others.
"""

from __future__ import annotations

import signal
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog

from clearinghouse.adapters.jobs.dbos import DbosQueue
from clearinghouse.adapters.jobs.roster import STALE_SECONDS
from clearinghouse.bootstrap import database, places, wiring
from clearinghouse.bootstrap.sealer import Sealer
from clearinghouse.core.errors import Unavailable
from clearinghouse.core.visibility import LOCAL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from clearinghouse.cases.figures import Funnel
    from clearinghouse.core.ports import Prover

_LOOK_SECONDS = 0.5
_RECONCILE_SECONDS = 60.0  # everything undone is offered again this often; what is new, at each look

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Worked:
    """How a worker ended: the funnel then, and the jobs that failed for good while they left work undone."""

    funnel: Funnel
    undone: tuple[str, ...] = ()


def work(
    prover: Prover,
    *,
    lanes: int = 2,
    until_idle: bool = False,
    progress: Callable[[Funnel], None] = lambda _funnel: None,
    stop: threading.Event | None = None,
    stale_seconds: float = STALE_SECONDS,
) -> Worked:
    """Run jobs until `stop` is set (SIGTERM and SIGINT set it), or, with `until_idle`, until nothing is left to do.

    Calls `progress` whenever a figure changed. On PostgreSQL it bears a server that is restarted, and takes over the
    jobs of workers that gave no sign for `stale_seconds`. Raises Conflict when another worker uses the same home (on
    SQLite) or the same name, and what `wiring.signer` raises.
    """
    settings = wiring.ready()
    from clearinghouse.advisories import services as advisories  # noqa: PLC0415  # needs Django to be set up
    from clearinghouse.cases import figures  # noqa: PLC0415
    from clearinghouse.cases import services as cases  # noqa: PLC0415

    stop = stop or threading.Event()
    store = database.for_jobs(settings)
    several = isinstance(store, dict)
    with places.taken(settings.root, several=several) as name, _signals(stop):
        advisories.write_missing(settings.published)
        signer = wiring.signer()
        sealer = Sealer(signer, timedelta(minutes=settings.seal_minutes), settings.published_seals)
        jobs = wiring.jobs(prover, signer=signer)
        queue = DbosQueue(
            store, jobs, lanes=lanes, executor=name, around=wiring.with_own_connections, stale_seconds=stale_seconds
        )
        evaluations = wiring.evaluations()
        queue.start()
        try:
            reconciler, shown = _Reconciler(queue), None
            while not stop.is_set():
                with _patiently(several=several):
                    queue.tend()
                    for due in (*cases.end_due(at=wiring.clock()), *wiring.tend_reviews(signer)):
                        log.info("due", what=due)
                    busy = evaluations.look()
                    undone = reconciler.look()
                    sealer.look()
                    funnel = figures.funnel(actor=LOCAL)
                    if funnel != shown:
                        progress(funnel)
                        shown = funnel
                    if until_idle and not busy and (not undone or reconciler.is_stuck()):
                        sealer.look(at_once=True)
                        break
                stop.wait(_LOOK_SECONDS)
        finally:
            evaluations.stop()
            queue.stop()
        return Worked(
            figures.funnel(actor=LOCAL),
            () if stop.is_set() else tuple(f"{name} {key}" for name, key in wiring.undone()),
        )


class _Reconciler:
    """Offers the queue what the tables show to be undone: new work at each look, everything once a minute."""

    def __init__(self, queue: DbosQueue) -> None:
        self._queue = queue
        self._offered: set[tuple[str, str]] = set()
        self._next_full = 0.0

    def look(self) -> int:
        """Offer what is due; how much is undone."""
        if time.monotonic() >= self._next_full:
            self._offered.clear()
            self._next_full = time.monotonic() + _RECONCILE_SECONDS
        undone = wiring.undone()
        for name, key in undone:
            if (name, key) not in self._offered:
                self._queue.enqueue(name, key)
                self._offered.add((name, key))
        return len(undone)

    def is_stuck(self) -> bool:
        """Whether nothing runs or waits although work is undone, even after all of it was offered again."""
        if self._queue.unfinished():
            return False
        before = wiring.undone()
        for name, key in before:
            self._queue.enqueue(name, key)
        return bool(before) and not self._queue.unfinished() and wiring.undone() == before


@contextmanager
def _patiently(*, several: bool) -> Iterator[None]:
    """A PostgreSQL server may be restarted under a worker: what fails for that is tried again at the next look."""
    from django.db import InterfaceError, OperationalError, connections  # noqa: PLC0415

    try:
        yield
    except (InterfaceError, OperationalError, Unavailable) as error:
        if not several:
            raise
        log.warning("the database does not answer; trying again", error=str(error))
        connections.close_all()
        time.sleep(_LOOK_SECONDS)


@contextmanager
def _signals(stop: threading.Event) -> Iterator[None]:
    """Let SIGTERM and SIGINT ask for an orderly end, where this is the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
