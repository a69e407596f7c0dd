"""Starts bubblewrap for the supervisor: one small, single-threaded process that forks for every run.

Runs as a program under `sys.executable -I -S`, standard library only. The supervisor has threads and a large heap:
forking it to change credentials is neither safe nor cheap, and a fresh Python for every run would double the cost of
a run. It reads requests from descriptor 0 (a Unix socket of packets): a one-byte message with the descriptors named
in `PASSED`, of which `spec` holds a marshalled dictionary. It ends when that socket closes, which is when the
supervisor ends, however it ends.

Each fork joins the run's cgroups; as root it also enters a mount namespace of its own, shows every bind on a stage
that any user can traverse (the originals may lie in a 0700 home), and drops to the run's user id; then it becomes
bubblewrap.
"""

# Plain paths: every one here is for one system call, and pathlib would be imported for nothing else.
# ruff: noqa: PTH101, PTH103, PTH120, PTH123
from __future__ import annotations

import ctypes
import marshal
import os
import select
import signal
import socket
import stat
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

PASSED = ("stdin", "stdout", "stderr", "report", "line", "orders", "spec")
CLONE_NEWNS = 0x00020000
MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_SLAVE = 0x2, 0x4, 0x1000, 0x4000, 0x80000
PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38
FIRST_FREE = 6  # below lie the descriptors of the run itself

libc = ctypes.CDLL(None, use_errno=True)


def check(result: int, what: str) -> None:
    """Raise the C library's error."""
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    """The mount system call."""
    encoded = (os.fsencode(source), os.fsencode(target), kind and kind.encode(), flags, data and data.encode())
    check(libc.mount(encoded[0], encoded[1], encoded[2], ctypes.c_ulong(encoded[3]), encoded[4]), f"mount {target}")


def private_mounts() -> None:
    """Leave the host's mount namespace; its later mounts still reach us, ours never reach it."""
    check(libc.unshare(CLONE_NEWNS), "unshare")
    mount("none", "/", None, MS_REC | MS_SLAVE)


def build_stage(place: str, binds: Sequence[tuple[str, str]]) -> None:
    """Show each (host path, name) at `place/name`, whatever the permissions of the folders above the host path."""
    sources = [os.open(source, os.O_PATH | os.O_CLOEXEC) for source, _ in binds]
    mount("stage", place, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=1m")
    for descriptor, (_, name) in zip(sources, binds, strict=True):
        target = f"{place}/{name}"
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            os.makedirs(target, 0o755, exist_ok=True)
        else:
            os.makedirs(os.path.dirname(target), 0o755, exist_ok=True)
            os.close(os.open(target, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o444))
        mount(f"/proc/self/fd/{descriptor}", target, None, MS_BIND | MS_REC)
        os.close(descriptor)


def drop_to(uid: int) -> None:
    """Give up root for good."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def arrange(descriptors: dict[str, int]) -> None:
    """Put the run's descriptors at their fixed numbers, 0 to 5."""
    high = {name: os.dup2(fd, 200 + i, inheritable=False) for i, (name, fd) in enumerate(descriptors.items())}
    for number, name in enumerate(("stdin", "stdout", "stderr", "report", "line", "orders")):
        os.dup2(high[name], number, inheritable=True)


def content(data: bytes) -> int:
    """A fresh inheritable descriptor that reads `data` from its start."""
    descriptor = os.memfd_create("clearinghouse", 0)
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(data)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


def become(spec: dict[str, Any], parent: int) -> None:
    """Turn this fork into bubblewrap. Raises OSError at the first thing that cannot be had."""
    line = 4
    for path in spec["cgroups"]:
        with open(path, "wb", buffering=0) as file:
            file.write(b"0")
    if spec["stage"]:
        private_mounts()
        for path in spec["sockets"]:
            os.chmod(path, 0o666)  # noqa: S103 - the run's user must be able to connect; the folder around it stays closed
        build_stage(spec["stage"], spec["binds"])
        drop_to(spec["uid"])
    os.umask(0o022)
    # After the change of user, which clears it.
    check(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "prctl")
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")
    if os.getppid() != parent:
        os._exit(1)
    with socket.socket(fileno=os.dup(line)) as talk:
        socket.send_fds(talk, [b"p"], [os.pidfd_open(os.getpid())])
    # {"data": bytes} stands for a descriptor that holds them.
    argv = [str(content(part["data"])) if isinstance(part, dict) else part for part in spec["argv"]]
    for number in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    os.execve(argv[0], argv, {})  # noqa: S606 - there is no shell, as it should be


def run(descriptors: list[int], parent: int) -> None:
    """The life of one fork; a failure is told on the run's standard error, where bubblewrap tells its own."""
    try:
        os.setsid()
        named = dict(zip(PASSED, descriptors, strict=True))
        with os.fdopen(named.pop("spec"), "rb") as file:
            file.seek(0)
            spec = marshal.load(file)  # noqa: S302 - the supervisor wrote it
        arrange(named)
        os.closerange(FIRST_FREE, 1024)
        become(spec, parent)
    except BaseException as error:  # noqa: BLE001 - nothing may escape into the parent's loop
        os.write(2, f"cannot start the sandbox: {error}\n".encode())
    finally:
        os._exit(1)


def serve(requests: socket.socket) -> None:
    """Fork once for each request until the supervisor is gone."""
    parent, me = os.getppid(), os.getpid()
    while True:
        # The timeout covers a supervisor whose end of the socket was inherited by a child that outlives it.
        if not select.select([requests], [], [], 2.0)[0]:
            if os.getppid() != parent:
                return
            continue
        message, descriptors, _, _ = socket.recv_fds(requests, 1, len(PASSED))
        if not message:
            return
        if os.fork() == 0:
            run(descriptors, me)
        for descriptor in descriptors:
            os.close(descriptor)


def main() -> None:
    """Serve the socket at descriptor 0."""
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead are not waited for
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the supervisor, which then closes the socket
    requests = socket.socket(fileno=0)
    serve(requests)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    main()
