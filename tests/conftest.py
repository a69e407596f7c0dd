"""What every test may count on: no network unless marked, no sandbox test without a sandbox, and a home of its own."""

from __future__ import annotations

import os
import signal
import tempfile
from functools import cache
from pathlib import Path

import hypothesis
import pytest

from clearinghouse.core.errors import SandboxUnavailable
from clearinghouse.prover.sandbox.find import find_sandbox

# Commands that tests start must not find the user's own clearinghouse.
_HOME = tempfile.TemporaryDirectory(prefix="clearinghouse-tests-")
os.environ["CLEARINGHOUSE_HOME"] = _HOME.name

# A job in the background ignores Ctrl-C, and so would the commands that tests start from it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# A slow machine is no fault of the code: generated examples have no clock.
hypothesis.settings.register_profile("house", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("house")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests that install packages may reach the package index; all others have no network."""
    for item in items:
        if item.get_closest_marker("registry"):
            item.add_marker(pytest.mark.enable_socket)


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
