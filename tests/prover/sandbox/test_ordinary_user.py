"""The same promises without root: no control groups then, so the init counts, and the grade says so."""

from __future__ import annotations

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


def test_an_ordinary_user_has_a_sandbox_without_control_groups(open_folder: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    setpriv, python = shutil.which("setpriv"), "/usr/bin/python3"
    check = "import sys; sys.exit(sys.version_info < (3, 11))"
    if not setpriv or subprocess.run([python, "-c", check], check=False).returncode != 0:
        pytest.skip("needs setpriv and, in /usr, a Python of 3.11 or later")
    state = open_folder / "state"
    state.mkdir()
    os.chown(state, nobody.pw_uid, nobody.pw_gid)
    become = [setpriv, f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
    done = subprocess.run(
        [*become, python, "-c", PROGRAM, str(state)],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(open_folder / "lib")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    uid = nobody.pw_uid
    assert done.stdout.splitlines() == [
        "g1 (without: cgroup memory, cgroup pids, cgroup cpu)",
        f"exited 0 {uid} ['/proof/x'] hello ",
        f"exited 139 {uid} []  ",
        f"memory_limit 9 {uid} []  ",
        f"cpu_limit 9 {uid} []  ",
        f"wall_limit 9 {uid} []  ",
        f"exited 0 {uid} [] True ",
    ]
    assert left(state) == []
