"""Supervisors come, work side by side, and go, also by SIGKILL: nothing of theirs stays."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from clearinghouse.core.errors import SandboxUnavailable
from clearinghouse.prover.sandbox.find import find_sandbox
from clearinghouse.prover.sandbox.interface import Ending
from tests.prover.sandbox.conftest import left, python_command

if TYPE_CHECKING:
    from clearinghouse.prover.sandbox.bubblewrap import BubblewrapSandbox
    from tests.prover.sandbox.conftest import RunPython

pytestmark = pytest.mark.sandbox

SLEEPER = """
import sys
from pathlib import Path
from clearinghouse.prover.sandbox.find import find_sandbox
from clearinghouse.prover.sandbox.interface import Limits
from tests.prover.sandbox.conftest import left, python_command
sandbox = find_sandbox(Path(sys.argv[1]))
print("up", flush=True)
sandbox.run(python_command("import time; time.sleep(300)  # " + sys.argv[2], limits=Limits(wall_seconds=300)))
"""


def groups(state: Path) -> list[Path]:
    """The control groups of the supervisors named in `state`."""
    names = [folder.name.removeprefix("supervisor-") for folder in state.glob("supervisor-*")]
    parents = {Path(line) for file in state.glob("supervisor-*/cgroups") for line in file.read_text().splitlines()}
    return [group for parent in parents for name in names for group in parent.glob(f"clearinghouse-{name}*")]


def processes(mark: str) -> list[int]:
    """Who on this machine has `mark` in the command line."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if mark.encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def until(condition: object, seconds: float = 60.0) -> bool:
    """Whether the condition came true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():  # type: ignore[operator]
            return True
        time.sleep(0.02)
    return False


def start_sleeper(state: Path, mark: str) -> subprocess.Popen[str]:
    """A supervisor of its own with one long run, which is under way when this returns."""
    root = Path(__file__).resolve().parents[3]
    supervisor = subprocess.Popen(
        [sys.executable, "-c", SLEEPER, str(state), mark],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    assert supervisor.stdout
    said = supervisor.stdout.readline()
    supervisor.stdout.close()
    # The supervisor, and inside: the command (the mark is only in these two).
    if said != "up\n" or not until(lambda: len(processes(mark)) >= 2):
        supervisor.kill()
        supervisor.wait()
        pytest.fail("the supervisor under test does not run")
    return supervisor


def test_a_killed_supervisor_leaves_nothing(tmp_path: Path) -> None:
    mark = f"mark-{tmp_path.name}-{os.getpid()}"
    supervisor = start_sleeper(tmp_path, mark)
    left = groups(tmp_path)
    supervisor.kill()
    supervisor.wait()
    assert until(lambda: not processes(mark))
    assert until(lambda: not list(tmp_path.glob("supervisor-*")))
    assert not [group for group in left if group.exists()]


def test_the_next_supervisor_tidies_up_when_the_launcher_was_killed_too(tmp_path: Path) -> None:
    mark = f"mark-{tmp_path.name}-{os.getpid()}"
    supervisor = start_sleeper(tmp_path, mark)
    (folder,) = tmp_path.glob("supervisor-*")
    left = groups(tmp_path)
    # Held still first: one that is killed a moment later would tidy up after the other.
    for sent in (signal.SIGSTOP, signal.SIGKILL):
        for pid in (*processes(str(folder)), supervisor.pid):
            os.kill(pid, sent)
    supervisor.wait()
    assert until(lambda: not processes(mark))
    assert folder.exists()
    sandbox = find_sandbox(tmp_path)
    try:
        assert not folder.exists()
        assert not [group for group in left if group.exists()]
    finally:
        sandbox.close()
    assert not list(tmp_path.glob("supervisor-*"))


def test_a_new_supervisor_leaves_the_runs_of_the_living_alone(tmp_path: Path) -> None:
    mark = f"mark-{tmp_path.name}-{os.getpid()}"
    supervisor = start_sleeper(tmp_path, mark)
    try:
        sandbox = find_sandbox(tmp_path)
        assert sandbox.run(python_command("pass")).ending is Ending.EXITED
        sandbox.close()
        assert len(processes(mark)) == 2
        assert supervisor.poll() is None
    finally:
        supervisor.send_signal(signal.SIGTERM)
        supervisor.wait()
    assert until(lambda: not processes(mark))
    assert until(lambda: not list(tmp_path.glob("supervisor-*")))


def test_closing_removes_every_group_and_folder(tmp_path: Path) -> None:
    sandbox = find_sandbox(tmp_path)
    sandbox.run(python_command("pass"))
    prefix = sandbox._session.name
    parents = {place.parent for place in sandbox._hierarchies.places.values()}
    sandbox.close()
    assert not [group for parent in parents for group in parent.glob(prefix + "*")]
    assert left(tmp_path) == []


def test_a_finished_program_leaves_nothing_without_closing(tmp_path: Path) -> None:
    code = SLEEPER.replace("time.sleep(300)", "pass")
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code, str(tmp_path), "x"],
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert left(tmp_path) == []


def test_many_threads_share_one_sandbox(sandbox: BubblewrapSandbox) -> None:
    def run(number: int) -> tuple[int, int, str]:
        code = f"""
        import os, time
        time.sleep(0.3)
        open("/proof/f", "x")
        print({number}, flush=True)
        os._exit({number})
        """
        outcome = sandbox.run(python_command(code))
        return outcome.code, outcome.uid, outcome.stdout.decode().strip()

    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(run, range(8)))
    assert [(code, text) for code, _, text in results] == [(n, str(n)) for n in range(8)]


def test_a_killed_launcher_is_replaced(sandbox: BubblewrapSandbox, run_python: RunPython) -> None:
    assert run_python("pass").ending is Ending.EXITED
    process = sandbox._launcher._process
    assert process
    process.kill()
    process.wait()
    assert run_python("pass").ending is Ending.EXITED


def test_a_file_of_the_host_that_is_replaced_under_a_supervisor_stops_no_run(tmp_path: Path) -> None:
    """As an update of the system does with the linker's cache; here the init, which every run is shown too."""
    sandbox = find_sandbox(tmp_path)
    try:
        with ThreadPoolExecutor(1) as pool:
            long = pool.submit(sandbox.run, python_command("import time; time.sleep(1)"))
            time.sleep(0.3)
            file = Path(sandbox.host.init.binds[-1][0])
            copy = file.with_name("new")
            shutil.copy2(file, copy)
            copy.replace(file)
            assert [sandbox.run(python_command("pass")).ending for _ in range(3)] == [Ending.EXITED] * 3
            assert long.result().ending is Ending.EXITED
        prefix = sandbox.scratch.name.removeprefix("supervisor-")
    finally:
        sandbox.close()
    assert list(Path("/sys/fs/cgroup").rglob(f"clearinghouse-{prefix}*")) == []


def test_a_run_outlives_the_thread_that_asked_for_the_launcher(tmp_path: Path) -> None:
    with ThreadPoolExecutor(1) as pool:
        sandbox = pool.submit(find_sandbox, tmp_path).result()
    try:
        assert sandbox.run(python_command("import time; time.sleep(0.2)")).ending is Ending.EXITED
    finally:
        sandbox.close()


def test_a_sandbox_that_is_closed_while_threads_use_it_leaves_no_control_group(tmp_path: Path) -> None:
    for _ in range(3):
        sandbox = find_sandbox(tmp_path)
        prefix = sandbox.scratch.name.removeprefix("supervisor-")
        stop = threading.Event()

        def work(sandbox: BubblewrapSandbox = sandbox, stop: threading.Event = stop) -> None:
            while not stop.is_set():
                try:
                    sandbox.run(python_command("pass"))
                except SandboxUnavailable:
                    return

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        time.sleep(0.3)
        sandbox.close()
        stop.set()
        for thread in threads:
            thread.join()
        assert [str(path) for path in Path("/sys/fs/cgroup").rglob(f"clearinghouse-{prefix}*")] == []
