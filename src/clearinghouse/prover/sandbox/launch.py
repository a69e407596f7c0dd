"""Starts bubblewrap for the supervisor: one small, single-threaded process that forks for every run, ahead of need.

Runs as a program under `sys.executable -I -S`, standard library only. The supervisor has threads and a large heap:
forking it to change credentials is neither safe nor cheap, and a fresh Python for every run would double the cost of
a run. It ends when its socket (descriptor 0, packets) closes, which is when the supervisor ends, however it ends; it
then ends the runs and removes their cgroups and the supervisor's folder (its first argument).

A packet there is a marshalled dictionary and one descriptor, the run's line to the supervisor. As root, what every run
sees is shown once (and again for each new `generation`), in a mount namespace apart, on a stage that any user can
traverse, since the originals may lie in a 0700 home. The fork joins the run's cgroups (the kernel may take 10 ms for
that, hence ahead of need) and, as root, enters a copy of that namespace. Then it stands by. A packet on the line with
the descriptors named in `PASSED`, of which `spec` holds a marshalled dictionary, sends it on: it stages what this run
alone sees, drops to the run's user id, and becomes bubblewrap.
"""

# Plain paths: every one here is for one system call, and pathlib would be imported for nothing else.
# ruff: noqa: PTH101, PTH102, PTH103, PTH106, PTH108, PTH112, PTH116, PTH118, PTH120, PTH123, PTH208
from __future__ import annotations

import contextlib
import ctypes
import marshal
import os
import select
import signal
import socket
import stat
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

PASSED = ("stdin", "stdout", "stderr", "report", "orders", "spec")
AT = {"stdin": 0, "stdout": 1, "stderr": 2, "report": 3, "line": 4, "orders": 5}  # for the run and its init
FIRST_FREE = 6
OWN = "run"  # on the stage, the folder of what one run alone sees
LARGEST_PACKET = 1 << 16
FORGET_AT = 1000
TIDY_SECONDS = 5.0
CLONE_NEWNS = 0x00020000
MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_SLAVE = 0x2, 0x4, 0x1000, 0x4000, 0x80000
PR_SET_PDEATHSIG = 1
PR_SET_NO_NEW_PRIVS = 38

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


def open_stage(place: str) -> None:
    """Leave the host's mount namespace (its later mounts still reach us, ours never reach it) and cover `place`."""
    check(libc.unshare(CLONE_NEWNS), "unshare")
    mount("none", "/", None, MS_REC | MS_SLAVE)
    mount("stage", place, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=1m")


def show(place: str, binds: Sequence[tuple[str, str]]) -> None:
    """Show each (host path, name) at `place/name`, whatever the permissions of the folders above the host path."""
    for source, name in binds:
        target = f"{place}/{name}"
        if stat.S_ISDIR(os.stat(source).st_mode):
            os.makedirs(target, 0o755, exist_ok=True)
        else:
            os.makedirs(os.path.dirname(target), 0o755, exist_ok=True)
            os.close(os.open(target, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o444))
        mount(source, target, None, MS_BIND | MS_REC)


def drop_to(uid: int) -> None:
    """Give up root for good."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def die_with(parent: int) -> None:
    """Have the kernel kill this process when the launcher dies. A change of user clears it: ask again then."""
    check(libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0), "prctl")
    if os.getppid() != parent:
        os._exit(1)


def content(data: bytes) -> str:
    """The number of a fresh inheritable descriptor that reads `data` from its start."""
    descriptor = os.memfd_create("clearinghouse", 0)
    with os.fdopen(os.dup(descriptor), "wb") as file:
        file.write(data)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return str(descriptor)


def set_stage(base: dict[str, Any]) -> int:
    """A descriptor of a mount namespace in which every run's things are shown on the stage; OSError when it cannot be.

    A fork enters it and ends: the launcher itself must go on seeing the control groups, which the stage may cover.
    """
    told, tell = os.pipe2(os.O_CLOEXEC)
    wait, go = os.pipe2(os.O_CLOEXEC)
    child = os.fork()
    if child == 0:
        words = b"."
        try:
            open_stage(base["stage"])
            show(base["stage"], base["binds"])
            os.mkdir(f"{base['stage']}/{OWN}", 0o755)
        except OSError as error:
            words = str(error).encode()
        os.write(tell, words)
        os.close(go)
        os.read(wait, 1)
        os._exit(0)
    os.close(tell)
    os.close(wait)
    words = os.read(told, 4096)
    try:
        if words != b".":
            raise OSError(words.decode("utf-8", "replace") or "the stage was not set")
        return os.open(f"/proc/{child}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.close(told)
        os.close(go)


def stand_by(base: dict[str, Any], stage: int) -> None:
    """Do ahead of time what takes long and is the same for every run."""
    for path in base["cgroups"]:
        with open(path, "wb", buffering=0) as file:
            file.write(b"0")
    if base["stage"]:
        check(libc.setns(stage, CLONE_NEWNS), "setns")
        check(libc.unshare(CLONE_NEWNS), "unshare")
        # What this run alone sees: the stage itself is one file system, shared with the other runs'.
        mount("run", f"{base['stage']}/{OWN}", "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=1m")


def become(base: dict[str, Any], spec: dict[str, Any], parent: int) -> None:
    """Turn this fork into bubblewrap. Raises OSError at the first thing that cannot be had."""
    if base["stage"]:
        for path in spec["sockets"]:
            os.chmod(path, 0o666)  # nosec B103 # noqa: S103 - the run's user must connect; the folder around it stays closed
        show(base["stage"], spec["binds"])
        drop_to(spec["uid"])
    die_with(parent)
    check(libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")
    # {"data": bytes} stands for a descriptor that holds them.
    argv = [content(part["data"]) if isinstance(part, dict) else part for part in spec["argv"]]
    for number in (signal.SIGCHLD, signal.SIGPIPE, signal.SIGXFSZ, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    os.execve(argv[0], argv, {})  # nosec B606 # noqa: S606 - there is no shell, as it should be


def receive(line: socket.socket) -> dict[str, Any]:
    """Wait for the run, put its descriptors in their places and return its specification."""
    message, descriptors, _, _ = socket.recv_fds(line, 1, len(PASSED))
    if not message:
        os._exit(0)  # the supervisor is gone, or has no use for us
    named = dict(zip(PASSED, descriptors, strict=True))
    with os.fdopen(named.pop("spec"), "rb") as file:
        file.seek(0)
        spec: dict[str, Any] = marshal.load(file)  # nosec B302 # noqa: S302 - the supervisor wrote it
    named["line"] = line.fileno()
    high = {name: os.dup2(fd, 200 + AT[name], inheritable=False) for name, fd in named.items()}
    for name, descriptor in high.items():
        os.dup2(descriptor, AT[name], inheritable=True)
    os.closerange(FIRST_FREE, 1024)
    return spec


def run(base: dict[str, Any], descriptor: int, parent: int, stage: int, trouble: str) -> None:
    """The life of one fork; what fails, or has failed before it, is told on the line."""
    line = socket.socket(fileno=descriptor)
    try:
        os.setsid()
        die_with(parent)
        socket.send_fds(line, [b"p"], [os.pidfd_open(os.getpid())])
        if trouble:
            raise OSError(trouble)  # noqa: TRY301
        stand_by(base, stage)
        spec = receive(line)
        line.detach()
        line = socket.socket(fileno=os.dup(AT["line"]))
        become(base, spec, parent)
    except BaseException as error:  # noqa: BLE001 - nothing may escape into the parent's loop
        line.send(f"fail cannot start the sandbox: {error}".encode())
    finally:
        os._exit(1)


def serve(requests: socket.socket) -> list[str]:
    """Fork once for each request until the supervisor is gone; returns the cgroups that may be left."""
    parent, me = os.getppid(), os.getpid()
    groups: list[str] = []
    stage, shown, trouble = -1, -1, ""
    while True:
        # The timeout covers a supervisor whose end of the socket was inherited by a child that outlives it.
        if not select.select([requests], [], [], 2.0)[0]:
            if os.getppid() != parent:
                return groups
            continue
        message, descriptors, _, _ = socket.recv_fds(requests, LARGEST_PACKET, 1)
        if not message:
            return groups
        base = marshal.loads(message)  # nosec B302 # noqa: S302 - the supervisor wrote it
        if base["stage"] and (stage < 0 or shown != base["generation"]):
            if stage >= 0:
                os.close(stage)
            stage, shown, trouble = -1, base["generation"], ""
            try:
                stage = set_stage(base)
            except OSError as error:
                trouble = str(error)
        if os.fork() == 0:
            requests.close()
            run(base, descriptors[0], me, stage, trouble)
        os.close(descriptors[0])
        if len(groups) > FORGET_AT:
            groups = [group for group in groups if os.path.isdir(group)]
        groups += [os.path.dirname(door) for door in base["cgroups"]]


def tidy(groups: list[str], folder: str) -> None:
    """What a supervisor that was killed could not do itself. What cannot be removed waits for the next supervisor."""
    end = time.monotonic() + TIDY_SECONDS
    while groups and time.monotonic() < end:
        groups = [group for group in groups if not end_group(group)]
        time.sleep(0.01 if groups else 0)
    if folder and not groups:
        for name in os.listdir(folder):
            os.unlink(os.path.join(folder, name))
        os.rmdir(folder)


def end_group(group: str) -> bool:
    """Kill the members of a cgroup and remove it; False while it is not gone."""
    try:
        with open(f"{group}/cgroup.procs", encoding="ascii") as file:
            for line in file:
                os.kill(int(line), signal.SIGKILL)
        os.rmdir(group)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


def main() -> None:
    """Serve the socket at descriptor 0."""
    signal.pthread_sigmask(signal.SIG_SETMASK, [])
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the dead are not waited for
    os.umask(0o022)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the supervisor, which then closes the socket
    groups = serve(socket.socket(fileno=0))
    with contextlib.suppress(OSError):
        tidy(groups, sys.argv[1])


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    main()
