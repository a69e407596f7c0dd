"""Hostile programs are contained, and nothing of them is left: the sandbox's promises, one program for each."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from clearinghouse.prover.sandbox import cgroup_search
from clearinghouse.prover.sandbox.cgroup import Hierarchies
from clearinghouse.prover.sandbox.find import find_sandbox
from clearinghouse.prover.sandbox.hostile.attack import EPILOGUE, PRELUDE, Attack, run_attack
from clearinghouse.prover.sandbox.hostile.bait import Bait
from clearinghouse.prover.sandbox.hostile.reach import FILES, LOOPBACK, REACHING
from clearinghouse.prover.sandbox.hostile.take import TAKING
from clearinghouse.prover.sandbox.interface import Bind, Ending, Limits
from tests.prover.sandbox.conftest import python_command
from tests.prover.sandbox.traces import Traces, inhabited, marked

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from clearinghouse.prover.sandbox.bubblewrap import BubblewrapSandbox
    from tests.prover.sandbox.conftest import RunPython

pytestmark = pytest.mark.sandbox

ATTACKS = {attack.name: attack for attack in (*REACHING, *TAKING)}
MANY_FILES = "exhaust the kernel with empty files in /tmp"


@pytest.fixture
def bait(sandbox: BubblewrapSandbox, socket_enabled: None) -> Iterator[Bait]:
    """What the programs go for."""
    with Bait(sandbox.scratch) as laid:
        yield laid


def uncounted(state: Path, *, compiled: bool) -> BubblewrapSandbox:
    """The sandbox of a host whose control groups cannot be written: its init counts."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cgroup_search, "find_hierarchies", lambda _name: Hierarchies({}))
        return find_sandbox(state, compiled=compiled)


@pytest.fixture(scope="session")
def uncounted_sandbox(state: Path) -> Iterator[BubblewrapSandbox]:
    """With the best init."""
    found = uncounted(state, compiled=True)
    yield found
    found.close()


@pytest.fixture(scope="session")
def uncounted_python_sandbox(state: Path) -> Iterator[BubblewrapSandbox]:
    """With the Python init."""
    found = uncounted(state, compiled=False)
    yield found
    found.close()


def contained(sandbox: BubblewrapSandbox, attack: Attack, bait: Bait) -> None:
    """Assert that `attack` comes to nothing and leaves nothing."""
    if attack.needs and attack.needs in sandbox.isolation:
        pytest.skip(f"without {attack.needs} nothing promises to hold this; the grade says so")
    before = Traces.now(sandbox)
    result = run_attack(sandbox, attack, bait)
    assert result.breaches == ()
    assert marked(result.mark) == []
    assert inhabited(sandbox) == []
    assert Traces.now(sandbox) == before


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow) if "files in" in name and name != MANY_FILES else name
        for name in ATTACKS
    ],
)
def test_it_is_contained_and_cleaned_up(sandbox: BubblewrapSandbox, bait: Bait, name: str) -> None:
    contained(sandbox, ATTACKS[name], bait)


def test_without_control_groups_the_grade_says_so(uncounted_sandbox: BubblewrapSandbox) -> None:
    assert uncounted_sandbox.isolation == "g1 (without: cgroup memory, cgroup pids, cgroup cpu)"


@pytest.mark.parametrize(
    "name",  # what reaches out meets the same walls with and without control groups
    [
        name if attack.quick and attack in TAKING else pytest.param(name, marks=pytest.mark.slow)
        for name, attack in ATTACKS.items()
    ],
)
def test_it_is_contained_and_cleaned_up_without_control_groups(
    uncounted_sandbox: BubblewrapSandbox, socket_enabled: None, name: str
) -> None:
    with Bait(uncounted_sandbox.scratch) as bait:
        contained(uncounted_sandbox, ATTACKS[name], bait)


@pytest.mark.parametrize("name", [attack.name for attack in TAKING if attack.quick] + [MANY_FILES])
def test_the_python_init_counts_as_well(
    uncounted_python_sandbox: BubblewrapSandbox, socket_enabled: None, name: str
) -> None:
    with Bait(uncounted_python_sandbox.scratch) as bait:
        contained(uncounted_python_sandbox, ATTACKS[name], bait)


@pytest.mark.parametrize("attack", [FILES, LOOPBACK], ids=lambda attack: attack.name)
def test_the_same_program_outside_would_be_seen_to_succeed(bait: Bait, attack: Attack) -> None:
    """Else a program that can do nothing anywhere would pass for contained."""
    facts = {**bait.facts(), "mark": "", "target": str(bait.shown)}
    program = PRELUDE + attack.program.partition("os.symlink")[0] + EPILOGUE  # it looks, and makes nothing
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program, json.dumps(facts)],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    could = [line for line in done.stdout.splitlines() if line.startswith("could ")]
    expected = "could open " + bait.facts()["secret"] if attack is FILES else "could connect to the host:"
    assert any(line.startswith(expected) for line in could), (done.stdout, done.stderr)
    if attack is LOOPBACK:
        assert "could reach TCP of the host" in bait.touched()


@pytest.mark.parametrize(
    ("program", "breach"),
    [
        ("could('fly')", "could fly"),
        ("attempt('list /usr', os.listdir, '/usr')", "could list /usr"),
        ("raise SystemExit(3)", "broke down with exit code 3"),
        ("os._exit(0)", "broke down with exit code 0"),
        ("os.kill(os.getpid(), 9)", "ended with signalled 9"),
    ],
)
def test_a_program_that_succeeds_or_breaks_is_not_contained(
    sandbox: BubblewrapSandbox, bait: Bait, program: str, breach: str
) -> None:
    (said,) = run_attack(sandbox, Attack("try", program), bait).breaches
    assert said.startswith(breach)


def test_a_run_sees_nothing_of_its_neighbour(sandbox: BubblewrapSandbox, run_python: RunPython, tmp_path: Path) -> None:
    """The neighbour leaves a word wherever it can write, and stays until the other has looked everywhere."""
    word = "word-of-the-neighbour"
    neighbour = f"""
    import ctypes, os, socket
    for folder in ("/proof", "/tmp", "/dev/shm"):
        open(folder + "/{word}", "w").write("{word}")
        os.chmod(folder, 0o777)
    abstract = socket.socket(socket.AF_UNIX); abstract.bind("\\0{word}"); abstract.listen()
    port = socket.create_server(("127.0.0.1", 47111))
    segment = ctypes.CDLL(None).shmget(4711, 4096, 0o1666)
    bell = socket.socket(socket.AF_UNIX); bell.connect("/bell")
    bell.send(b"up" if segment >= 0 else b"no"); bell.recv(1)
    """
    looker = f"""
    import ctypes, os, socket
    for folder in ("/proof", "/tmp", "/dev/shm"):
        print(os.listdir(folder))
    for family, address in ((socket.AF_UNIX, "\\0{word}"), (socket.AF_INET, ("127.0.0.1", 47111))):
        try:
            socket.socket(family).connect(address); print("connected")
        except OSError:
            print("refused")
    print(ctypes.CDLL(None).shmget(4711, 4096, 0))
    print([name for name in os.listdir("/proc") if name.isdigit()])
    """
    with socket.socket(socket.AF_UNIX) as bell, ThreadPoolExecutor(1) as pool:
        bell.bind(str(tmp_path / "bell"))
        bell.listen()
        bell.settimeout(60)
        stay = pool.submit(sandbox.run, python_command(neighbour, sockets=(Bind(tmp_path / "bell", "/bell"),)))
        peer, _ = bell.accept()
        with peer:
            assert peer.recv(2) == b"up"
            outcome = run_python(looker)
            assert not stay.done()
            peer.send(b"x")
        assert stay.result().ending is Ending.EXITED
    assert outcome.stdout.decode().splitlines() == ["[]", "[]", "[]", "refused", "refused", "-1", "['1', '2']"], outcome


def test_a_program_without_a_name_may_run(run_python: RunPython) -> None:
    """Not every odd thing is an attack: programs from memory are how some packages start theirs."""
    code = """
    import os
    program = os.memfd_create("program", 0)
    os.sendfile(program, os.open("/usr/bin/env", os.O_RDONLY), 0, 1 << 20)
    os.execve(program, ["env", "true"], {"PATH": "/usr/bin"})
    """
    outcome = run_python(code)
    assert (outcome.ending, outcome.code) == (Ending.EXITED, 0), outcome


def test_a_repeated_bomb_leaves_the_next_run_untouched(sandbox: BubblewrapSandbox, bait: Bait) -> None:
    for name in ("fork without end", "take memory without end"):
        assert run_attack(sandbox, ATTACKS[name], bait).breaches == ()
        outcome = sandbox.run(python_command("print('well')", limits=Limits(pids=4, memory_mib=64)))
        assert outcome.stdout == b"well\n", outcome
