"""Hostile programs that take all they can get, keep it, or stay: processes, memory, disk, files, output, CPU, time."""

from __future__ import annotations

from typing import Final

from clearinghouse.prover.sandbox.hostile.attack import Attack
from clearinghouse.prover.sandbox.interface import Ending, Limits

_FILL = r"""
def fill(folder):
    total = 0
    for number in range(4096):
        try:
            with open(f"{folder}/{number}", "wb", buffering=0) as file:
                total += file.write(b"x" * (1 << 20))
        except OSError:
            break
    return total
"""

FORKS: Final = Attack(
    "fork without end",
    r"""
made = 0
while made < 4096:
    try:
        if os.fork() == 0:
            time.sleep(600)
            os._exit(0)
    except OSError:
        break
    made += 1
tried += 1
if made > facts["pids"]:
    could(f"make {made} processes")
""",
    limits=Limits(pids=32, wall_seconds=30.0),
)

THREADS: Final = Attack(
    "start threads without end",
    r"""
import _thread
made = 0
while made < 4096:
    try:
        _thread.start_new_thread(time.sleep, (600,))
    except RuntimeError:
        break
    made += 1
tried += 1
if made > facts["pids"]:
    could(f"make {made} threads")
sys.stdout.write(f"tried {tried}\n"); sys.stdout.flush(); os._exit(0)
""",
    limits=Limits(pids=32, wall_seconds=30.0),
    quick=False,
)

MEMORY: Final = Attack(
    "take memory without end",
    r"""
blocks = []
while len(blocks) < 4096:
    blocks.append(bytes(1 << 20).replace(b"\0", b"x"))
could("take 4 GiB of memory")
""",
    ending=Ending.MEMORY_LIMIT,
    limits=Limits(memory_mib=64, wall_seconds=30.0),
)

MEMORY_OF_MANY: Final = Attack(
    "take memory by many processes, each with little",
    r"""
for number in range(24):
    if os.fork() == 0:
        block = bytes(16 << 20).replace(b"\0", b"x")
        time.sleep(20)
        os._exit(0)
time.sleep(20)
could("take 384 MiB of memory")
""",
    ending=Ending.MEMORY_LIMIT,
    limits=Limits(memory_mib=128, wall_seconds=30.0),
    quick=False,
)

# Memory that no process has mapped is seen by the kernel's accounting alone.
HIDDEN_MEMORY: Final = Attack(
    "hide memory in files without a name",
    r"""
kept = []
while len(kept) < 512:
    kept.append(os.memfd_create("hidden"))
    os.write(kept[-1], b"x" * (1 << 20))
could("hide 512 MiB")
""",
    ending=Ending.MEMORY_LIMIT,
    limits=Limits(memory_mib=64, wall_seconds=30.0),
    needs="cgroup memory",
    quick=False,
)

SHARED_MEMORY: Final = Attack(
    "hide memory in System V segments",
    r"""
libc.shmat.restype = ctypes.c_void_p
for number in range(512):
    segment = libc.shmget(0, 1 << 20, 0o1600)
    place = libc.shmat(segment, None, 0)
    if segment < 0 or place == ctypes.c_void_p(-1).value:
        break
    ctypes.memset(place, 120, 1 << 20)
    libc.shmdt(ctypes.c_void_p(place))
else:
    could("hide 512 MiB")
os.kill(os.getpid(), 9)
""",
    ending=Ending.MEMORY_LIMIT,
    limits=Limits(memory_mib=64, wall_seconds=30.0),
    needs="cgroup memory",
    quick=False,
)

DISK: Final = Attack(
    "fill the disk and shared memory",
    _FILL
    + r"""
for folder, most in (("/proof", facts["scratch"]), ("/tmp", facts["scratch"]), ("/dev/shm", 16 << 20)):
    tried += 1
    written = fill(folder)
    if written > most or written < most - (2 << 20):
        could(f"write {written} bytes to {folder}, where {most} are allowed")
""",
    limits=Limits(scratch_mib=8, wall_seconds=30.0),
)

BIG_FILE: Final = Attack(
    "write one file without end, also a sparse one",
    r"""
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
for folder in ("/proof", "/tmp", "/dev/shm"):
    file = os.open(folder + "/big", os.O_CREAT | os.O_WRONLY)
    attempt("make a sparse file in " + folder, os.truncate, file, 1 << 40)
    attempt("allocate in " + folder, os.posix_fallocate, file, 0, 1 << 30)
hidden = os.memfd_create("hidden")
attempt("grow a file without a name", os.truncate, hidden, 1 << 40)
""",
    limits=Limits(scratch_mib=8, wall_seconds=30.0),
    quick=False,
)


def _inodes(folder: str) -> Attack:
    return Attack(
        f"exhaust the kernel with empty files in {folder}",
        f"""
made = 0
while made < 1000000:
    os.close(os.open("{folder}/%d" % made, os.O_CREAT | os.O_WRONLY))
    made += 1
could("make a million files")
""",
        ending=Ending.MEMORY_LIMIT,
        limits=Limits(memory_mib=48, wall_seconds=60.0, cpu_seconds=60.0),
        quick=False,
    )


LOGS: Final = Attack(
    "flood the output and the report",
    r"""
for number in range(400):
    for descriptor in (1, 2, 3):
        os.write(descriptor, b"y" * 65535 + b"\n")
tried += 1
""",
    limits=Limits(output_kib=16, report_kib=16, wall_seconds=30.0),
)

CPU: Final = Attack(
    "keep the CPU: busy processes that ignore the signal for too much of it",
    r"""
import signal
signal.signal(signal.SIGXCPU, signal.SIG_IGN)
for number in range(4):
    if os.fork() == 0:
        break
while True:
    pass
""",
    ending=Ending.CPU_LIMIT,
    limits=Limits(cpu_seconds=0.4, wall_seconds=30.0),
)

TIME: Final = Attack(
    "go on after the end of time, ignoring every signal",
    r"""
import signal
for number in range(1, 65):
    if number not in (9, 19, 32, 33):
        signal.signal(number, signal.SIG_IGN)
time.sleep(600)
""",
    ending=Ending.WALL_LIMIT,
    limits=Limits(wall_seconds=0.6, cpu_seconds=20.0),
    quick=False,
)

STAY: Final = Attack(
    "outlive the run: daemons that ignore signals, hold the output open, or fork on and on",
    r"""
import signal
def daemon(life):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in (1, 2, 3, 13, 15, 20):
                signal.signal(number, signal.SIG_IGN)
            life()
        os._exit(0)
    os.wait()
def sleep():
    time.sleep(600)
def run_away():
    while True:
        if os.fork():
            os._exit(0)
def other_program():
    for descriptor in (0, 1, 2, 3):
        os.close(descriptor)
    os.execve("/usr/bin/env", ["/usr/bin/env", "sleep", "600"], {"MARK": facts["mark"]})
for life in (sleep, run_away, other_program, sleep):
    daemon(life)
tried += 1
""",
)

TAKING: Final = (
    *(FORKS, THREADS, MEMORY, MEMORY_OF_MANY, HIDDEN_MEMORY, SHARED_MEMORY, DISK, BIG_FILE),
    *(_inodes(folder) for folder in ("/proof", "/tmp", "/dev/shm")),  # noqa: S108 - paths inside
    *(LOGS, CPU, TIME, STAY),
)
