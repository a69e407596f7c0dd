"""One contract for both queues: what the rooms may count on."""

from __future__ import annotations

import threading
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import dbos._migration
import dbos._sys_db_sqlite
import pytest
import sqlalchemy

from clearinghouse.adapters.jobs.dbos import DbosQueue
from clearinghouse.adapters.jobs.memory import MAX_ROUNDS, MemoryQueue
from clearinghouse.core.errors import UsageError
from clearinghouse.core.ports import Job, JobQueue
from tests import databases

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    Store = Path | dict[str, str]

pytestmark = pytest.mark.database


@dataclass
class Ran:
    """What the steps saw. `failing` holds keys whose second step raises."""

    steps: list[tuple[str, str]] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def jobs(self) -> tuple[Job, ...]:
        return Job("two-steps", {"first": self.first, "second": self.second}), Job("other", {"only": self.first})

    def first(self, key: str) -> None:
        with self.lock:
            self.steps.append(("first", key))

    def second(self, key: str) -> None:
        if key in self.failing:
            raise RuntimeError("out of order")
        with self.lock:
            self.steps.append(("second", key))


@dataclass
class Subject:
    """A queue under test, and how to wait until it has nothing left to do."""

    queue: JobQueue
    drain: Callable[[], object]
    ran: Ran


@pytest.fixture(params=["memory", "dbos"])
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Subject]:
    ran = Ran()
    if request.param == "memory":
        memory = MemoryQueue(ran.jobs())
        yield Subject(memory, memory.run_all, ran)
        return
    with store(tmp_path) as place:
        durable = DbosQueue(place, ran.jobs())
        durable.start()
        try:
            yield Subject(durable, lambda: wait_idle(durable), ran)
        finally:
            durable.stop()


@contextmanager
def store(tmp_path: Path) -> Iterator[Path | dict[str, str]]:
    """Where a durable queue keeps its jobs: a file, or a database on the tests' server."""
    with databases.made(tmp_path) as home:
        yield databases.parameters(home) if databases.SERVER else home / "jobs.sqlite3"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path | dict[str, str]]:
    with store(tmp_path) as found:
        yield found


def wait_idle(queue: DbosQueue) -> None:
    deadline = time.monotonic() + 60
    while queue.unfinished():
        assert time.monotonic() < deadline, "the queue did not come to rest"
        time.sleep(0.05)


def test_the_steps_of_a_job_run_in_order_with_its_key(subject: Subject) -> None:
    subject.queue.enqueue("two-steps", "a")
    subject.drain()
    assert subject.ran.steps == [("first", "a"), ("second", "a")]


def test_the_same_job_and_key_run_once_however_often_enqueued(subject: Subject) -> None:
    for _ in range(3):
        subject.queue.enqueue("two-steps", "a")
    subject.drain()
    subject.queue.enqueue("two-steps", "a")
    subject.drain()
    assert len(subject.ran.steps) == 2


def test_jobs_of_one_key_and_different_names_are_different_jobs(subject: Subject) -> None:
    subject.queue.enqueue("two-steps", "a")
    subject.queue.enqueue("other", "a")
    subject.drain()
    assert Counter(subject.ran.steps) == {("first", "a"): 2, ("second", "a"): 1}


def test_an_unknown_job_is_refused_at_once(subject: Subject) -> None:
    with pytest.raises(UsageError, match="no job is called 'mystery'"):
        subject.queue.enqueue("mystery", "a")


def test_a_failing_job_does_not_stop_the_others(subject: Subject) -> None:
    subject.ran.failing = {"bad"}
    for key in ("bad", "good"):
        subject.queue.enqueue("two-steps", key)
    subject.drain()
    assert ("second", "good") in subject.ran.steps


def test_a_failed_job_may_be_tried_again_and_then_ends_well(subject: Subject) -> None:
    subject.ran.failing = {"a"}
    subject.queue.enqueue("two-steps", "a")
    subject.drain()
    subject.ran.failing.clear()
    subject.queue.enqueue("two-steps", "a")
    subject.drain()
    assert subject.ran.steps[-1] == ("second", "a")


def test_a_job_that_always_fails_is_left_alone_in_the_end(subject: Subject) -> None:
    subject.ran.failing = {"a"}
    for _ in range(MAX_ROUNDS + 3):
        subject.queue.enqueue("two-steps", "a")
        subject.drain()
    assert subject.ran.steps == [("first", "a")] * MAX_ROUNDS


def test_a_durable_queue_takes_up_what_waited_when_it_stopped(place: Store) -> None:
    ran = Ran()
    queue = DbosQueue(place, ran.jobs())
    queue.start()
    wait_idle(queue)
    queue.enqueue("two-steps", "a")
    queue.stop()
    again = DbosQueue(place, ran.jobs())
    again.start()
    wait_idle(again)
    again.stop()
    assert ran.steps[-1] == ("second", "a")


def test_tables_that_a_killed_start_left_half_made_are_finished_by_the_next(
    place: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DBOS makes them in many small transactions; here it was cut off before a later column of its queues."""
    late, every = "partition_concurrency", dbos._migration.get_dbos_migrations

    def begun(migrations: list[str]) -> list[str]:
        return migrations[: next(n for n, text in enumerate(migrations) if late in text)]

    with monkeypatch.context() as cut:
        cut.setattr(dbos._migration, "get_dbos_migrations", lambda *given: begun(every(*given)))
        cut.setattr(dbos._sys_db_sqlite, "sqlite_migrations", begun(dbos._migration.sqlite_migrations))
        first = DbosQueue(place, Ran().jobs())
        with pytest.raises(sqlalchemy.exc.DBAPIError, match=late):
            first.start()
        first.stop()
    ran = Ran()
    again = DbosQueue(place, ran.jobs())
    again.start()
    again.enqueue("other", "a")
    wait_idle(again)
    again.stop()
    assert ran.steps == [("first", "a")]


def test_every_step_of_a_durable_queue_runs_inside_what_it_was_told_to(place: Store) -> None:
    ran, around = Ran(), []

    def wrapped(step: Callable[[], None]) -> None:
        around.append(threading.current_thread().name)
        step()

    queue = DbosQueue(place, ran.jobs(), around=wrapped)
    queue.start()
    queue.enqueue("two-steps", "a")
    wait_idle(queue)
    queue.stop()
    assert len(around) == 2


def test_a_queue_that_was_not_started_says_so(place: Store) -> None:
    with pytest.raises(UsageError, match="not started"):
        DbosQueue(place, Ran().jobs()).enqueue("other", "a")
