"""A sandbox shared by these tests, and a short way to run Python inside it."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from clearinghouse.prover.sandbox.find import find_sandbox
from clearinghouse.prover.sandbox.interface import Bind, Command, Outcome
from clearinghouse.prover.sandbox.interpreter import shown_python

if TYPE_CHECKING:
    from collections.abc import Iterator

    from clearinghouse.prover.sandbox.bubblewrap import BubblewrapSandbox


class RunPython(Protocol):
    """Run a program text inside; keywords are those of Command."""

    def __call__(self, code: str, **given: Any) -> Outcome: ...


PYTHON = shown_python("/opt/python")


def python_command(code: str, **given: Any) -> Command:
    """The command that runs `code` under this process's own Python."""
    env = {"LD_LIBRARY_PATH": PYTHON.library_path} if PYTHON.library_path else {}
    return Command(
        (PYTHON.executable, "-I", "-S", "-c", textwrap.dedent(code)),
        env={**env, **given.pop("env", {})},
        binds=(*(Bind(Path(source), inside) for source, inside in PYTHON.binds), *given.pop("binds", ())),
        mask=(*PYTHON.masks, *given.pop("mask", ())),
        **given,
    )


@pytest.fixture(scope="session")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the shared sandbox keeps its files."""
    return tmp_path_factory.mktemp("sandbox-state")


@pytest.fixture(scope="session")
def best_sandbox(state: Path) -> Iterator[BubblewrapSandbox]:
    """The sandbox of this machine, as everyone gets it."""
    found = find_sandbox(state)
    yield found
    found.close()


@pytest.fixture(scope="session")
def python_sandbox(state: Path) -> Iterator[BubblewrapSandbox]:
    """The sandbox of a machine without a compiler."""
    found = find_sandbox(state, compiled=False)
    yield found
    found.close()


@pytest.fixture
def sandbox(request: pytest.FixtureRequest) -> BubblewrapSandbox:
    """The best sandbox; the one with the init that is asked for where a test is for BOTH_INITS."""
    if getattr(request, "param", "") == "python":
        found: BubblewrapSandbox = request.getfixturevalue("python_sandbox")
        assert found.init == "python"
        return found
    found = request.getfixturevalue("best_sandbox")
    if getattr(request, "param", "") == "compiled" and found.init != "compiled":
        pytest.skip("there is no C compiler here, or its programs do not run inside")
    return found


# What holds for one init must hold for the other: the tests so marked are their contract.
BOTH_INITS = pytest.mark.parametrize("sandbox", ["compiled", "python"], indirect=True)
# The same where other quick tests hold the Python init to it as well.
BOTH_INITS_IN_FULL = pytest.mark.parametrize(
    "sandbox", ["compiled", pytest.param("python", marks=pytest.mark.slow)], indirect=True
)


def left(state: Path) -> list[str]:
    """What lies in a state folder but its lock and the compiled init, which are kept."""
    return [path.name for path in state.iterdir() if path.name not in ("lock", "init")]


@pytest.fixture
def run_python(sandbox: BubblewrapSandbox) -> RunPython:
    """Run a program text inside the sandbox of the test."""

    def run(code: str, **given: Any) -> Outcome:
        return sandbox.run(python_command(code, **given))

    return run
