"""Where the tables are: SQLite files in the home folder, or one PostgreSQL database for many workers.

The address of a PostgreSQL database holds a password, so nothing here repeats it: errors name the part that is wrong.
"""

from __future__ import annotations

import fcntl
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from clearinghouse.core.errors import InvalidInput, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from clearinghouse.bootstrap.settings import Settings

_SCHEMES = ("postgresql://", "postgres://")
_EXAMPLE = "write postgresql://user:password@host:5432/name, or postgresql:///name?host=/var/run/postgresql"
# What dies without saying so (a machine, a cable) is noticed within about a minute, and its locks are let go.
_DEFAULTS = {
    "application_name": "clearinghouse",
    "connect_timeout": "10",
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
_MIGRATING = 0x636C_6561_7269  # the advisory lock that one migrating process holds; any constant would do


@dataclass(frozen=True, slots=True)
class Postgres:
    """A parsed address. `options` are libpq's further connection parameters, the defaults above included."""

    name: str
    user: str
    password: str = field(repr=False)
    host: str
    port: str
    options: dict[str, str]

    @property
    def shown(self) -> str:
        """The address as people may read it: without the password."""
        return f"PostgreSQL database {self.name!r} at {self.host or 'the local socket'}"


def postgres(url: str) -> Postgres | None:
    """The address in `url`, None for an empty one. Raises InvalidInput, which never repeats the address."""
    if not url.strip():
        return None
    if not url.startswith(_SCHEMES):
        raise InvalidInput("CLEARINGHOUSE_DATABASE_URL is no address of a PostgreSQL database", advice=_EXAMPLE)
    import psycopg  # noqa: PLC0415  # only where there is a PostgreSQL

    try:
        parts: dict[str, Any] = psycopg.conninfo.conninfo_to_dict(url)
    except psycopg.Error:  # its words hold the address, password and all
        raise InvalidInput("CLEARINGHOUSE_DATABASE_URL cannot be read as an address", advice=_EXAMPLE) from None
    if not parts.get("dbname"):
        raise InvalidInput("CLEARINGHOUSE_DATABASE_URL names no database", advice=_EXAMPLE)
    first = {key: str(parts.pop(key, "")) for key in ("dbname", "user", "password", "host", "port")}
    return Postgres(
        name=first["dbname"],
        user=first["user"],
        password=first["password"],
        host=first["host"],
        port=first["port"],
        options=_DEFAULTS | {key: str(value) for key, value in parts.items()},
    )


def for_django(settings: Settings) -> dict[str, Any]:
    """The entry of Django's DATABASES."""
    found = postgres(settings.database_url.get_secret_value())
    if found is None:
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": settings.database,
            "OPTIONS": {
                # Every atomic() takes the write lock at its start, so none deadlocks; none stands around mere reads.
                "transaction_mode": "IMMEDIATE",
                "timeout": 30,
                # What is deleted is overwritten: a key that was destroyed must not lie in a free page.
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON; "
                "PRAGMA secure_delete=ON;",
            },
        }
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": found.name,
        "USER": found.user,
        "PASSWORD": found.password,
        "HOST": found.host,
        "PORT": found.port,
        "OPTIONS": found.options,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def for_jobs(settings: Settings) -> Path | dict[str, str]:
    """Where the job engine keeps its own tables: a file, or libpq's parameters of the same PostgreSQL database."""
    found = postgres(settings.database_url.get_secret_value())
    if found is None:
        return settings.jobs_database
    first = {"dbname": found.name, "user": found.user, "password": found.password, "host": found.host}
    return {**found.options, **first, "port": found.port}


def reach(settings: Settings) -> None:
    """Open the connection of this thread. Raises Unavailable where a PostgreSQL database does not answer."""
    from django.db import OperationalError, connection  # noqa: PLC0415  # a second of CPU that others never need

    if connection.vendor != "postgresql":
        return
    try:
        connection.ensure_connection()
    except OperationalError as error:
        raise _unreachable(settings, error) from None


@contextmanager
def migrating(settings: Settings) -> Iterator[None]:
    """One process at a time changes tables, of all that use the database; the lock ends with its holder."""
    from django.db import connection  # noqa: PLC0415

    if connection.vendor != "postgresql":
        with (settings.root / "migrate.lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [_MIGRATING])
        try:
            yield
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_MIGRATING])


def _unreachable(settings: Settings, error: Exception) -> Unavailable:
    """The error for a database that does not answer, in the driver's words without the password."""
    found = postgres(settings.database_url.get_secret_value())
    words = " ".join(str(error).split())
    if found is not None and found.password:
        words = words.replace(found.password, "***")
    return Unavailable(
        f"{found.shown if found else 'the database'} cannot be used: {words}",
        advice="start it, or correct CLEARINGHOUSE_DATABASE_URL",
    )
