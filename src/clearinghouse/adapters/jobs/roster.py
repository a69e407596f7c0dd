"""Which workers live, where several share a PostgreSQL database: each beats in a row of its own.

A worker that did not beat for long counts as dead, and one of the others takes its jobs over, holding the dead one's
row until that is done: two cannot take over the same, and the worker itself, should it come back under its name, waits.
Time is told by the database's clock alone. How often a job was taken over is counted here, because a job that takes its
worker down each time would go round for ever.
"""

from __future__ import annotations

import secrets
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy
from sqlalchemy import Boolean, Column, DateTime, Integer, MetaData, String, Table, func, text
from sqlalchemy.dialects.postgresql import insert as insert_into

from clearinghouse.adapters.jobs.engines import SCHEMA
from clearinghouse.core.errors import Conflict, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

STALE_SECONDS = 30.0
MAX_TAKEOVERS = 25  # above the attempts that proving and matching allow, so that these end with a verdict of their own
_MAKING = 0x726F_7374_6572  # the advisory lock of whoever makes the tables

_tables = MetaData(schema=SCHEMA)
_worker = Table(
    "clearinghouse_worker",
    _tables,
    Column("executor", String(200), primary_key=True),
    Column("life", String(32), nullable=False),  # one per start of the process
    Column("beaten_at", DateTime(timezone=True), nullable=False),
    Column("gone", Boolean, nullable=False),  # it left, or its jobs were taken over
)
_takeover = Table(
    "clearinghouse_takeover",
    _tables,
    Column("job", String(300), primary_key=True),
    Column("times", Integer, nullable=False),
)


class Roster:
    """This worker's row and what it sees of the others. Raises Unavailable when the database does not answer."""

    def __init__(self, engine: sqlalchemy.Engine, executor: str, *, stale_seconds: float = STALE_SECONDS) -> None:
        self._engine = engine
        self._executor = executor
        self._stale = stale_seconds
        self._life = secrets.token_hex(16)

    def join(self) -> None:
        """Beat for the first time: before any job is taken. Waits while others take over what a former life left."""
        with self.alone(), self._begin() as connection:
            connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
            _tables.create_all(connection)
        with self._begin() as connection:
            row = {"life": self._life, "beaten_at": func.clock_timestamp(), "gone": False}
            insert = insert_into(_worker).values(executor=self._executor, **row)
            connection.execute(insert.on_conflict_do_update(index_elements=["executor"], set_=row))

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While the engine starts, and makes its own tables the first time, no other worker's does.

        Asked for again and again: the engine makes indexes that wait for every open statement, a waiting one too.
        """
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            while not connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _MAKING}).scalar_one():
                time.sleep(0.1)
            try:
                yield
            finally:
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _MAKING})

    def beat(self) -> None:
        """Say that this worker lives. Raises Conflict when another process took its name."""
        own = (_worker.c.executor == self._executor) & (_worker.c.life == self._life)
        with self._begin() as connection:
            beaten = connection.execute(
                sqlalchemy.update(_worker).where(own).values(beaten_at=func.clock_timestamp(), gone=False)
            )
        if not beaten.rowcount:
            raise Conflict(
                f"another worker goes by the name {self._executor}",
                advice="give each worker a home folder of its own; a copied one holds the same `worker-id`",
            )

    def leave(self) -> None:
        """Say that this worker ends, so that others need not wait for what it leaves."""
        with self._begin() as connection:
            own = (_worker.c.executor == self._executor) & (_worker.c.life == self._life)
            connection.execute(sqlalchemy.update(_worker).where(own).values(beaten_at=text("'epoch'")))

    def living(self) -> int:
        """How many workers beat lately, this one included."""
        with self._begin() as connection:
            fresh = sqlalchemy.select(func.count()).select_from(_worker).where(~_worker.c.gone, ~self._is_stale())
            return int(connection.execute(fresh).scalar_one())

    def take_over(self, adopt: Callable[[str, sqlalchemy.Connection], None]) -> None:
        """Have `adopt` take the jobs of each dead worker, named by its executor id, while its row is held."""
        with self._begin() as connection:
            dead = sqlalchemy.select(_worker.c.executor).where(~_worker.c.gone, self._is_stale(), self._is_other())
            names = connection.execute(dead).scalars().all()
        for name in names:
            with self._begin() as connection:
                row = (_worker.c.executor == name) & ~_worker.c.gone & self._is_stale()
                held = sqlalchemy.select(_worker.c.executor).where(row).with_for_update(skip_locked=True)
                if connection.execute(held).first() is None:
                    continue  # somebody else is at it, or it came back
                adopt(name, connection)
                connection.execute(sqlalchemy.update(_worker).where(_worker.c.executor == name).values(gone=True))

    def count_takeovers(self, jobs: Iterable[str], connection: sqlalchemy.Connection) -> frozenset[str]:
        """Count one more take-over of each of these jobs; those that were taken over too often now."""
        lost = set()
        for job in sorted(set(jobs)):
            insert = insert_into(_takeover).values(job=job, times=1)
            counted = insert.on_conflict_do_update(index_elements=["job"], set_={"times": _takeover.c.times + 1})
            if connection.execute(counted.returning(_takeover.c.times)).scalar_one() > MAX_TAKEOVERS:
                lost.add(job)
        return frozenset(lost)

    def is_given_up(self, job: str) -> bool:
        """Whether a job took its workers down so often that it is left alone."""
        with self._begin() as connection:
            times = sqlalchemy.select(_takeover.c.times).where(_takeover.c.job == job)
            return (connection.execute(times).scalar() or 0) > MAX_TAKEOVERS

    def _is_stale(self) -> sqlalchemy.ColumnElement[bool]:
        return _worker.c.beaten_at < func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 0, 0, self._stale)

    def _is_other(self) -> sqlalchemy.ColumnElement[bool]:
        return _worker.c.executor != self._executor

    @contextmanager
    def _begin(self) -> Iterator[sqlalchemy.Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except sqlalchemy.exc.OperationalError as error:
            words = " ".join(str(error.orig).split())
            raise Unavailable(f"the job database does not answer: {words}", advice="start PostgreSQL") from None
