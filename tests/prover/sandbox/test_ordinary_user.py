"""The same promises without root: no control groups then, so the init counts, and the grade says so."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import clearinghouse
from clearinghouse.prover.sandbox.find import find_program
from tests.prover.sandbox.conftest import left
from tests.prover.sandbox.traces import marked

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(os.geteuid() != 0, reason="starts as root to become an ordinary user"),
]

PROGRAM = '''
import sys
from pathlib import Path
from clearinghouse.prover.sandbox.find import find_sandbox
from clearinghouse.prover.sandbox.interface import Command, Limits
sandbox = find_sandbox(Path(sys.argv[1]))
print(sandbox.isolation)
def run(code, **limits):
    o = sandbox.run(Command(("/usr/bin/python3", "-I", "-c", code), limits=Limits(**limits), watch=("/proof/x",)))
    print(o.ending, o.code, o.uid, sorted(o.present), o.stdout.decode().strip(), o.detail)
run("open('/proof/x', 'w'); print('hello')")
run("import os; os._exit(139)")
run("x = []\\nwhile True: x.append(bytes(1 << 20).replace(bytes(1), b'x'))", memory_mib=128)
run("import os\\nos.fork()\\nwhile True: pass", cpu_seconds=0.5)
run("import time; time.sleep(60)", wall_seconds=0.5)
run("""
import os, time
made = 0
while True:
    try:
        if os.fork() == 0: time.sleep(60)
    except OSError: break
    made += 1
print(12 <= made <= 20)
""", pids=16)
sandbox.close()
'''

HOSTILE = """
import json
import sys
from pathlib import Path
from clearinghouse.prover.sandbox.find import find_sandbox
from clearinghouse.prover.sandbox.hostile.attack import run_attack
from clearinghouse.prover.sandbox.hostile.bait import Bait
from clearinghouse.prover.sandbox.hostile.reach import REACHING
from clearinghouse.prover.sandbox.hostile.take import TAKING
sandbox = find_sandbox(Path(sys.argv[1]))
with Bait(sandbox.scratch) as bait:
    for attack in (*REACHING, *TAKING):
        if (attack.quick or sys.argv[2] == "all") and not (attack.needs and attack.needs in sandbox.isolation):
            result = run_attack(sandbox, attack, bait)
            print(json.dumps([attack.name, result.mark, result.breaches]), flush=True)
sandbox.close()
"""


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user can reach, with a copy of what the sandbox needs of this project."""
    folder = Path("/tmp") / f"clearinghouse-test-{os.getpid()}"
    source = Path(clearinghouse.__file__).parent
    library = folder / "lib"
    shutil.copytree(source / "core", library / "clearinghouse" / "core")
    shutil.copytree(source / "prover" / "sandbox", library / "clearinghouse" / "prover" / "sandbox")
    for part in ("__init__.py", "prover/__init__.py"):
        shutil.copy(source / part, library / "clearinghouse" / part)
    for path in map(Path, find_program()[0].needs):
        if path.is_dir():
            shutil.copytree(path, library / path.name)
    subprocess.run(["chmod", "-R", "a+rX", str(folder)], check=True)
    yield folder
    shutil.rmtree(folder)


def as_nobody(folder: Path, program: str, *arguments: str) -> list[str]:
    """The lines that `program` prints as an ordinary user; its first argument is a state folder of that user's own."""
    nobody = pwd.getpwnam("nobody")
    setpriv, python = shutil.which("setpriv"), "/usr/bin/python3"
    check = "import sys; sys.exit(sys.version_info < (3, 11))"
    if not setpriv or subprocess.run([python, "-c", check], check=False).returncode != 0:
        pytest.skip("needs setpriv and, in /usr, a Python of 3.11 or later")
    state = folder / "state"
    state.mkdir()
    os.chown(state, nobody.pw_uid, nobody.pw_gid)
    become = [setpriv, f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
    done = subprocess.run(
        [*become, python, "-c", program, str(state), *arguments],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(folder / "lib")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert left(state) == []
    return done.stdout.splitlines()


@pytest.mark.parametrize("compiled", [True, False])
def test_an_ordinary_user_has_a_sandbox_without_control_groups(open_folder: Path, *, compiled: bool) -> None:
    uid = pwd.getpwnam("nobody").pw_uid
    program = PROGRAM.replace("(Path(sys.argv[1]))", f"(Path(sys.argv[1]), compiled={compiled})")
    assert as_nobody(open_folder, program) == [
        "g1 (without: cgroup memory, cgroup pids, cgroup cpu)",
        f"exited 0 {uid} ['/proof/x'] hello ",
        f"exited 139 {uid} []  ",
        f"memory_limit 9 {uid} []  ",
        f"cpu_limit 9 {uid} []  ",
        f"wall_limit 9 {uid} []  ",
        f"exited 0 {uid} [] True ",
    ]


@pytest.mark.parametrize("which", ["quick", pytest.param("all", marks=pytest.mark.slow)])
def test_hostile_programs_of_an_ordinary_user_are_contained(open_folder: Path, which: str) -> None:
    results = [json.loads(line) for line in as_nobody(open_folder, HOSTILE, which)]
    assert len(results) > 10
    assert {name: breaches for name, _, breaches in results if breaches} == {}
    assert [mark for _, mark, _ in results if marked(mark)] == []
