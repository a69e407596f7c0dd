"""The durable job queue: DBOS on an SQLite file of its own, or on PostgreSQL for several workers.

The only module that knows DBOS. What DBOS promises: a job survives `kill -9`; its finished steps are not run again, the
interrupted one is. What it does not: it picks its clock by Python's version where SQLite's matters (mended in
`engines`), a job that failed stays failed (enqueued again here as a new round, a few times), and what a dead worker was
at stays there (`roster` says who is dead; its jobs are taken over here).
"""

from __future__ import annotations

import contextlib
import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy
from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer, EnqueueOptions

from clearinghouse.adapters.jobs.engines import SCHEMA, postgres_engine, sqlite_engine
from clearinghouse.adapters.jobs.roster import STALE_SECONDS, Roster
from clearinghouse.core.errors import Unavailable, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from clearinghouse.core.ports import Job

APPLICATION = "clearinghouse"
VERSION = "1"  # constant on purpose: work queued by one release is done by the next
QUEUE = "jobs"
MAX_ROUNDS = 12  # a job that failed this often is left alone; above the attempts that jobs themselves allow
_FAILED = {"ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED"}
_POLL_SECONDS = 0.2
log = logging.getLogger(__name__)
_registered: dict[str, Callable[[str], None]] = {}  # DBOS keeps one registry for the process, whatever is destroyed


class DbosQueue:
    """Runs the jobs given, `lanes` at a time, in this process from `start` to `stop`.

    `store` is an SQLite file, for one process at a time, or libpq's parameters of a PostgreSQL database, for any number
    of workers, each with an `executor` id of its own: the caller sees to both. `around` wraps every step (each runs in
    a thread of the engine's own).
    """

    def __init__(
        self,
        store: Path | Mapping[str, str],
        jobs: Iterable[Job],
        *,
        lanes: int = 2,
        executor: str = "worker",
        around: Callable[[Callable[[], None]], None] = lambda step: step(),
        stale_seconds: float = STALE_SECONDS,
    ) -> None:
        self._store = store
        self._jobs = {job.name: job for job in jobs}
        self._lanes = lanes
        self._executor = executor
        self._around = around
        self._engine: sqlalchemy.Engine | None = None
        self._client: DBOSClient | None = None
        self._roster: Roster | None = None
        self._stale = stale_seconds
        self._next_beat = 0.0

    def start(self) -> None:
        """Take up what was left and begin to run jobs."""
        _tame_logger()
        if isinstance(self._store, Path):
            self._engine = sqlite_engine(self._store)
        else:
            self._engine = postgres_engine(self._store, lanes=self._lanes)
            self._roster = Roster(self._engine, self._executor, stale_seconds=self._stale)
            self._roster.join()
        config: DBOSConfig = {
            "name": APPLICATION,
            "system_database_engine": self._engine,
            "executor_id": self._executor,
            "application_version": VERSION,
            "serializer": DBOSPortableJSONSerializer(),
            "max_executor_threads": self._lanes + 20,
            "notification_listener_polling_interval_sec": 1.0,
            "scheduler_polling_interval_sec": 3600.0,
            "log_level": "WARNING",
        }
        DBOS(config=config)
        for job in self._jobs.values():
            self._register(job)
        with self._roster.alone() if self._roster else contextlib.nullcontext():
            self._launch(self._engine)

    def _launch(self, engine: sqlalchemy.Engine) -> None:
        # A queue known before the launch is polled at once, one registered after it a second later.
        known = sqlalchemy.inspect(engine).has_table("queues", schema=SCHEMA if self._roster else None)
        if known:
            self._open_client()
            try:
                self._register_queue()
            except sqlalchemy.exc.DBAPIError:  # a launch that was killed left tables half-made: this one finishes them
                known = False
        DBOS.launch()
        if not known:
            if self._client is None:
                self._open_client()
            self._register_queue()

    def stop(self, *, wait_seconds: int = 0) -> None:
        """Stop taking jobs, give the running ones `wait_seconds`; what is cut short is taken up at the next start."""
        DBOS.destroy(workflow_completion_timeout_sec=wait_seconds)
        if self._roster is not None:
            with contextlib.suppress(Unavailable):  # others find out after a while, then
                self._roster.leave()
            self._roster = None
        if self._client is not None:
            self._client.destroy()
            self._client = None
        if self._engine is not None:
            self._engine.dispose()
            self._engine = None

    def tend(self) -> None:
        """Say that this worker lives, and take over what dead ones left; to be called every second or so.

        Raises Conflict when another process took this worker's name, Unavailable when the database does not answer.
        """
        if self._roster is None or time.monotonic() < self._next_beat:
            return
        self._roster.beat()
        self._roster.take_over(self._adopt)
        self._next_beat = time.monotonic() + self._stale / 6

    def _adopt(self, executor: str, connection: sqlalchemy.Connection) -> None:
        """Have the jobs of a dead worker run again, by whoever is free; those that kill their workers are given up."""
        if self._roster is None:
            return
        client = self._started()
        found = client.list_workflows(status="PENDING", executor_id=executor, load_input=False, load_output=False)
        ids = [status.workflow_id for status in found]
        lost = self._roster.count_takeovers(map(_job_of, ids), connection)
        if given_up := [workflow for workflow in ids if _job_of(workflow) in lost]:
            client.cancel_workflows(given_up)
            log.error("given up, for it takes its workers down: %s", ", ".join(given_up))
        if resumed := [workflow for workflow in ids if _job_of(workflow) not in lost]:
            client.resume_workflows(resumed, queue_name=QUEUE)
            log.warning("worker %s is dead; taken over: %s", executor, ", ".join(resumed))

    def enqueue(self, name: str, key: str) -> None:
        """Have the job run once, soon; a job that failed gets another round. Raises UsageError for an unknown job."""
        if name not in self._jobs:
            raise UsageError(f"no job is called {name!r}", advice=f"there are: {', '.join(sorted(self._jobs))}")
        client = self._started()
        if self._roster is not None and self._roster.is_given_up(f"{name}:{key}"):
            return
        rounds = [f"{name}:{key}", *(f"{name}:{key}~{n}" for n in range(2, MAX_ROUNDS + 1))]
        found = client.list_workflows(workflow_ids=rounds, load_input=False, load_output=False)
        failed = {status.workflow_id for status in found if status.status in _FAILED}
        for workflow_id in rounds:
            if workflow_id not in failed:
                break
        else:
            return
        options: EnqueueOptions = {
            "queue_name": QUEUE,
            "workflow_name": name,
            "workflow_id": workflow_id,
            "app_version": VERSION,
        }
        client.enqueue(options, key)

    def unfinished(self) -> int:
        """How many jobs wait or run."""
        client = self._started()
        return len(client.list_workflows(status=["ENQUEUED", "PENDING"], load_input=False, load_output=False))

    def failed(self) -> list[tuple[str, str]]:
        """Every failed round: the job with its key, and the error in words."""
        found = self._started().list_workflows(status=sorted(_FAILED), load_input=False)
        return [(status.workflow_id, str(status.error)) for status in found]

    def _started(self) -> DBOSClient:
        if self._client is None:
            raise UsageError("the job queue was not started", advice="call start() first")
        return self._client

    def _open_client(self) -> None:
        self._client = DBOSClient(
            system_database_engine=self._engine,
            application_name=APPLICATION,
            serializer=DBOSPortableJSONSerializer(),
        )

    def _register_queue(self) -> None:
        client = self._started()
        client.register_queue(QUEUE, worker_concurrency=self._lanes, polling_interval_sec=_POLL_SECONDS)

    def _register(self, job: Job) -> None:
        """Make a workflow once per process, under an explicit name: renaming a function strands nothing."""
        _registered[job.name] = lambda key: self._run(job, key)
        if job.name in _known_workflows:
            return
        _known_workflows.add(job.name)
        name = job.name

        @DBOS.workflow(name=name)
        def workflow(key: str) -> None:
            _registered[name](key)

    def _run(self, job: Job, key: str) -> None:
        for name, step in job.steps.items():
            DBOS.run_step({"name": name}, self._wrapped, step, key)

    def _wrapped(self, step: Callable[[str], None], key: str) -> None:
        self._around(lambda: step(key))


_known_workflows: set[str] = set()


def _job_of(workflow_id: str) -> str:
    """The job of a round: its name and key."""
    return workflow_id.rpartition("~")[0] or workflow_id


def _tame_logger() -> None:
    """DBOS prints whole SQL statements to stderr through a handler of its own; let its warnings go where ours go."""
    logger = logging.getLogger("dbos")
    logger.handlers = [logging.NullHandler()]  # any handler keeps DBOS from adding its own
    logger.propagate = True
    logger.setLevel(logging.WARNING)
