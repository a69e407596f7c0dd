"""A sandbox shared by these tests, and a short way to run Python inside it."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from clearinghouse.prover.sandbox.find import find_sandbox
from clearinghouse.prover.sandbox.interface import Command, Outcome
from clearinghouse.prover.sandbox.interpreter import init_python

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from clearinghouse.prover.sandbox.bubblewrap import BubblewrapSandbox


class RunPython(Protocol):
    """Run a program text inside; keywords are those of Command."""

    def __call__(self, code: str, **given: Any) -> Outcome: ...


def python_command(code: str, **given: Any) -> Command:
    """The command that runs `code` under the one Python that is inside on every host: the init's."""
    python = init_python()
    env = {"LD_LIBRARY_PATH": python.library_path} if python.library_path else {}
    argv = (python.executable, "-I", "-S", "-c", textwrap.dedent(code))
    return Command(argv, env={**env, **given.pop("env", {})}, **given)


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the shared sandbox keeps its files."""
    return tmp_path_factory.mktemp("sandbox-state")


@pytest.fixture(scope="session")
def sandbox(state: Path) -> Iterator[BubblewrapSandbox]:
    """The sandbox of this machine."""
    found = find_sandbox(state)
    yield found
    found.close()


@pytest.fixture
def run_python(sandbox: BubblewrapSandbox) -> RunPython:
    """Run a program text inside the shared sandbox."""

    def run(code: str, **given: Any) -> Outcome:
        return sandbox.run(python_command(code, **given))

    return run
