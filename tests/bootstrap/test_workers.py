"""Several workers on one PostgreSQL database: they share the work, and what a dead one was at is done by the others."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from clearinghouse.adapters.jobs.dbos import DbosQueue
from clearinghouse.adapters.jobs.engines import postgres_engine
from clearinghouse.adapters.jobs.roster import MAX_TAKEOVERS, Roster
from clearinghouse.bootstrap import places
from clearinghouse.core.errors import Conflict
from clearinghouse.core.ports import Job
from tests import databases
from tests.bootstrap.child import FUNNEL

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.database,
    pytest.mark.timeout(300),
    pytest.mark.skipif(not databases.SERVER, reason="several workers need PostgreSQL: ./script/test --postgres"),
]
ROOT = Path(__file__).parents[2]
CASES = [["five", "four"], ["one", "three", "two"], ["six"]]


def start(home: Path, *arguments: str, **more: str) -> subprocess.Popen[bytes]:
    environment = databases.environment(home, **{"STALE": "2", **more})
    return subprocess.Popen([sys.executable, "-m", "tests.bootstrap.child", *arguments], cwd=ROOT, env=environment)


def asked(home: Path, query: str) -> Any:
    with psycopg.connect(databases.address(home)) as connection:
        return connection.execute(query).fetchone()[0]  # type: ignore[index, arg-type]


def until(home: Path, query: str, *, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not asked(home, query):
        assert time.monotonic() < deadline, query
        time.sleep(0.05)


AT_WORK = "SELECT count(*) = 2 FROM dbos.workflow_status WHERE status = 'PENDING'"  # both lanes of the only worker


@contextmanager
def ended(*processes: subprocess.Popen[bytes]) -> Iterator[None]:
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait(timeout=30)


def outcome(path: Path) -> dict[str, Any]:
    seen: dict[str, Any] = json.loads(path.read_text())
    assert seen["funnel"] == FUNNEL
    assert seen["cases"] == CASES
    return seen


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP])
def test_the_jobs_of_one_of_two_workers_that_dies_or_hangs_are_done_by_the_other(
    home: Path, tmp_path: Path, how: signal.Signals
) -> None:
    assert start(home, "submit").wait(timeout=100) == 0
    first = start(home, "work", str(tmp_path / "first"), SLOWLY="20")
    with ended(first):
        until(home, "SELECT to_regclass('dbos.queues') IS NOT NULL")
        until(home, AT_WORK)
        second = start(home, "work", str(tmp_path / "second"), SLOWLY="0.2")
        until(home, "SELECT count(*) = 2 FROM dbos.clearinghouse_worker")
        first.send_signal(how)
        assert second.wait(timeout=200) == 0  # ends by itself, also where the test fails: nothing is left to wait for
        seen = outcome(tmp_path / "second")
        assert FUNNEL["proofs"] < seen["attempts"] <= FUNNEL["proofs"] + 4
        assert asked(home, "SELECT count(*) > 0 FROM dbos.clearinghouse_takeover")
        if how is signal.SIGSTOP:  # the late one goes on, finds its jobs done by others, and spoils nothing
            first.send_signal(signal.SIGCONT)
            assert first.wait(timeout=100) == 0
            outcome(tmp_path / "first")


@pytest.mark.slow
def test_a_killed_worker_that_is_restarted_takes_up_its_own_jobs_at_once(home: Path, tmp_path: Path) -> None:
    assert start(home, "submit").wait(timeout=100) == 0
    first = start(home, "work", str(tmp_path / "out"), SLOWLY="20", STALE="600")
    with ended(first):
        until(home, "SELECT to_regclass('dbos.queues') IS NOT NULL")
        until(home, AT_WORK)
    assert start(home, "work", str(tmp_path / "out"), STALE="600").wait(timeout=100) == 0
    outcome(tmp_path / "out")
    assert asked(home, "SELECT count(*) FROM dbos.clearinghouse_worker") == 1
    assert asked(home, "SELECT count(*) FROM dbos.clearinghouse_takeover") == 0


@pytest.fixture
def roster_of(home: Path) -> Iterator[Any]:
    engine = postgres_engine(databases.parameters(home), lanes=1)
    yield lambda name: Roster(engine, name, stale_seconds=600)
    engine.dispose()


def adopted(roster: Roster) -> list[str]:
    names: list[str] = []
    roster.take_over(lambda name, _connection: names.append(name))
    return names


def silent_for_an_hour(home: Path, name: str) -> None:
    with psycopg.connect(databases.address(home)) as connection:
        connection.execute(
            "UPDATE dbos.clearinghouse_worker SET beaten_at = now() - interval '1 hour' WHERE executor = %s", [name]
        )


def test_only_a_worker_that_gave_no_sign_is_taken_over_and_once(home: Path, roster_of: Any) -> None:
    one, two, three = roster_of("one"), roster_of("two"), roster_of("three")
    for roster in (one, two, three):
        roster.join()
    assert three.living() == 3
    assert adopted(three) == []
    silent_for_an_hour(home, "one")
    assert three.living() == 2
    assert adopted(three) == ["one"]
    assert adopted(three) == []
    one.beat()
    assert three.living() == 3
    silent_for_an_hour(home, "three")
    assert adopted(three) == []
    assert adopted(one) == ["three"]


def test_a_worker_that_leaves_need_not_be_waited_for(roster_of: Any) -> None:
    one, two = roster_of("one"), roster_of("two")
    one.join()
    two.join()
    one.leave()
    assert adopted(two) == ["one"]


def test_a_take_over_that_breaks_off_is_done_by_the_next(roster_of: Any) -> None:
    one, two, three = roster_of("one"), roster_of("two"), roster_of("three")
    for roster in (one, two, three):
        roster.join()
    one.leave()

    def fail(_name: str, _connection: object) -> None:
        assert adopted(three) == []  # while one holds the dead worker, the other passes by
        raise RuntimeError("killed in between")

    with pytest.raises(RuntimeError):
        two.take_over(fail)
    assert adopted(three) == ["one"]


def test_two_processes_of_one_name_are_told_apart(roster_of: Any) -> None:
    first, second = roster_of("same"), roster_of("same")
    first.join()
    second.join()
    second.beat()
    with pytest.raises(Conflict, match="another worker goes by the name same"):
        first.beat()


def test_a_job_that_takes_its_workers_down_is_given_up(home: Path) -> None:
    ran: list[str] = []
    queue = DbosQueue(databases.parameters(home), [Job("deadly", {"only": ran.append})], executor="one")
    queue.start()
    try:
        roster = queue._roster
        assert roster is not None
        with roster._begin() as connection:
            for _ in range(MAX_TAKEOVERS):
                assert roster.count_takeovers(["deadly:a"], connection) == frozenset()
            assert roster.count_takeovers(["deadly:a", "deadly:b"], connection) == {"deadly:a"}
        queue.enqueue("deadly", "a")
        queue.enqueue("deadly", "b")
        deadline = time.monotonic() + 60
        while not ran or queue.unfinished():
            assert time.monotonic() < deadline
            time.sleep(0.05)
    finally:
        queue.stop()
    assert ran == ["b"]


def test_each_worker_of_a_home_has_a_name_that_stays(tmp_path: Path) -> None:
    with places.taken(tmp_path, several=True) as first, places.taken(tmp_path, several=True) as second:
        assert first != second
    with places.taken(tmp_path, several=True) as again:
        assert again == first
    (tmp_path / "other").mkdir()
    with places.taken(tmp_path / "other", several=True) as elsewhere:
        assert elsewhere not in {first, second}
