"""Reads a crash report of any kind in one pass over its lines, in time linear in its length."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clearinghouse.formats.crash import checks, frames, kernel, platforms, runtimes, sanitizers
from clearinghouse.formats.crash.crash import STATE_LINES
from clearinghouse.formats.crash.noise import (
    says_nothing,
    says_nothing_of_go,
    says_nothing_of_kernel,
    says_nothing_of_managed,
)
from clearinghouse.formats.crash.reading import Reading, Stack

if TYPE_CHECKING:
    from collections.abc import Callable

    from clearinghouse.formats.crash.crash import Crash

LONGEST_LINE = 2048

# What a line must hold to be worth a rule's look. A rule is tried only in reports that hold its words at all.
_RULES: tuple[tuple[str, Callable[[Reading, str], None]], ...] = (
    ("Sanitizer: ", sanitizers.error),
    (" of size ", sanitizers.access),
    ("The signal is caused by a ", sanitizers.cause),
    ("of size ", sanitizers.race),
    (" leak of ", sanitizers.leak),
    ("runtime error: ", sanitizers.undefined),
    (": note: ", sanitizers.vtable),
    ("FATAL:", checks.fatal),
    ("] ", checks.glog),
    ("abort: ", checks.v8_abort),
    ("ssert", checks.assertion),
    ("][assert]", checks.assertion),
    ("ASSERTION FAILED", checks.assertion),
    ("Error: Segv on", platforms.segv),
    ("CHECK", checks.android),
    ("panic: ", runtimes.go_panic),
    ("fatal error: ", runtimes.go_fatal),
    ("xception", runtimes.java),
    ("Uncaught Python exception", runtimes.python_exception),
    ("Traceback (most recent call last)", runtimes.python_exception),
    ("FATAL EXCEPTION", runtimes.java_fatal),
    ("PySecSan", runtimes.pysecsan),
    ("wycheproof", runtimes.wycheproof),
    ("Uncaught Exception: Jazzer.js", runtimes.javascript),
    ("BUG: KAS", kernel.kasan),
    (" of size ", kernel.access),
    ("general protection fault", kernel.protection),
    ("kernel BUG at ", kernel.bug),
    ("Kernel panic - not syncing", kernel.panic),
    ("BUG: ", kernel.watcher),
    ("UBSAN: ", kernel.watcher),
    ("WARNING: CPU", kernel.watcher),
    ("WARNING: at", kernel.watcher),
    ("WARNING: possible ", kernel.watcher),
    ("WARNING: susp", kernel.watcher),
    (" bug", kernel.watcher),
    (" lock", kernel.watcher),
    ("INFO: rcu", kernel.watcher),
    ("INFO: task ", kernel.watcher),
    ("INFO: possible ", kernel.watcher),
    ("INFO: suspicious ", kernel.watcher),
    ("INFO: trying ", kernel.watcher),
    ("divide error", kernel.watcher),
    ("invalid opcode", kernel.watcher),
    ("Internal error: ", kernel.oops),
    ("pc : [<", kernel.counter),
    ("virtual address", kernel.fault),
    ("unable to handle", kernel.fault),
    ("ERROR: libFuzzer: ", platforms.libfuzzer),
    ("BUG DETECTED", platforms.detector),
    ("fault addr", platforms.android_signal),
    ("pid: ", platforms.android_process),
    ("Received signal ", platforms.v8_signal),
    ("received signal ", platforms.gdb_signal),
    ("librar", platforms.missing_library),
    ("#0 ", platforms.gdb_address),
    ("V8 sandbox violation detected", platforms.sandbox_violation),
    ("# V8 correctness ", platforms.correctness),
    ("GPU process exited unexpectedly", platforms.gpu),
    ("Backtrace for thread: trusty_app", platforms.trusted_application),
    ("Stack limit exceeded: ", platforms.stack_limit),
    ("ExceptionCode: ", platforms.exception_code),
    ("Attempt to ", platforms.attempt),
)


# Rules that need the line after theirs too.
_PAIRS: tuple[tuple[str, Callable[[Reading, str, str], None]], ...] = (
    ("# Fatal error", checks.v8_fatal),
    ("' panicked at ", checks.rust),
    ("Error", runtimes.node),
    ("Exception", runtimes.node),
)


def parse_crash(raw: str, *, ooms: bool = False) -> Crash:
    """What a report says of a crash; `NO_CRASH` if it tells of none.

    Every line is looked at once, and no line beyond its first 2,048 characters, so that the time is linear in the
    length of the text whatever is in it. Memory that ran out and time that ran out are crashes only if `ooms` is set:
    in most programs they are limits that were set, and no bug.
    """
    reading = Reading(ooms)
    rules = [(words, rule) for words, rule in _RULES if words in raw]
    pairs = [(words, rule) for words, rule in _PAIRS if words in raw]
    lines = raw.splitlines()
    for place, full in enumerate(lines):
        line = full[:LONGEST_LINE]
        for words, rule in rules:
            if words in line:
                rule(reading, line)
        for words, pair in pairs:
            if words in line:
                pair(reading, line, lines[place + 1][:LONGEST_LINE] if place + 1 < len(lines) else "")
        if reading.weight and not reading.closed:
            _stack_line(reading, line)
    return reading.crash()


_DEEPEST = 300


def _stack_line(reading: Reading, line: str) -> None:
    """Take the frame of a line in, if it has one of the kind that belongs to the error."""
    text = line.strip()
    if not text:
        return
    _READERS[reading.stack](reading, text)


def _native(reading: Reading, text: str) -> None:
    first = text[0]
    if first == "#":
        frame = frames.numbered(text)
    elif first.isdigit():
        frame = frames.mac(text) or frames.debugger(text)
    elif first in "ku" and text.startswith(("kSP", "uSP")):
        frame = frames.trusty(text)
    elif " [0x" in text:
        frame = frames.windows(text)
    else:
        return
    if frame:
        _take(reading, frame)


def _take(reading: Reading, frame: frames.Frame) -> None:
    """A frame of a native stack: the fuzz target's entry ends it and stands under its file's name."""
    if frames.is_target(frame.function):
        name = frames.source_name(frame.file)
        if name and len(reading.frames) < reading.wanted:
            reading.frames.append(name)
        reading.closed = bool(name or reading.frames)
    elif frame.unnamed:
        reading.modules.extend([frame.file] if frame.file and len(reading.modules) < STATE_LINES else [])
    elif not says_nothing(frame.function, frame.file):
        reading.frames.append(frame.function)
        # Of a stack that overflowed, the cycle is looked for in all that is shown.
        most = _DEEPEST if reading.type == "Stack-overflow" else reading.wanted
        reading.closed = len(reading.frames) >= most


def _kernel(reading: Reading, text: str) -> None:
    text = kernel.TIME.sub("", text, count=1).lstrip()
    frame = frames.kernel(text) or (frames.numbered(text) if text.startswith("#") else None)
    if frame and not says_nothing_of_kernel(frame.function):
        reading.frames.append(frame.function)
        reading.closed = len(reading.frames) >= reading.wanted


def _go(reading: Reading, text: str) -> None:
    frame = frames.go(text)
    if frame and not says_nothing_of_go(frame.file, frame.function):
        reading.frames.append(frame.function)
        reading.closed = len(reading.frames) >= reading.wanted
    elif text.startswith(("==", "AddressSanitizer", "Aborted")):
        reading.closed = True


def _managed(reading: Reading, text: str) -> None:
    if text.startswith("at ") and (frame := frames.managed(text)) and not says_nothing_of_managed(frame.function):
        reading.frames.append(frame.function)
        reading.closed = len(reading.frames) >= reading.wanted


def _python(reading: Reading, text: str) -> None:
    if text.startswith("File ") and (frame := frames.python(text)) and frame.function != "<module>":
        reading.frames.append(frame.function)
        del reading.frames[:-STATE_LINES]


def _nothing(_reading: Reading, _text: str) -> None:
    """Some errors have no frames."""


_READERS: dict[Stack, Callable[[Reading, str], None]] = {
    Stack.NATIVE: _native,
    Stack.KERNEL: _kernel,
    Stack.GO: _go,
    Stack.MANAGED: _managed,
    Stack.PYTHON: _python,
    Stack.NONE: _nothing,
}
