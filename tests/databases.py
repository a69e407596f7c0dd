"""Databases for what tests start in processes of their own: SQLite in the home folder, or one on the tests' server."""

from __future__ import annotations

import hashlib
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import conninfo, sql

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVER = os.environ.get("CLEARINGHOUSE_TEST_DATABASE_URL", "")


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a process that works in this home, and in the database that `made` made for it."""
    url = {"CLEARINGHOUSE_DATABASE_URL": address(home)} if SERVER else {}
    return {**os.environ, "CLEARINGHOUSE_HOME": str(home), **url, **more}


def address(home: Path) -> str:
    """The database of this home; empty for SQLite."""
    if not SERVER:
        return ""
    parts: dict[str, Any] = conninfo.conninfo_to_dict(SERVER)
    parts["dbname"] = _name(home)
    words = "&".join(f"{key}={value}" for key, value in parts.items())
    return f"postgresql:///?{words}"


def parameters(home: Path) -> dict[str, str]:
    """Libpq's parameters of the database of this home."""
    return {key: str(value) for key, value in conninfo.conninfo_to_dict(address(home)).items()}


@contextmanager
def made(home: Path, *, template: Path | None = None) -> Iterator[Path]:
    """The home with a database of its own, empty or a copy of another home's, which is gone afterwards."""
    if not SERVER:
        yield home
        return
    source = sql.Identifier(_name(template)) if template else sql.SQL("template0")
    _run(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(_name(home)), source))
    try:
        yield home
    finally:
        _run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(_name(home))))


def _name(home: Path) -> str:
    return f"home_{hashlib.sha256(str(home).encode()).hexdigest()[:16]}"


def _run(statement: sql.Composed) -> None:
    with psycopg.connect(SERVER, autocommit=True) as connection:
        connection.execute(statement)
