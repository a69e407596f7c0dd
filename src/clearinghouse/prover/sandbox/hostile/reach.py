"""Hostile programs that reach for what is outside or above: files, network, processes, privileges, the kernel."""

from __future__ import annotations

from typing import Final

from clearinghouse.prover.sandbox.hostile.attack import Attack

FILES: Final = Attack(
    "read the host's files and those of other runs",
    r"""
for path in (facts["secret"], "/etc/shadow", "/etc/machine-id", "/proc/1/environ", "/proc/1/mem", "/proc/1/maps",
             "/proc/kcore", "/proc/kmsg", "/dev/mem", "/dev/kmsg", "/dev/kvm", "/dev/fuse", "/dev/sda", "/dev/vda"):
    attempt("open " + path, os.open, path, os.O_RDONLY)
for path in (*facts["places"], "/root", "/home", "/var", "/run", "/sys", "/mnt", "/media", "/srv", "/boot",
             "/proc/1/root", "/proc/1/cwd", "/proc/1/fd", "/proc/1/map_files", "/sys/fs/cgroup"):
    attempt("list " + path, os.listdir, path)
for prefix in ("/proc/self/root", "/proof/../..", "/proc/self/cwd/../.."):
    attempt("open the secret by way of " + prefix, os.open, prefix + facts["secret"], os.O_RDONLY)
os.symlink(facts["secret"], "/proof/link")
attempt("follow a link to the secret", os.open, "/proof/link", os.O_RDONLY)
attempt("link to what is shown", os.link, facts["target"] + "/file", "/proof/hard")
for name in ("block", "character"):
    kind = stat.S_IFBLK if name == "block" else stat.S_IFCHR
    attempt(f"make a {name} device", os.mknod, "/proof/" + name, kind | 0o666, os.makedev(1, 1))
for entry in os.listdir("/proc/self/fd"):
    try:
        shown = os.readlink("/proc/self/fd/" + entry)
    except FileNotFoundError:
        continue
    tried += 1
    if int(entry) > 3 or shown.startswith("/") and not shown.startswith("/memfd:"):
        could(f"use descriptor {entry}: {shown}")
leaks = [name for name in os.environ if name not in ("LD_LIBRARY_PATH", "LC_CTYPE", "PWD")]
if leaks:
    could(f"read the environment: {leaks}")
""",
)

_CONNECT = r"""
def connect(family, kind, address):
    with socket.socket(family, kind) as one:
        one.settimeout(0.5)
        one.connect(address)
        if kind == socket.SOCK_STREAM:
            return one.getpeername()
        one.send(b"x")
        one.recv(1)  # nobody is there: refused, or no answer
"""

LOOPBACK: Final = Attack(
    "reach the host's loopback and abstract sockets",
    _CONNECT
    + r"""
attempt("connect to the host", connect, socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", facts["tcp"]))
attempt("connect to the host by IPv6", connect, socket.AF_INET6, socket.SOCK_STREAM, ("::1", facts["tcp"]))
attempt("send a datagram to the host", connect, socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", facts["udp"]))
attempt("connect to an abstract socket", connect, socket.AF_UNIX, socket.SOCK_STREAM, facts["abstract"])
attempt("send to an abstract socket", connect, socket.AF_UNIX, socket.SOCK_DGRAM, facts["abstract"] + "-d")
""",
)

NETWORK: Final = Attack(
    "reach the network, or the kernel by sockets of other families",
    _CONNECT
    + r"""
attempt("connect outside", connect, socket.AF_INET, socket.SOCK_STREAM, ("192.0.2.1", 80))
attempt("send a datagram outside", connect, socket.AF_INET, socket.SOCK_DGRAM, ("192.0.2.1", 53))
attempt("connect outside by IPv6", connect, socket.AF_INET6, socket.SOCK_STREAM, ("2001:db8::1", 80))
for family in range(64):
    if family not in (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6):
        for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET):
            attempt(f"make a socket of family {family}", socket.socket, family, kind)
for family in (socket.AF_INET, socket.AF_INET6):
    attempt(f"make a raw socket of family {int(family)}", socket.socket, family, socket.SOCK_RAW, 255)
others = [line.split(":")[0].strip() for line in open("/proc/net/dev").readlines()[2:]]
tried += 1
if set(others) - {"lo"}:
    could(f"see network interfaces: {others}")
""",
)

PROCESSES: Final = Attack(
    "see, kill or trace the parent, pid 1 and other processes",
    r"""
import resource, signal
attempt("signal the supervisor", os.kill, facts["pid"], 0)
for path in ("/proc/%d" % facts["pid"], "/proc/1/task/1/mem"):
    attempt("look into " + path, os.open, path, os.O_RDONLY)
seen = sorted(int(name) for name in os.listdir("/proc") if name.isdigit())
if len(seen) != 2 or seen[0] != 1 or os.getppid() != 1:
    could(f"see other processes: {seen}")
for number in range(1, 65):
    if number not in (32, 33):
        try:
            os.kill(1, number)
        except OSError:
            pass
attempt("open pid 1's oom_score_adj", os.open, "/proc/1/oom_score_adj", os.O_WRONLY)
attempt("lower its own oom_score_adj", lambda: open("/proc/self/oom_score_adj", "w").write("-1000"))
attempt("limit the init", resource.prlimit, 1, resource.RLIMIT_NOFILE, (0, 0))
attempt("end the init by its CPU limit", resource.prlimit, 1, resource.RLIMIT_CPU, (0, 0))
attempt("idle the init", os.sched_setscheduler, 1, os.SCHED_IDLE, os.sched_param(0))
attempt("move the init", os.sched_setaffinity, 1, os.sched_getaffinity(0))
attempt("slow the init", os.setpriority, os.PRIO_PROCESS, 1, 19)
attempt("slow the init among all of its user", os.setpriority, os.PRIO_USER, 0, 19)
attempt("raise its own limit", resource.setrlimit, resource.RLIMIT_NOFILE, (1 << 20, 1 << 20))
attempt("raise its own priority", os.setpriority, os.PRIO_PROCESS, 0, -5)
attempt("ask for real time", os.sched_setscheduler, 0, os.SCHED_FIFO, os.sched_param(1))
""",
)

PRIVILEGES: Final = Attack(
    "gain privileges: users, capabilities, setuid programs, namespaces, mounts",
    r"""
for what, call in (("become root", lambda: os.setuid(0)), ("take root's group", lambda: os.setgid(0)),
                   ("take groups", lambda: os.setgroups([0])), ("chroot", lambda: os.chroot("/tmp")),
                   ("give a file to root", lambda: (open("/proof/f", "w"), os.chown("/proof/f", 0, 0)))):
    attempt(what, call)
status = dict(line.rstrip().replace("\t", "").split(":", 1) for line in open("/proc/self/status"))
for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
    tried += 1
    if int(status[name], 16):
        could(f"have capabilities: {name} {status[name]}")
if status["NoNewPrivs"] != "1" or status["Seccomp"] != "2":
    could("do without no_new_privs or the filter")
def refused(what, *results):
    global tried
    tried += 1
    for result in results:
        if result != -1:
            could(what)
refused("drop no_new_privs", libc.prctl(38, 0, 0, 0, 0))
refused("unshare", *[libc.unshare(flag) for flag in (1 << 17, 1 << 25, 1 << 26, 1 << 27, 1 << 28, 1 << 29, 1 << 30)])
refused("mount", libc.mount(b"none", b"/tmp", b"tmpfs", 0, None), libc.mount(b"/usr", b"/proof", None, 4096, None))
refused("remount", libc.mount(b"none", b"/usr", None, 4096 | 32, None), libc.umount2(b"/tmp", 2))
refused("pivot_root", libc.syscall(155 if os.uname().machine == "x86_64" else 41, b"/proof", b"/proof"))
refused("join a namespace", libc.setns(os.open("/proc/self/ns/user", os.O_RDONLY), 0))
attempt("map users", lambda: open("/proc/self/uid_map", "w").write("0 0 1"))
for folder in ("/usr/bin", "/usr/sbin"):
    for name in os.listdir(folder):
        path = folder + "/" + name
        try:
            mode = os.stat(path).st_mode
        except OSError:
            continue
        if not mode & stat.S_ISUID:
            continue
        tried += 1
        child = os.posix_spawn(path, [path, "--help"], {}, file_actions=[
            (os.POSIX_SPAWN_OPEN, n, "/dev/null", os.O_RDWR, 0) for n in (0, 1, 2)])
        os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        ids = next(line for line in open(f"/proc/{child}/status") if line.startswith("Uid:")).split()[1:]
        os.waitpid(child, 0)
        if set(ids) != {str(os.getuid())}:
            could(f"run {path} as {ids}")
""",
)

CALLS: Final = Attack(
    "use system calls that reach past the walls: bpf, io_uring, keyctl, perf, userfaultfd, handles, ptrace, ...",
    r"""
for name, call in facts["calls"].items():
    ctypes.set_errno(0)
    result = libc.syscall(call, 0, 0, 0, 0, 0, 0)
    tried += 1
    if (result, ctypes.get_errno()) not in ((-1, errno.EPERM), (-1, errno.ENOSYS)):
        could(f"call {name}: {result}, {errno.errorcode.get(ctypes.get_errno())}")
for what, request in (("TIOCSTI", 0x5412), ("TIOCLINUX", 0x541C)):
    tried += 1
    if libc.ioctl(0, request, b"x") != -1 or ctypes.get_errno() != errno.EPERM:
        could(what)
for flag in (1 << 17, 1 << 25, 1 << 26, 1 << 27, 1 << 28, 1 << 29, 1 << 30):
    tried += 1
    clone = 56 if os.uname().machine == "x86_64" else 220
    if libc.syscall(clone, flag | 17, 0, 0, 0, 0) != -1 or ctypes.get_errno() != errno.EPERM:
        could(f"clone with {flag:#x}")
""",
)

WRITES: Final = Attack(
    "write to what is shown, to the system's folders and to the kernel's settings",
    r"""
target = facts["target"]
for path in (target + "/file", facts["secret"], "/etc/passwd", "/usr/bin/env", "/proc/sysrq-trigger",
             "/proc/self/loginuid", "/proc/acpi/wakeup", "/proc/timer_list", sys.executable):
    attempt("open for writing " + path, os.open, path, os.O_WRONLY)
for folder in (target, "/", "/usr", "/usr/lib", "/etc", "/opt", "/dev", "/dev/pts", "/proc", "/bin"):
    attempt("make a file in " + folder, os.open, folder + "/hostile", os.O_CREAT | os.O_WRONLY)
    attempt("make a folder in " + folder, os.mkdir, folder + "/hostile-folder")
attempt("remove " + target, os.unlink, target + "/file")
attempt("rename " + target, os.rename, target + "/file", target + "/other")
attempt("change the mode of " + target, os.chmod, target + "/file", 0o777)
attempt("change the times of " + target, os.utime, target + "/file")
attempt("truncate " + target, os.truncate, target + "/file", 0)
attempt("set an attribute of " + target, os.setxattr, target + "/file", "user.x", b"y")
with open(target + "/file") as shown:
    attempt("write by way of a descriptor", os.open, f"/proc/self/fd/{shown.fileno()}", os.O_WRONLY)
for folder, _, names in os.walk("/proc/sys"):
    for name in names:
        attempt(f"set {folder}/{name}", os.open, folder + "/" + name, os.O_WRONLY)
""",
)

REACHING: Final = (FILES, LOOPBACK, NETWORK, PROCESSES, PRIVILEGES, CALLS, WRITES)
