"""What bubblewrap is told for one run: every namespace, an empty root, and in it only what the command was given.

Pure: the same command on the same kind of host gives the same list. The order matters: mounts cover what stands
before them, and the root is made read-only when all is in place. An element `{"data": bytes}` stands for a descriptor
that reads them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from clearinghouse.prover.sandbox.interface import HOME

if TYPE_CHECKING:
    from collections.abc import Callable

    from clearinghouse.prover.sandbox.inits import Init
    from clearinghouse.prover.sandbox.interface import Command, File

    Argument = str | dict[str, bytes]

USER: Final = "1000"  # the run's user and group as the run sees them
SHARED_MEMORY_MIB: Final = 16
WRITABLE: Final = (HOME, "/tmp", "/dev/shm")  # noqa: S108 - paths inside, fresh in every run

_ETC: Final = {
    "hosts": b"127.0.0.1 localhost sandbox\n::1 localhost\n",
    "passwd": b"root:x:0:0:root:/nonexistent:/usr/sbin/nologin\n"
    + f"run:x:1000:1000:run:{HOME}:/usr/sbin/nologin\n".encode(),
    "group": b"root:x:0:\nrun:x:1000:\n",
    "nsswitch.conf": b"passwd: files\ngroup: files\nhosts: files\n",
}


@dataclass(frozen=True, slots=True)
class Host:
    """What of this machine every run sees, found once: links and folders of the root, files of /etc, and the init."""

    links: tuple[tuple[str, str], ...]  # (target, path inside)
    folders: tuple[str, ...]  # shown read-only under their own path
    etc: tuple[str, ...]
    hides_local: bool
    init: Init
    seccomp: bytes
    disables_userns: bool

    @property
    def paths(self) -> tuple[str, ...]:
        """Every host path that every run sees."""
        return (*self.folders, *self.etc, *(source for source, _ in self.init.binds))


def arguments(command: Command, host: Host, shown: Callable[[str], str]) -> list[Argument]:
    """The list after the program's name. `shown` gives the path under which bubblewrap can reach a host path."""
    size = str(command.limits.scratch_mib << 20)
    out = _walls(host)
    for folder in host.folders:
        out += ["--ro-bind", shown(folder), folder]
    if host.hides_local:
        out += _mask("/usr/local")
    for target, link in host.links:
        out += ["--symlink", target, link]
    for name, content in _ETC.items():
        out += _file(f"/etc/{name}", content, 0o444)
    for path in host.etc:
        out += ["--ro-bind", shown(path), path]
    for source, inside in host.init.binds:
        out += ["--ro-bind", shown(source), inside]
    for folder in host.init.masks:
        out += _mask(folder)
    out += ["--proc", "/proc", "--dev", "/dev"]
    out += ["--size", str(SHARED_MEMORY_MIB << 20), "--perms", "1777", "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]  # noqa: S108
    for folder, mode in (("/tmp", "1777"), (HOME, "0755")):  # noqa: S108
        out += ["--size", size, "--perms", mode, "--tmpfs", folder]
    out += _given(command, size, shown)
    out += ["--remount-ro", "/", "--chdir", "/"]
    if host.init.library_path:
        out += ["--setenv", "LD_LIBRARY_PATH", host.init.library_path]
    return [*out, "--", *host.init.argv]


def _walls(host: Host) -> list[Argument]:
    out: list[Argument] = ["--unshare-all", "--unshare-user", "--uid", USER, "--gid", USER, "--hostname", "sandbox"]
    if host.disables_userns:
        out.append("--disable-userns")
    out += ["--as-pid-1", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv"]
    return [*out, "--seccomp", {"data": host.seccomp}]


def _given(command: Command, size: str, shown: Callable[[str], str]) -> list[Argument]:
    """What the command asks for: binds, folders, files, sockets, masks."""
    out: list[Argument] = []
    # Shallow before deep: a bind must not cover one that lies inside it.
    for bind in sorted(command.binds, key=lambda bind: len(PurePosixPath(bind.inside).parts)):
        out += ["--ro-bind", shown(str(bind.source)), bind.inside]
    for folder in command.folders:
        out += ["--dir", folder] if _scratch(folder) else ["--size", size, "--perms", "0755", "--tmpfs", folder]
    for file in command.files:
        out += _given_file(file)
    for socket in command.sockets:
        out += ["--bind", shown(str(socket.source)), socket.inside]
    for folder in command.mask:
        out += _mask(folder)
    return out


def _given_file(file: File) -> list[Argument]:
    return _file(file.inside, file.content, file.mode)


def _file(path: str, content: bytes, mode: int) -> list[Argument]:
    return ["--perms", f"{mode:04o}", "--file", {"data": content}, path]


def _mask(folder: str) -> list[Argument]:
    return ["--size", "4096", "--perms", "0555", "--tmpfs", folder, "--remount-ro", folder]


def _scratch(path: str) -> bool:
    return any(PurePosixPath(path).is_relative_to(root) for root in WRITABLE)
