"""Programs that take all they can get: bounded, counted, and told apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from clearinghouse.prover.sandbox.interface import Ending, Limits
from tests.prover.sandbox.conftest import BOTH_INITS_IN_FULL

if TYPE_CHECKING:
    from clearinghouse.prover.sandbox.bubblewrap import BubblewrapSandbox
    from tests.prover.sandbox.conftest import RunPython

pytestmark = [pytest.mark.sandbox, BOTH_INITS_IN_FULL]


def test_a_fork_bomb_stops_at_the_limit(run_python: RunPython) -> None:
    code = """
    import os, time
    made = 0
    while True:
        try:
            if os.fork() == 0:
                time.sleep(60); os._exit(0)
        except OSError as error:
            print(made, error.errno); break
        made += 1
    """
    outcome = run_python(code, limits=Limits(pids=16))
    made, error = map(int, outcome.stdout.split())
    assert error == 11
    assert made == 15  # and the parent itself


def test_a_memory_bomb_is_told_from_a_crash(run_python: RunPython) -> None:
    code = """
    blocks = []
    while True: blocks.append(bytes(1 << 20).replace(b"\\0", b"x"))
    """
    outcome = run_python(code, limits=Limits(memory_mib=96))
    assert outcome.ending is Ending.MEMORY_LIMIT, outcome
    assert outcome.memory_kib is not None
    assert outcome.memory_kib > 80 << 10


def test_a_memory_bomb_in_a_child_is_seen_though_the_parent_ends_well(
    run_python: RunPython, sandbox: BubblewrapSandbox
) -> None:
    if "memory" in sandbox.isolation:
        pytest.skip("only the kernel's counter sees this")
    code = """
    import os
    if os.fork() == 0:
        blocks = []
        while True: blocks.append(bytes(1 << 20).replace(b"\\0", b"x"))
    os.wait()
    """
    assert run_python(code, limits=Limits(memory_mib=96)).ending is Ending.MEMORY_LIMIT


def test_killing_oneself_is_no_memory_limit(run_python: RunPython) -> None:
    assert run_python("import os; os.kill(os.getpid(), 9)").ending is Ending.SIGNALLED
    assert run_python("import os; os._exit(137)").ending is Ending.EXITED


@pytest.mark.parametrize(("folder", "most"), [("/proof", 8), ("/tmp", 8), ("/dev/shm", 16), ("/decoy", 8)])
def test_a_disk_bomb_stops_at_the_size_of_its_folder(run_python: RunPython, folder: str, most: int) -> None:
    code = f"""
    import os
    total = 0
    for number in range(64):
        try:
            with open(f"{folder}/{{number}}", "wb", buffering=0) as file:
                total += file.write(b"x" * (1 << 20))
        except OSError as error:
            print(total >> 20, error.errno); break
    """
    outcome = run_python(code, limits=Limits(scratch_mib=8), folders=("/decoy",))
    written, error = map(int, outcome.stdout.split())
    assert error == 28
    assert most - 1 <= written <= most


def test_a_log_bomb_keeps_its_head_and_its_tail(run_python: RunPython) -> None:
    code = """
    import sys
    sys.stdout.write("first\\n")
    for _ in range(2000): sys.stdout.write("x" * 4095 + "\\n")
    sys.stdout.write("last\\n")
    """
    outcome = run_python(code, limits=Limits(output_kib=16))
    assert outcome.ending is Ending.EXITED
    assert outcome.stdout.startswith(b"first\nxxx")
    assert outcome.stdout.endswith(b"xxx\nlast\n")
    assert len(outcome.stdout) == 16 << 10
    assert outcome.dropped == 2000 * 4096 + 11 - (16 << 10)


def test_output_within_the_cap_is_kept_whole(run_python: RunPython) -> None:
    outcome = run_python("print('x' * 16382, end='yz')", limits=Limits(output_kib=16))
    assert outcome.stdout == b"x" * 16382 + b"yz"
    assert outcome.dropped == 0


def test_an_endless_flood_ends_at_the_wall_limit(run_python: RunPython) -> None:
    outcome = run_python(
        "import os\nwhile True: os.write(1, b'y' * 65536); os.write(2, b'z' * 65536)",
        limits=Limits(wall_seconds=1.0, cpu_seconds=60, output_kib=4),
    )
    assert outcome.ending is Ending.WALL_LIMIT
    assert len(outcome.stdout) == len(outcome.stderr) == 4096
    assert outcome.dropped > 1 << 20
