"""Which system calls a run may make: a BPF filter for `bwrap --seccomp`, assembled here for x86_64 and aarch64.

Everything is allowed but a list: what reaches the kernel outside the namespaces (vsock, netlink, keyrings, bpf,
io_uring, perf), what builds new namespaces or mounts, what looks into other processes, what slows or limits the init.
The numbers are those of the kernel's unistd headers.
"""

from __future__ import annotations

import errno
import platform
import struct
from dataclasses import dataclass
from typing import Final

_ALLOW: Final = 0x7FFF0000
_KILL_PROCESS: Final = 0x80000000
_ERRNO: Final = 0x00050000
_LOAD: Final = 0x20  # BPF_LD | BPF_W | BPF_ABS
_EQUAL: Final = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_AT_LEAST: Final = 0x35  # BPF_JMP | BPF_JGE | BPF_K
_ANY_BIT: Final = 0x45  # BPF_JMP | BPF_JSET | BPF_K
_RETURN: Final = 0x06  # BPF_RET | BPF_K
_OFFSET_NUMBER: Final = 0
_OFFSET_ARCH: Final = 4
_OFFSET_ARG0: Final = 16  # low half of the first argument (both machines are little endian)
_OFFSET_ARG1: Final = 24
_X32_BIT: Final = 0x40000000

# Newer than any call known when this was written: the C library falls back when told that it does not exist.
_FIRST_UNKNOWN: Final = 470

# name: (x86_64, aarch64); None where the machine has no such call.
_REFUSED: Final[dict[str, tuple[int | None, int | None]]] = {
    "bpf": (321, 280),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "userfaultfd": (323, 282),
    "perf_event_open": (298, 241),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "open_tree_attr": (467, 467),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "create_module": (174, None),
    "query_module": (178, None),
    "get_kernel_syms": (177, None),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "reboot": (169, 142),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "acct": (163, 89),
    "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    "syslog": (103, 116),
    "iopl": (172, None),
    "ioperm": (173, None),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "vhangup": (153, 58),
    "lookup_dcookie": (212, 18),
    "nfsservctl": (180, 42),
    "modify_ldt": (154, None),
    "uselib": (134, None),
    "ustat": (136, None),
    "sysfs": (139, None),
    "_sysctl": (156, None),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "memfd_secret": (447, 447),
}

# Calls that change how the process in their first argument is run. The init has the same user as the command, so the
# kernel would allow them on pid 1: its limits and its share of the CPU are what stops a run.
_NOT_ON_INIT: Final[dict[str, tuple[int, int]]] = {
    "prlimit64": (302, 261),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "sched_setaffinity": (203, 122),
    "sched_setattr": (314, 274),
}
_INIT: Final = 1
_ONE_PROCESS: Final = 0  # PRIO_PROCESS; the others lower a whole user, and the init with it

# CLONE_NEW{NS,CGROUP,UTS,IPC,USER,PID,NET}
_NEW_NAMESPACES: Final = 0x00020000 | 0x02000000 | 0x04000000 | 0x08000000 | 0x10000000 | 0x20000000 | 0x40000000
_SOCKET_FAMILIES: Final = (1, 2, 10)  # AF_UNIX, AF_INET, AF_INET6: local to the run's own network namespace
_TERMINAL_IOCTLS: Final = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX: type into the terminal of others
_PERSONALITIES: Final = (0, 0x0040000, 0xFFFFFFFF)  # plain, ADDR_NO_RANDOMIZE (sanitizers ask for it), "tell me"


@dataclass(frozen=True, slots=True)
class Machine:
    """One processor's view: its audit number, its column of the table, and the calls whose arguments decide."""

    audit: int
    column: int
    clone: int
    clone3: int
    socket: int
    ioctl: int
    personality: int
    setpriority: int


MACHINES: Final = {
    "x86_64": Machine(
        audit=0xC000003E, column=0, clone=56, clone3=435, socket=41, ioctl=16, personality=135, setpriority=141
    ),
    "aarch64": Machine(
        audit=0xC00000B7, column=1, clone=220, clone3=435, socket=198, ioctl=29, personality=92, setpriority=140
    ),
}


def supported(machine: str | None = None) -> bool:
    """Whether a filter exists for this processor (a name as `uname -m` gives it)."""
    return (machine or platform.machine()) in MACHINES


def refused_calls(machine: str | None = None) -> dict[str, int]:
    """The numbers of the calls that are refused whatever their arguments, by name."""
    column = MACHINES[machine or platform.machine()].column
    return {name: number for name, pair in _REFUSED.items() if (number := pair[column]) is not None}


def program(machine: str | None = None) -> bytes:
    """The filter as an array of `struct sock_filter`, 8 bytes each. KeyError on a processor without a table."""
    view = MACHINES[machine or platform.machine()]
    code = [
        _load(_OFFSET_ARCH),
        _jump(_EQUAL, view.audit, 1, 0),  # foreign architectures speak other numbers: no filter of ours holds there
        _give(_KILL_PROCESS),
        _load(_OFFSET_NUMBER),
    ]
    if view.column == 0:
        code += [_jump(_AT_LEAST, _X32_BIT, 0, 1), _give(_KILL_PROCESS)]
    code += [_jump(_AT_LEAST, _FIRST_UNKNOWN, 0, 1), _give(_ERRNO | errno.ENOSYS)]
    # clone3 hides its flags in memory that a filter cannot read; libraries fall back to clone.
    code += [_jump(_EQUAL, view.clone3, 0, 1), _give(_ERRNO | errno.ENOSYS)]
    for number in sorted(refused_calls(machine).values()):
        code += [_jump(_EQUAL, number, 0, 1), _give(_ERRNO | errno.EPERM)]
    code += _when(
        view.clone, [_load(_OFFSET_ARG0), _jump(_ANY_BIT, _NEW_NAMESPACES, 0, 1), _give(_ERRNO | errno.EPERM)]
    )
    code += _when(view.socket, _only(_OFFSET_ARG0, _SOCKET_FAMILIES, errno.EAFNOSUPPORT))
    code += _when(view.personality, _only(_OFFSET_ARG0, _PERSONALITIES, errno.EPERM))
    code += _when(view.ioctl, _never(_OFFSET_ARG1, _TERMINAL_IOCTLS))
    for pair in _NOT_ON_INIT.values():
        code += _when(pair[view.column], _never(_OFFSET_ARG0, (_INIT,)))
    code += _when(
        view.setpriority,
        [
            *[_load(_OFFSET_ARG0), _jump(_EQUAL, _ONE_PROCESS, 1, 0), _give(_ERRNO | errno.EPERM)],
            *_never(_OFFSET_ARG1, (_INIT,)),
        ],
    )
    code.append(_give(_ALLOW))
    return b"".join(code)


def _load(offset: int) -> bytes:
    return struct.pack("<HBBI", _LOAD, 0, 0, offset)


def _jump(kind: int, value: int, if_true: int, if_false: int) -> bytes:
    return struct.pack("<HBBI", kind, if_true, if_false, value)


def _give(action: int) -> bytes:
    return struct.pack("<HBBI", _RETURN, 0, 0, action)


def _when(number: int, body: list[bytes]) -> list[bytes]:
    """`body`, then allow, for one system call; the number is loaded before and still loaded for the others."""
    return [_jump(_EQUAL, number, 0, len(body) + 1), *body, _give(_ALLOW)]


def _only(offset: int, values: tuple[int, ...], error: int) -> list[bytes]:
    """Refuse with `error` unless the argument is one of `values`."""
    tests = [_jump(_EQUAL, value, len(values) - i, 0) for i, value in enumerate(values)]
    return [_load(offset), *tests, _give(_ERRNO | error)]


def _never(offset: int, values: tuple[int, ...]) -> list[bytes]:
    """Refuse with EPERM when the argument is one of `values`."""
    code = [_load(offset)]
    for value in values:
        code += [_jump(_EQUAL, value, 0, 1), _give(_ERRNO | errno.EPERM)]
    return code
