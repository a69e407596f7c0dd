"""What every test may count on: no network unless marked, no sandbox test without a sandbox, and a home of its own."""

from __future__ import annotations

import os
import signal
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import hypothesis
import pytest
from django.conf import settings
from django.db import connections
from pydantic import SecretStr

from clearinghouse.bootstrap import database
from clearinghouse.bootstrap.settings import Settings
from clearinghouse.core.errors import SandboxUnavailable
from clearinghouse.prover.sandbox.find import find_sandbox

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django.live_server_helper import LiveServer

# Commands that tests start must not find the user's own clearinghouse.
_HOME = tempfile.TemporaryDirectory(prefix="clearinghouse-tests-")
os.environ["CLEARINGHOUSE_HOME"] = _HOME.name

# Nor the user's database: tables are in memory, or on the PostgreSQL server that was started for the tests. What tests
# start in processes of their own find that server only where they say so.
os.environ.pop("CLEARINGHOUSE_DATABASE_URL", None)
settings.DATABASES["default"] = database.for_django(
    Settings(database_url=SecretStr(os.environ.get("CLEARINGHOUSE_TEST_DATABASE_URL", "")))
)
# Django was set up before this file was read: what it holds of the other database goes.
connections.settings = connections.configure_settings(settings.DATABASES)
if connections.all(initialized_only=True):
    del connections["default"]

# A job in the background ignores Ctrl-C, and so would the commands that tests start from it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A slow machine is no fault of the code: generated examples have no clock.
hypothesis.settings.register_profile("house", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("house")


# Fixtures that open the tables to a test that has no mark of its own.
_TABLES = {"db", "transactional_db", "live_server"}


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """Marks that follow from others are there before tests are chosen by them; the order is made after all else.

    Those that are given the most time begin first: none of them is to run on alone when all others are done.

    Tests that install packages may reach the package index; all others have no network.

    Whoever uses Django's tables touches a database; other tests that do bear the mark themselves.
    """
    for item in items:
        if item.get_closest_marker("django_db") or _TABLES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.database)
        if item.get_closest_marker("registry"):
            item.add_marker(pytest.mark.enable_socket)
    yield
    items.sort(key=_most_seconds, reverse=True)  # stable: the others stay in their random order


def _most_seconds(item: pytest.Item) -> float:
    """The time that the test itself says it may take; 0 where it says nothing."""
    marker = item.get_closest_marker("timeout")
    return float(marker.args[0]) if marker and marker.args else 0.0


@pytest.fixture(scope="session")
def live_server(django_db_setup: None, live_server: LiveServer) -> LiveServer:
    """The server of pytest-django, started after the database of the tests is made.

    One that starts before takes the user's database for the one to serve, and its threads open connections that
    nothing closes.
    """
    assert django_db_setup is None
    return live_server


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what needs the sandbox where there is none, with the reason that a user would be told."""
    if item.get_closest_marker("sandbox") and (reason := _sandbox_lacks()):
        pytest.skip(reason)


def pytest_unconfigure() -> None:
    """Remove the folder that stood for the user's."""
    _HOME.cleanup()


@cache
def _sandbox_lacks() -> str | None:
    """Why foreign code cannot run here, or None."""
    with tempfile.TemporaryDirectory() as state:
        try:
            find_sandbox(Path(state)).close()
        except SandboxUnavailable as error:
            return str(error)
    return None
