"""The first process of a run: starts the command inside every wall, stops it at its limits, reaps, reports.

Runs as a program, alone, as pid 1 of the sandbox, under the supervisor's own Python with `-I -S`, on hosts that cannot
build init.c, its twin: change both or neither. It imports built-in and C modules only: every further import is paid in
every run. Descriptors: 0-2 the command's, 3 its report pipe, 4 the line to the supervisor, 5 the orders (orders.py).

On the line it says `ready <landlock version>`, with the sockets that listen on the ports ordered (`listen`, in that
order; it keeps none of them), waits for `go`, and at the end says
`end <how> <code> <cpu µs of children> <own cpu µs> <wall µs> <peak KiB> <present indexes, comma separated, or ->`, or
`fail <text>`. A byte from the supervisor after `go` names a limit it saw crossed; a closed line ends the run at once.
"""

import _ctypes
import _signal  # type: ignore[import-not-found]  # `signal` builds its enumerations at every start
import posix
import resource
import select
import time
from posix import _exit as leave

TYPE_CHECKING = False  # the module that defines it costs milliseconds
if TYPE_CHECKING:
    from typing import Any, NoReturn

LINE = 4
ORDERS = 5
FIRST_STRAY = 6
PR_SET_DUMPABLE = 4
PR_SET_NO_NEW_PRIVS = 38
LANDLOCK_CREATE, LANDLOCK_ADD, LANDLOCK_RESTRICT = 444, 445, 446
LANDLOCK_VERSION = 1
LANDLOCK_PATH_BENEATH = 1
KIND_OF_FILE, FOLDER = 0o170000, 0o040000
FS_WRITE_FILE = 1 << 1
FS_REFER = 1 << 13
FS_TRUNCATE = 1 << 14
FS_CHANGE = FS_WRITE_FILE | sum(1 << bit for bit in range(4, 13))  # remove and make entries of every kind
SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS = 0b11
AF_INET, SOCK_STREAM, SOCK_CLOEXEC = 2, 1, 0o2000000
SOL_SOCKET, SCM_RIGHTS = 1, 1
BACKLOG = 64
HEADER_OF_BYTES = bytes.__basicsize__ - 1  # from where an object of bytes lies to where its content begins
DEVICES = (b"null", b"zero", b"full", b"random", b"urandom", b"tty", b"pts")
POLL_SECONDS = 0.03  # where no cgroup counts for us
STOPS = {b"c": "cpu", b"m": "memory"}
SECOND = 1000000  # times are ordered and reported in microseconds
LISTS = ("argv", "env", "writable", "watch", "listen")
NUMBERS = (
    *("report", "landlock", "wall_us", "linger_us", "cpu_us", "memory_kib", "scratch_bytes", "pids", "files"),
    *("count_processes", "count_memory", "count_cpu"),
)


def call(name: str, *arguments: "int | bytes | None") -> int:
    """Call a C library function that takes integers and pointers; the whole ctypes package costs more than the call."""
    address = _ctypes.dlsym(_ctypes.dlopen(None, 0), name)  # type: ignore[arg-type]
    return int(_ctypes.call_function(address, arguments))


def number(value: int) -> bytes:
    """A 64-bit field of a kernel structure (every supported machine is little endian)."""
    return value.to_bytes(8, "little")


def say(line: str) -> None:
    """One line to the supervisor."""
    posix.write(LINE, line.encode("utf-8", "replace") + b"\n")


def text(path: bytes) -> str:
    """A path as messages show it."""
    return path.decode("utf-8", "replace")


def fail(why: str) -> "NoReturn":
    """Give up: the sandbox could not be set up as ordered."""
    say("fail " + why.replace("\n", " "))
    leave(1)


def read_all(descriptor: int) -> bytes:
    """Everything from the start of a regular descriptor, which is then closed."""
    size = posix.fstat(descriptor).st_size
    content = b""
    while len(content) < size:
        content += posix.pread(descriptor, size - len(content), len(content))
    posix.close(descriptor)
    return content


def landlock(writable: "list[bytes]") -> "tuple[int, int]":
    """A rule set under which only `writable` trees and harmless devices can be changed: (version, descriptor or -1)."""
    version = call("syscall", LANDLOCK_CREATE, None, 0, LANDLOCK_VERSION)
    if version < 1:
        return 0, -1
    handled = FS_CHANGE | (FS_REFER if version > 1 else 0) | (FS_TRUNCATE if version > 2 else 0)  # noqa: PLR2004
    scoped = SCOPE_ABSTRACT_SOCKETS_AND_SIGNALS if version > 5 else 0  # noqa: PLR2004
    size = 24 if scoped else 8
    rules = call("syscall", LANDLOCK_CREATE, number(handled) + number(0) + number(scoped), size, 0)
    if rules < 0:
        fail("Landlock refused the rule set")
    on_files = handled & (FS_WRITE_FILE | FS_TRUNCATE)
    for path, allowed in [(p, handled) for p in writable] + [(b"/dev/" + d, on_files) for d in DEVICES]:
        place = posix.open(path, posix.O_PATH | posix.O_CLOEXEC)
        rule = number(allowed) + number(place)[:4]
        if call("syscall", LANDLOCK_ADD, rules, LANDLOCK_PATH_BENEATH, rule, 0) < 0:
            fail("Landlock refused the rule for " + text(path))
        posix.close(place)
    return version, rules


def read_orders() -> "dict[str, Any]":
    """The orders, taken from their descriptor: lists of bytes, numbers, and the path `cwd`. `fail` at a wrong one."""
    orders: dict[str, Any] = {name: [] for name in LISTS}
    for field in read_all(ORDERS).split(b"\0")[:-1]:
        key, _, value = field.partition(b"=")
        name = key.decode("ascii")
        if name in LISTS:
            orders[name].append(value)
        elif name in NUMBERS:
            orders[name] = int(value)
        elif name == "cwd":
            orders[name] = value
        else:
            fail("init: an unknown order: " + name)
    missing = [name for name in (*NUMBERS, "cwd") if name not in orders]
    if missing or not orders["argv"]:
        fail("init: an order is missing: " + ", ".join(missing or ["argv"]))
    return orders


def limit(orders: "dict[str, Any]") -> None:
    """Set the resource limits of this process, the same on every host."""
    scratch = orders["scratch_bytes"]
    wanted = [
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 2 * scratch),  # above the size of any one tmpfs: a full disk says so first
        (resource.RLIMIT_NOFILE, 1024),
        (resource.RLIMIT_CPU, orders["cpu_us"] // SECOND + 2),
        (resource.RLIMIT_STACK, 8 << 20),
        (resource.RLIMIT_MEMLOCK, 64 << 10),
        (resource.RLIMIT_MSGQUEUE, 64 << 10),
    ]
    if orders["count_processes"]:
        wanted.append((resource.RLIMIT_NPROC, orders["pids"] + 1))  # and this init
    for which, value in wanted:
        hard = resource.getrlimit(which)[1]
        ceiling = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(which, (ceiling, ceiling))


def become(orders: "dict[str, Any]", rules: int, trouble: int) -> "NoReturn":
    """Turn this fresh child into the command; an error number on `trouble` says why it could not."""
    step = "prepare"
    try:
        for signal in range(1, 32):
            if signal not in (_signal.SIGKILL, _signal.SIGSTOP):
                _signal.signal(signal, _signal.SIG_DFL)
        step = "enter Landlock"
        if rules >= 0 and call("syscall", LANDLOCK_RESTRICT, rules, 0) < 0:
            raise OSError(0, "refused")  # noqa: TRY301
        step = "prepare"
        posix.closerange(4 if orders["report"] else 3, trouble)  # what lies above closes itself
        posix.setsid()
        step = "set the limits"
        limit(orders)
        step = "change to " + text(orders["cwd"])
        posix.chdir(orders["cwd"])
        step = "run " + text(orders["argv"][0])
        environment = dict(entry.split(b"=", 1) for entry in orders["env"])
        posix.execve(orders["argv"][0], orders["argv"], environment)
    except (OSError, ValueError) as error:
        posix.write(trouble, f"cannot {step}: {getattr(error, 'strerror', None) or error}".encode())
    leave(127)


class Run:
    """The command's process tree, seen from pid 1."""

    def __init__(self, orders: "dict[str, Any]", rules: int) -> None:
        self.orders = orders
        self.status = -1
        self.stopped = ""
        self.peak = 0
        wake_read, wake_write = posix.pipe2(posix.O_CLOEXEC | posix.O_NONBLOCK)
        _signal.set_wakeup_fd(wake_write, warn_on_full_buffer=False)
        _signal.signal(_signal.SIGCHLD, lambda *_: None)
        self.wake = wake_read
        self.started = time.monotonic()
        self.main = self.start(rules)

    def start(self, rules: int) -> int:
        """Fork and become the command; ends the run with `fail` when the command cannot be executed."""
        trouble_read, trouble_write = posix.pipe2(posix.O_CLOEXEC)
        child = posix.fork()
        if child == 0:
            become(self.orders, rules, trouble_write)
        posix.close(trouble_write)
        trouble = posix.read(trouble_read, 4096)
        posix.close(trouble_read)
        if trouble:
            fail(trouble.decode("utf-8", "replace"))
        return child

    def reap(self) -> None:
        """Collect every child that is dead now; orphans of the command are ours."""
        try:
            while True:
                pid, status = posix.waitpid(-1, posix.WNOHANG)
                if pid == 0:
                    return
                if pid == self.main:
                    self.status = status
        except ChildProcessError:
            return

    def follow(self) -> None:
        """Wait for the command's first process to end, or for the first limit crossed."""
        end = self.started + self.orders["wall_us"] / SECOND
        watched = select.poll()
        watched.register(LINE, select.POLLIN)
        watched.register(self.wake, select.POLLIN)
        polls = self.orders["count_memory"] or self.orders["count_cpu"]
        while True:
            self.reap()
            left = end - time.monotonic()
            if self.status >= 0 or self.stopped:
                return
            if left <= 0:
                self.stopped = "wall"
                return
            for descriptor, _ in watched.poll(1000 * (min(left, POLL_SECONDS) if polls else left) + 1):
                if descriptor == self.wake:
                    posix.read(self.wake, 4096)
                else:
                    self.obey(posix.read(LINE, 1))
            if polls:
                self.measure()

    def obey(self, order: bytes) -> None:
        """Take a stop order; a closed line means that the supervisor is dead, and pid 1's exit ends everyone."""
        if not order:
            leave(1)
        self.stopped = self.stopped or STOPS[order]

    def measure(self) -> None:
        """Add up memory and CPU of the living, where no cgroup does."""
        ticks = pages = 0
        for name in posix.listdir("/proc"):
            if not name.isdigit() or name == "1":
                continue
            try:
                descriptor = posix.open("/proc/" + name + "/stat", posix.O_RDONLY | posix.O_CLOEXEC)
                fields = posix.read(descriptor, 4096).rpartition(b")")[2].split()
                posix.close(descriptor)
                ticks += sum(int(field) for field in fields[11:15])
                pages += int(fields[21])
            except (OSError, IndexError):
                continue  # ended while we looked
        self.peak = max(self.peak, pages * resource.getpagesize() // 1024)
        if self.orders["count_memory"] and (self.peak > self.orders["memory_kib"] or self.crowded()):
            self.stopped = self.stopped or "memory"
        cpu = ticks / posix.sysconf("SC_CLK_TCK") + usage(resource.RUSAGE_CHILDREN)
        if self.orders["count_cpu"] and cpu * SECOND >= self.orders["cpu_us"]:
            self.stopped = self.stopped or "cpu"

    def crowded(self) -> bool:
        """Whether a writable folder holds more files than ordered."""
        for path in self.orders["writable"]:
            about = posix.statvfs(path)
            if about.f_files - about.f_ffree > self.orders["files"]:
                return True
        return False

    def linger(self) -> None:
        """Let what the first process left behind come to its own end, for as long as the orders allow."""
        end = time.monotonic() + self.orders["linger_us"] / SECOND
        while time.monotonic() < end:
            try:
                pid, _ = posix.waitpid(-1, posix.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                time.sleep(0.005)

    def finish(self) -> None:
        """Kill what is left and collect it: nothing but us lives in this pid namespace afterwards."""
        try:
            while True:
                try:  # noqa: SIM105 - contextlib would have to be imported
                    posix.kill(-1, _signal.SIGKILL)
                except ProcessLookupError:
                    pass
                pid, status = posix.waitpid(-1, 0)
                if pid == self.main and self.status < 0:
                    self.status = status
        except ChildProcessError:
            return

    def ending(self) -> "tuple[str, int]":
        """How the first process ended, and its exit status or signal."""
        code = self.status & 0x7F
        if self.stopped:
            return self.stopped, code
        if code == _signal.SIGXCPU:
            return "cpu", code
        return ("signalled", code) if code else ("exited", self.status >> 8 & 0xFF)


def usage(who: int) -> float:
    """CPU seconds, user and system."""
    spent = resource.getrusage(who)
    return float(spent.ru_utime + spent.ru_stime)


def exists(path: bytes) -> bool:
    """Whether `path` names something, following no link on the way, though the dead may have locked its folders."""
    parts = [part for part in path.split(b"/") if part]
    here = b""
    for position, part in enumerate(parts):
        parent, here = here or b"/", here + b"/" + part
        try:
            found = posix.lstat(here)
        except PermissionError:
            posix.chmod(parent, 0o700)
            found = posix.lstat(here)
        if position < len(parts) - 1 and found.st_mode & KIND_OF_FILE != FOLDER:
            return False
    return True


def present(paths: "list[bytes]") -> str:
    """The indexes of those that exist."""
    found = []
    for index, path in enumerate(paths):
        try:
            if exists(path):
                found.append(str(index))
        except (FileNotFoundError, NotADirectoryError):
            continue
    return ",".join(found) or "-"


def listeners(ports: "list[bytes]") -> "list[int]":
    """Sockets that listen on these ports of the run's own loopback."""
    opened = []
    for port in ports:
        place = call("socket", AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)
        address = AF_INET.to_bytes(2, "little") + int(port).to_bytes(2, "big") + bytes(12)
        if place < 0 or call("bind", place, address, len(address)) or call("listen", place, BACKLOG):
            fail("init: cannot listen on port " + text(port))
        opened.append(place)
    return opened


def say_ready(version: int, opened: "list[int]") -> None:
    """Tell the supervisor, and hand it the listening sockets: struct msghdr, written out."""
    line = f"ready {version}\n".encode()
    if not opened:
        posix.write(LINE, line)
        return
    passed = b"".join(place.to_bytes(4, "little") for place in opened)
    header = number(16 + len(passed)) + SOL_SOCKET.to_bytes(4, "little") + SCM_RIGHTS.to_bytes(4, "little")
    control = header + passed + bytes(-len(passed) % 8)
    vector = number(id(line) + HEADER_OF_BYTES) + number(len(line))
    message = number(0) * 2 + number(id(vector) + HEADER_OF_BYTES) + number(1) + number(id(control) + HEADER_OF_BYTES)
    message += number(len(control)) + number(0)
    if call("sendmsg", LINE, message, 0) < 0:
        fail("init: cannot hand out the listening sockets")
    for place in opened:
        posix.close(place)


def main() -> None:
    """Obey the orders and report."""
    orders = read_orders()
    posix.closerange(FIRST_STRAY, 1 << 16)
    # No one in here may look into pid 1: its descriptors carry the verdict.
    if call("prctl", PR_SET_DUMPABLE, 0, 0, 0, 0) or call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        fail("cannot protect the init process")
    _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
    version, rules = landlock(orders["writable"])
    if not version and orders["landlock"]:
        fail("Landlock is gone")
    say_ready(version, listeners(orders["listen"]))
    if posix.read(LINE, 1) != b"g":
        leave(1)
    before = time.process_time()
    run = Run(orders, rules)
    run.follow()
    wall = time.monotonic() - run.started
    if not run.stopped:
        run.linger()
    run.finish()
    how, code = run.ending()
    cpu = usage(resource.RUSAGE_CHILDREN)
    peak = max(run.peak, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    own = time.process_time() - before
    found = present(orders["watch"])
    say(f"end {how} {code} {cpu * 1e6:.0f} {own * 1e6:.0f} {wall * 1e6:.0f} {peak} {found}")


if __name__ == "__main__":
    try:
        main()
    except BaseException as error:  # noqa: BLE001 - whatever it is, the supervisor must hear of it
        fail(f"init: {type(error).__name__}: {error}")
    leave(0)  # the interpreter's own farewell would only cost time
