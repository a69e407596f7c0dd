"""Repeats of form 1: imports the target once and forks a process for each run, which nothing of the last one reaches.

The order on stdin holds the jobs (call.py), one for each run, and what bounds a run. Between two runs every other
process is killed and collected and the writable folders are emptied; what a run prints is kept apart from the next
one's. On descriptor 3 come `fork`, the run's own lines, and `ended` with how it ended; `cold` says why no fork can be
had. A verdict never rests on these runs alone: the first and the last of a row are started cold.
"""

import atexit
import base64
import errno
import gc
import io
import json
import os
import resource
import signal
import stat
import sys
import threading
import time

from .call import carry_out, prepare_all
from .channel import REPORT_DESCRIPTOR
from .frames import TARGET, Owner

HOME = "/proof"
TEMPORARY = "/tmp"  # noqa: S108  # inside
FOLDERS = (HOME, TEMPORARY, "/dev/shm")  # noqa: S108
KEPT = {HOME: ("files",)}
SHORTEST, LONGEST = 0.0005, 0.004  # seconds between two looks at a run
SETTLE_SECONDS = 5.0


def _say(key, **fields):
    data = b"\n" + json.dumps(dict(fields, key=key)).encode() + b"\n"
    while data:
        data = data[os.write(REPORT_DESCRIPTOR, data) :]


def _others():
    """Every process in here but the first and this one."""
    return [pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if pid not in (1, os.getpid())]


def _end_all(linger):
    """Let what a run left behind come to its end for `linger` seconds, then kill it; False when something stays."""
    began = time.monotonic()
    while True:
        _collect()
        left = _others()
        spent = time.monotonic() - began
        if not left or spent > linger + SETTLE_SECONDS:
            return not left
        if spent >= linger:
            try:
                os.kill(-1, signal.SIGKILL)
            except OSError:
                pass
        time.sleep(SHORTEST)


def _collect():
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except OSError as error:
        if error.errno != errno.ECHILD:
            raise


def _remove(path):
    """Remove what lies there, though the run may have locked its folders."""
    if os.path.islink(path) or not os.path.isdir(path):
        os.unlink(path)
        return
    os.chmod(path, stat.S_IRWXU)
    for name in os.listdir(path):
        _remove(os.path.join(path, name))
    os.rmdir(path)


def _empty(folder):
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        os.chmod(folder, stat.S_IRWXU)
    for name in os.listdir(folder):
        if name not in KEPT.get(folder, ()):
            _remove(os.path.join(folder, name))


def _scratch():
    """A nameless file for what a run prints."""
    try:
        return os.open(TEMPORARY, os.O_TMPFILE | os.O_RDWR, 0o600)
    except (AttributeError, OSError):
        path = TEMPORARY + "/printed"
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)
        os.unlink(path)
        return descriptor


def _printed(descriptor, most):
    """The head and the tail of what was printed, and how many bytes lie between them."""
    size = os.fstat(descriptor).st_size
    half = max(1, most // 2)
    head = os.pread(descriptor, min(size, 2 * half if size <= 2 * half else half), 0)
    tail = os.pread(descriptor, half, size - half) if size > 2 * half else b""
    return base64.b64encode(head + tail).decode(), max(0, size - 2 * half)


def _wait(pid, seconds):
    """(wait status, CPU seconds, wall seconds, whether it had to be stopped)."""
    began = time.monotonic()
    pause, stopped = SHORTEST, False
    while True:
        done, status, spent = os.wait4(pid, os.WNOHANG)
        passed = time.monotonic() - began
        if done:
            return status, spent.ru_utime + spent.ru_stime, passed, stopped
        if passed > seconds and not stopped:
            os.kill(pid, signal.SIGKILL)
            stopped = True
        time.sleep(pause)
        pause = min(LONGEST, pause * 2)


def _become(job, owner, printed, cpu_seconds):
    """In the fork: the run, as call.py would start it."""
    os.setsid()
    for descriptor, place in zip(printed, (1, 2)):
        os.dup2(descriptor, place)
        os.close(descriptor)
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 1))
    os.chdir(HOME)
    carry_out(job, owner)
    # The end of a program, but for taking the interpreter apart: that would copy all of the memory that is shared.
    try:
        getattr(threading, "_shutdown", int)()
        getattr(atexit, "_run_exitfuncs", int)()
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # as at the end of any program: what goes wrong here changes nothing
        pass
    os._exit(0)


def main():
    """Fork every run in turn."""
    order = json.loads(io.open(0, encoding="utf-8", closefd=False).read())
    key, jobs = order.pop("key"), order.pop("jobs")
    sys.path.append(TARGET.rstrip("/"))
    owner = Owner(jobs[0]["own"])
    prepare_all(jobs[0]["steps"])
    sys.stdout.flush()
    sys.stderr.flush()
    if len(os.listdir("/proc/self/task")) > 1 or _others():
        _say(key, cold="importing the target started threads or processes")
        return
    gc.collect()
    gc.freeze()  # else the first collection in a fork would copy all of the memory that is shared
    for number in range(len(jobs)):
        for folder in FOLDERS:
            _empty(folder)
        printed = [_scratch(), _scratch()]
        job, jobs[number] = jobs[number], None
        _say(key, fork=number)
        pid = os.fork()
        if not pid:
            key, jobs = None, None  # what the other runs are told is none of this one's business
            _become(job, owner, printed, order["cpu_seconds"])
        status, cpu, wall, stopped = _wait(pid, order["wall_seconds"])
        clean = _end_all(order["linger_seconds"])
        (stdout, cut_out), (stderr, cut_err) = [_printed(descriptor, order["output"]) for descriptor in printed]
        for descriptor in printed:
            os.close(descriptor)
        _say(key, ended=number, status=status, cpu=cpu, wall=wall, stopped=stopped, stdout=stdout, stderr=stderr,
             dropped=cut_out + cut_err)  # fmt: skip
        if not clean:
            return
