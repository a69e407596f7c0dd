"""Connections of the job engine: to an SQLite file of its own, or to its own schema in a PostgreSQL database."""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING, Any

import sqlalchemy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SCHEMA = "dbos"


def sqlite_engine(path: Path) -> sqlalchemy.Engine:
    """Our own engine: write-ahead log, waiting instead of failing, and the clock function that older SQLite lacks."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    engine = sqlalchemy.create_engine(f"sqlite:///{path}", connect_args={"isolation_level": "IMMEDIATE", "timeout": 30})

    @sqlalchemy.event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        if sqlite3.sqlite_version_info < (3, 42):
            # On Python >= 3.12 DBOS asks for unixepoch('subsec'), which is NULL before SQLite 3.42.
            connection.create_function("unixepoch", -1, _unixepoch)
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "busy_timeout=30000", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}").close()

    return engine


def postgres_engine(parameters: Mapping[str, str], *, lanes: int) -> sqlalchemy.Engine:
    """An engine for libpq's `parameters`, kept out of every address so that no log can show the password.

    A connection is tried before it is used: the server may have been restarted meanwhile.
    """
    return sqlalchemy.create_engine(
        "postgresql+psycopg://",
        connect_args={key: value for key, value in parameters.items() if value},
        pool_pre_ping=True,
        pool_size=5,
        max_overflow=lanes + 10,
    )


def _unixepoch(*arguments: object) -> float:
    now = time.time()
    return now if arguments[-1:] == ("subsec",) else int(now)
