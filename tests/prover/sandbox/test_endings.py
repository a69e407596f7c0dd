"""How a run ends, and that what is reported comes from outside of the command."""

from __future__ import annotations

import hashlib
import os
import signal
from typing import TYPE_CHECKING

import pytest

from clearinghouse.prover.sandbox.interface import Bind, Command, Ending, File, Limits
from tests.prover.sandbox.conftest import BOTH_INITS

if TYPE_CHECKING:
    from pathlib import Path

    from clearinghouse.prover.sandbox.bubblewrap import BubblewrapSandbox
    from tests.prover.sandbox.conftest import RunPython

pytestmark = [pytest.mark.sandbox, BOTH_INITS]


@pytest.mark.parametrize("status", [0, 1, 42, 139, 255])
def test_an_exit_status_is_an_exit_status(run_python: RunPython, status: int) -> None:
    outcome = run_python(f"import os; os._exit({status})")
    assert (outcome.ending, outcome.code) == (Ending.EXITED, status)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL, signal.SIGTERM, signal.SIGPIPE])
def test_a_signal_is_a_signal(run_python: RunPython, number: signal.Signals) -> None:
    code = f"""
    import os, signal
    if {int(number)} != signal.SIGKILL:
        signal.signal({int(number)}, signal.SIG_DFL)
    os.kill(os.getpid(), {int(number)})
    """
    outcome = run_python(code)
    assert (outcome.ending, outcome.code) == (Ending.SIGNALLED, number)


def test_a_null_pointer_is_a_segmentation_fault(run_python: RunPython) -> None:
    outcome = run_python("import ctypes; ctypes.string_at(0)")
    assert (outcome.ending, outcome.code) == (Ending.SIGNALLED, signal.SIGSEGV)


def test_the_wall_limit_stops_a_sleeper_that_ignores_every_signal(run_python: RunPython) -> None:
    code = """
    import signal, time
    for n in range(1, 32):
        if n not in (9, 19): signal.signal(n, signal.SIG_IGN)
    print("started", flush=True)
    time.sleep(60)
    """
    outcome = run_python(code, limits=Limits(wall_seconds=0.5))
    assert outcome.ending is Ending.WALL_LIMIT
    assert outcome.stdout == b"started\n"
    assert 0.5 <= outcome.wall_seconds < 20


def test_the_cpu_limit_counts_every_process_of_the_run(run_python: RunPython) -> None:
    code = """
    import os
    os.fork()
    while True: pass
    """
    outcome = run_python(code, limits=Limits(cpu_seconds=0.5, wall_seconds=30))
    assert outcome.ending is Ending.CPU_LIMIT, outcome
    assert 0.5 <= outcome.cpu_seconds < 5


def test_cpu_of_children_that_nobody_waits_for_is_counted(run_python: RunPython) -> None:
    code = """
    import os, signal, time
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    if os.fork() == 0:
        end = time.process_time() + 0.3
        while time.process_time() < end: pass
        os._exit(0)
    time.sleep(2)
    """
    outcome = run_python(code)
    assert outcome.ending is Ending.EXITED
    assert outcome.cpu_seconds >= 0.3


def test_a_daemon_that_ignores_signals_dies_with_the_run(run_python: RunPython) -> None:
    code = """
    import os, signal, time
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for n in (1, 2, 15): signal.signal(n, signal.SIG_IGN)
            open("/proof/alive", "w")
            os.write(3, b"up")
            time.sleep(1)
            open("/proof/survived", "w")
            time.sleep(60)
        os._exit(0)
    os.wait()
    while not os.path.exists("/proof/alive"): time.sleep(0.01)
    """
    outcome = run_python(code, watch=("/proof/alive", "/proof/survived"), report=True)
    assert outcome.ending is Ending.EXITED
    assert outcome.present == {"/proof/alive"}
    assert outcome.report == b"up"
    assert outcome.wall_seconds < 20


def test_watched_paths_are_looked_up_without_following_links(run_python: RunPython) -> None:
    code = """
    import os
    os.mkdir("/proof/d"); open("/proof/d/f", "w"); os.symlink("/nowhere", "/proof/dangling")
    os.symlink("/proof/d", "/proof/link")
    os.mkdir("/proof/locked"); open("/proof/locked/f", "w"); os.chmod("/proof/locked", 0)
    """
    paths = ["/proof/d/f", "/proof/dangling", "/proof/link/f", "/proof/locked/f", "/proof/no", "/proof/d/f/x", "/usr"]
    outcome = run_python(code, watch=tuple(paths))
    assert outcome.present == {"/proof/d/f", "/proof/dangling", "/proof/locked/f", "/usr"}


def test_watched_paths_are_looked_up_after_a_stop_too(run_python: RunPython) -> None:
    code = "open('/proof/x', 'w')\nwhile True: pass"
    for limits in (Limits(wall_seconds=1.0), Limits(cpu_seconds=0.3)):
        outcome = run_python(code, watch=("/proof/x", "/proof/y"), limits=limits)
        assert outcome.present == {"/proof/x"}, outcome


def test_the_report_comes_apart_from_the_output(run_python: RunPython) -> None:
    outcome = run_python("import os; print('out'); os.write(2, b'err'); os.write(3, b'report')", report=True)
    assert (outcome.stdout, outcome.stderr, outcome.report) == (b"out\n", b"err", b"report")


def test_without_being_asked_for_there_is_no_report_descriptor(run_python: RunPython) -> None:
    outcome = run_python("import os; os.write(3, b'report')")
    assert outcome.report == b""
    assert b"Bad file descriptor" in outcome.stderr


def test_a_long_report_is_cut_and_said_to_be(run_python: RunPython) -> None:
    outcome = run_python(
        "import os\nfor _ in range(64): os.write(3, b'x' * 4096)", report=True, limits=Limits(report_kib=8)
    )
    assert outcome.report == b"x" * 8192
    assert "cut" in outcome.detail


def test_standard_input_arrives_whole(run_python: RunPython) -> None:
    data = os.urandom(1 << 20)
    outcome = run_python("import sys, hashlib; print(hashlib.sha256(sys.stdin.buffer.read()).hexdigest())", stdin=data)
    assert outcome.stdout.decode().strip() == hashlib.sha256(data).hexdigest()


def test_files_binds_folders_and_masks_are_where_they_were_asked_for(run_python: RunPython, tmp_path: Path) -> None:
    target = tmp_path / "target"
    (target / "inner").mkdir(parents=True)
    (target / "inner" / "hidden").write_text("x")
    (target / "a").write_text("from the host")
    for path in (target, target / "inner"):
        path.chmod(0o755)
    for path in (target / "a", target / "inner" / "hidden"):
        path.chmod(0o644)
    code = """
    import os, stat
    print(open("/opt/target/a").read(), os.listdir("/opt/target/inner"))
    print(open("/proof/files/a").read(), open("/opt/tool").read(), oct(stat.S_IMODE(os.stat("/opt/tool").st_mode)))
    for path in ("/opt/target/b", "/proof/files/b", "/opt/tool", "/opt/target/inner/b"):
        try:
            open(path, "w"); print("written", path)
        except OSError as error:
            print("refused")
    open("/proof/own", "a").write("more"); print(open("/proof/own").read())
    open("/decoy/x", "w"); open("/proof/sub/dir/x", "w"); print(os.getcwd())
    """
    outcome = run_python(
        code,
        binds=(Bind(target, "/opt/target"), Bind(target, "/proof/files")),
        mask=("/opt/target/inner", "/opt/target/absent", "/usr/lib/absent"),
        files=(File("/opt/tool", b"tool", 0o555), File("/proof/own", b"mine and ", 0o644)),
        folders=("/decoy", "/proof/sub/dir"),
        cwd="/proof/sub",
        watch=("/decoy/x", "/proof/sub/dir/x"),
    )
    assert outcome.stdout.decode().splitlines() == [
        "from the host []",
        "from the host tool 0o555",
        *["refused"] * 4,
        "mine and more",
        "/proof/sub",
    ], outcome.stderr
    assert outcome.present == {"/decoy/x", "/proof/sub/dir/x"}
    assert sorted(p.name for p in target.iterdir()) == ["a", "inner"]


def test_a_program_that_is_not_there_says_nothing_about_the_command(sandbox: BubblewrapSandbox) -> None:
    outcome = sandbox.run(Command(("/nowhere/python",)))
    assert outcome.ending is Ending.NOT_STARTED
    assert "/nowhere/python" in outcome.detail


def test_a_bind_that_is_not_there_is_named(sandbox: BubblewrapSandbox, tmp_path: Path) -> None:
    outcome = sandbox.run(Command(("/usr/bin/env",), binds=(Bind(tmp_path / "absent", "/opt/target"),)))
    assert outcome.ending is Ending.NOT_STARTED
    assert "absent" in outcome.detail


def test_a_working_directory_that_is_not_there_is_named(run_python: RunPython) -> None:
    outcome = run_python("pass", cwd="/proof/none")
    assert outcome.ending is Ending.NOT_STARTED
    assert "/proof/none" in outcome.detail


def test_a_forged_report_on_every_descriptor_changes_nothing(run_python: RunPython) -> None:
    code = """
    import os
    for fd in range(1, 64):
        try: os.write(fd, b"end exited 0 0 0 0 0 0")
        except OSError: pass
    os._exit(3)
    """
    outcome = run_python(code, watch=("/proof/never",), report=True)
    assert (outcome.ending, outcome.code, outcome.present) == (Ending.EXITED, 3, frozenset())


@pytest.mark.parametrize(("linger", "present"), [(0.0, False), (20.0, True)])
def test_what_outlives_the_first_process_may_end_by_itself_if_that_was_asked(
    sandbox: BubblewrapSandbox, linger: float, *, present: bool
) -> None:
    """The first process is gone long before the other writes; a run that need not wait for it does not."""
    argv = ("/bin/sh", "-c", "(sleep 1; : > /proof/late) &")
    outcome = sandbox.run(Command(argv, env={"PATH": "/usr/bin"}, watch=("/proof/late",), linger_seconds=linger))
    assert (outcome.ending, outcome.code) == (Ending.EXITED, 0)
    assert ("/proof/late" in outcome.present) is present


def test_what_never_ends_is_killed_after_lingering(sandbox: BubblewrapSandbox) -> None:
    argv = ("/bin/sh", "-c", "sleep 600 &")
    outcome = sandbox.run(Command(argv, env={"PATH": "/usr/bin"}, linger_seconds=0.3))
    assert (outcome.ending, outcome.code) == (Ending.EXITED, 0)
