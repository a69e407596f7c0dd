"""What a run sees inside its walls, call by call; test_hostile.py has the programs that try to get out."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from clearinghouse.prover.sandbox.interface import Bind, Command, Ending

if TYPE_CHECKING:
    from clearinghouse.prover.sandbox.bubblewrap import BubblewrapSandbox
    from tests.prover.sandbox.conftest import RunPython

pytestmark = pytest.mark.sandbox

ATTEMPT = """
import os, sys
def attempt(what, *args):
    try:
        print('done', what(*args))
    except OSError as error:
        print('refused', error.errno)
"""


def test_files_of_the_host_are_not_there(run_python: RunPython, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    canary.write_text("secret-of-the-host")
    project = Path(__file__).resolve().parents[3]
    paths = [
        str(canary),
        str(project),
        str(Path.home()),
        "/root",
        "/home",
        "/etc/shadow",
        "/var",
        "/sys",
        "/usr/local/bin",
    ]
    outcome = run_python(
        f"""
        import os
        for path in {paths!r}:
            print(path, os.path.exists(path))
        print(sorted(os.listdir("/")), os.listdir("/usr/local") if os.path.isdir("/usr/local") else [])
        """
    )
    *lines, listing = outcome.stdout.decode().splitlines()
    assert len(lines) == len(paths), outcome
    assert all(line.endswith("False") for line in lines)
    assert "root" not in listing
    assert listing.endswith("[]")


def test_a_private_loopback_works_by_name(run_python: RunPython) -> None:
    outcome = run_python(
        """
        import socket
        with socket.create_server(("localhost", 0)) as server:
            with socket.create_connection(("localhost", server.getsockname()[1])) as client:
                peer, _ = server.accept()
                client.sendall(b"hello")
                print(peer.recv(5))
        """
    )
    assert outcome.stdout == b"b'hello'\n", outcome.stderr


CALLS = {
    "mount": "libc.mount(b'none', b'/tmp', b'tmpfs', 0, None)",
    "umount": "libc.umount2(b'/tmp', 2)",
    "unshare a user namespace": "libc.unshare(0x10000000)",
    "unshare a mount namespace": "libc.unshare(0x00020000)",
    "setns": "libc.setns(os.open('/proc/self/ns/net', os.O_RDONLY), 0)",
    "chroot": "libc.chroot(b'/tmp')",
    "trace pid 1": "libc.ptrace(16, 1, 0, 0)",
    "be traced": "libc.ptrace(0, 0, 0, 0)",
    "personality": "libc.personality(0x0400000)",
    "bpf": "libc.syscall(321 if x86 else 280, 0, 0, 0)",
    "keyctl": "libc.syscall(250 if x86 else 219, 0, -3, 0)",
    "add_key": "libc.syscall(248 if x86 else 217, b'user', b'a', b'b', 1, -3)",
    "io_uring": "libc.syscall(425, 1, ctypes.create_string_buffer(256))",
    "userfaultfd": "libc.syscall(323 if x86 else 282, 0)",
    "perf": "libc.syscall(298 if x86 else 241, ctypes.create_string_buffer(128), 0, -1, -1, 0)",
    "read pid 1's memory": "libc.syscall(310 if x86 else 270, 1, 0, 0, 0, 0, 0)",
    "open_tree": "libc.syscall(428, -100, b'/usr', 1)",
    "fsopen": "libc.syscall(430, b'tmpfs', 0)",
    "clone a user namespace": "libc.syscall(56 if x86 else 220, 0x10000000 | 17, 0, 0, 0, 0)",
    "sethostname": "libc.sethostname(b'x', 1)",
    "type into a terminal": "libc.ioctl(0, 0x5412, b'x')",
}


@pytest.mark.parametrize("what", CALLS)
def test_system_calls_that_build_or_pry_are_refused(run_python: RunPython, what: str) -> None:
    outcome = run_python(
        f"""
        import ctypes, os
        x86 = os.uname().machine == "x86_64"
        libc = ctypes.CDLL(None, use_errno=True)
        result = {CALLS[what]}
        print(result, ctypes.get_errno())
        """
    )
    assert outcome.stdout == b"-1 1\n", outcome


def test_clone3_and_calls_from_the_future_do_not_exist(run_python: RunPython) -> None:
    outcome = run_python(
        """
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        for number in (435, 470, 600):
            print(libc.syscall(number, 0, 0), ctypes.get_errno())
        """
    )
    assert outcome.stdout == b"-1 38\n" * 3


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="x86_64 has two further call tables")
def test_the_x32_call_table_ends_the_program(run_python: RunPython) -> None:
    outcome = run_python("import ctypes; ctypes.CDLL(None).syscall(0x40000000 | 39)")
    assert (outcome.ending, outcome.code) == (Ending.SIGNALLED, 31)


def test_the_init_cannot_be_killed_or_looked_into(run_python: RunPython) -> None:
    outcome = run_python(
        ATTEMPT
        + """
import signal
for number in range(1, 65):
    if number not in (32, 33):
        try:
            os.kill(1, number)
        except OSError:
            pass
for path in ("/proc/1/fd", "/proc/1/fdinfo"):
    attempt(os.listdir, path)
for path in ("/proc/1/mem", "/proc/1/environ", "/proc/1/maps", "/proc/1/fd/4"):
    attempt(os.open, path, os.O_RDONLY)
sys.exit(7)
"""
    )
    assert outcome.stdout.decode().split("\n") == ["refused 13"] * 6 + [""], outcome
    assert (outcome.ending, outcome.code) == (Ending.EXITED, 7)


def test_nothing_of_the_supervisor_is_inherited(run_python: RunPython) -> None:
    code = """
    import os
    print(sorted(os.listdir("/proc/self/fd")), dict(os.environ), [p for p in os.listdir("/proc") if p.isdigit()])
    """
    outcome = run_python(code, env={"ONLY": "this", "LC_ALL": "C.UTF-8"})
    text = outcome.stdout.decode()
    assert text.startswith("['0', '1', '2', '3'] {"), text  # 3 is the listing itself
    assert "'ONLY': 'this', 'LC_ALL': 'C.UTF-8'}" in text
    assert text.endswith("['1', '2']\n")


def test_the_environment_is_exactly_what_was_given(sandbox: BubblewrapSandbox) -> None:
    outcome = sandbox.run(Command(("/usr/bin/env", "-0"), env={"A": "b c", "Ü": "ö\n="}))
    assert outcome.stdout == "A=b c\0Ü=ö\n=\0".encode()


def test_the_command_is_an_ordinary_user_without_capabilities(run_python: RunPython) -> None:
    outcome = run_python(
        """
        import os
        status = dict(line.split(":\\t", 1) for line in open("/proc/self/status") if ":\\t" in line)
        print(os.getuid(), os.getgid(), os.getgroups())
        print(*[status[name].strip() for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp")])
        print(os.uname().nodename)
        """
    )
    ids, caps, name = outcome.stdout.decode().splitlines()
    assert ids.startswith("1000 1000 ")
    assert caps.split() == [*["0" * 16] * 4, "1", "2"]
    assert name == "sandbox"


def test_a_file_that_only_root_may_read_stays_closed(run_python: RunPython, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root has files that its runs must not read")
    folder = tmp_path / "shown"
    folder.mkdir()
    folder.chmod(0o755)
    (folder / "secret").write_text("x")
    (folder / "secret").chmod(0o600)
    code = ATTEMPT + "attempt(os.open, '/shown/secret', os.O_RDONLY)"
    assert run_python(code, binds=(Bind(folder, "/shown"),)).stdout == b"refused 13\n"


def test_a_given_socket_sees_the_user_that_the_outcome_names(run_python: RunPython, tmp_path: Path) -> None:
    seen: list[int] = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        listener.settimeout(20)

        def accept() -> None:
            peer, _ = listener.accept()
            with peer:
                raw = peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
                seen.append(int.from_bytes(raw[4:8], "little"))
                peer.sendall(b"token")

        thread = threading.Thread(target=accept)
        thread.start()
        outcome = run_python(
            "import socket; s = socket.socket(socket.AF_UNIX); s.connect('/canary'); print(s.recv(9))",
            sockets=(Bind(tmp_path / "s", "/canary"),),
        )
        thread.join()
    assert outcome.stdout == b"b'token'\n", outcome.stderr
    assert seen == [outcome.uid]
    assert outcome.uid != 0
