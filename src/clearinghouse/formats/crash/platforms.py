"""Errors that a platform reports: signals, debuggers of Windows and Unix, Android, libFuzzer, watchers of processes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from clearinghouse.formats.crash.names import base_name
from clearinghouse.formats.crash.reading import Stack, Weight
from clearinghouse.formats.crash.security import null

if TYPE_CHECKING:
    from clearinghouse.formats.crash.reading import Reading

_LIBFUZZER = re.compile(r"ERROR: libFuzzer: (.*)")
_ANDROID = re.compile(r"signal (\d+) \((SIG\w+)\).*?fault addr (0x[0-9a-f]+|[0-9a-f]{8,16})")
_PROCESS = re.compile(r"pid: \d+, tid: \d+, name: (.*?)\s+>>>")
_V8_SIGNAL = re.compile(r"Received signal (\d+) (?:<unknown>|\S+)? ?([0-9a-f]+)")
_GDB = re.compile(r"(?:Program|Thread .*) received signal (SIG\w+)")
_GDB_AT = re.compile(r"#0\s+(0x[0-9a-f]+) in ")
_LIBRARY = re.compile(r'(?:library "([^"]+)" not found|error while loading shared libraries: ([^:]+):)')
_EXCEPTION = re.compile(r"\s*ExceptionCode: ([0-9a-f]{8}) ?(?:\((.*?)\))?")
_ATTEMPT = re.compile(r"Attempt to (read|write|execute)[^0-9]{0,40} ([0-9a-f`]+)$")
_CODES = {
    "c0000005": "UNKNOWN",
    "c0000094": "Divide-by-zero",
    "c0000095": "Integer-overflow",
    "c00000fd": "Stack-overflow",
    "c0000374": "Heap-corruption",
    "c0000409": "Security check failure",
    "c000001d": "Ill",
    "80000003": "Breakpoint",
    "c0000420": "ASSERT",
}
_ADDRESS_DIGITS = 12
_NARROW = 8
_SYSTEM_DETECTORS: tuple[tuple[str, str], ...] = (
    ("===BUG DETECTED: Shell corruption===", "Command injection"),
    ("===BUG DETECTED: Shell injection===", "Command injection"),
    ("===BUG DETECTED: Arbitrary file open===", "Arbitrary file open"),
    ("===BUG DETECTED: Arbitrary domain name resolution===", "Arbitrary DNS resolution"),
)


def libfuzzer(reading: Reading, line: str) -> None:
    """`==1== ERROR: libFuzzer: deadly signal`, and its other ends."""
    found = _LIBFUZZER.search(line)
    if not found:
        return
    said = found[1]
    if said.startswith("deadly signal"):
        reading.found("Fatal-signal", Weight.SYMPTOM)
    elif said.startswith("fuzz target exited"):
        reading.found("Unexpected-exit", Weight.SYMPTOM)
    elif said.startswith("fuzz target overwrites its const input"):
        reading.found("Overwrites-const-input", Weight.FAULT)
    elif said.startswith("out-of-memory"):
        if reading.ooms:
            reading.found("Out-of-memory", Weight.FAULT)
    elif said.startswith("timeout") and reading.ooms:
        reading.found("Timeout", Weight.FAULT)


def detector(reading: Reading, line: str) -> None:
    """What a watcher of system calls found."""
    for words, kind in _SYSTEM_DETECTORS:
        if words in line:
            reading.found(kind, Weight.VERDICT)


def android_signal(reading: Reading, line: str) -> None:
    """Android's `signal 11 (SIGSEGV), code 1 (SEGV_MAPERR), fault addr 0x…`."""
    found = _ANDROID.search(line)
    if found and found[2] in {"SIGSEGV", "SIGBUS"}:
        address = found[3] if found[3].startswith("0x") else "0x" + found[3]
        reading.found("Null-dereference" if null(address) else "UNKNOWN", Weight.FAULT, address=address)


def android_process(reading: Reading, line: str) -> None:
    """Android's line that names the process: it stands for a stack without names."""
    found = _PROCESS.match(line)
    if found:
        reading.process = found[1].capitalize()


def v8_signal(reading: Reading, line: str) -> None:
    """Chromium's and V8's `Received signal 11 SEGV_MAPERR 000000000010`."""
    found = _V8_SIGNAL.match(line)
    if found and found[1] in {"11", "7", "10"}:
        address = "0x" + found[2]
        reading.found("Null-dereference" if null(address) else "UNKNOWN", Weight.FAULT, address=address)


def gdb_signal(reading: Reading, line: str) -> None:
    """Gdb's `Program received signal SIGTRAP`."""
    found = _GDB.match(line)
    if found:
        words = {
            "SIGSEGV": "UNKNOWN",
            "SIGABRT": "Abrt",
            "SIGFPE": "Floating-point-exception",
            "SIGBUS": "Bus",
            "SIGILL": "Ill",
        }
        reading.found(words.get(found[1], found[1]), Weight.CHECK)


def gdb_address(reading: Reading, line: str) -> None:
    """The innermost frame of gdb: where the program stood."""
    found = _GDB_AT.match(line)
    if found and not reading.address and reading.type.startswith("SIG"):
        reading.address = f"0x{found[1][2:].lstrip('0').rjust(_ADDRESS_DIGITS, '0')}"


def missing_library(reading: Reading, line: str) -> None:
    """A program that did not start for lack of a library."""
    found = _LIBRARY.search(line)
    if found:
        reading.found("Missing-library", Weight.CHECK, message=(base_name(found[1] or found[2]),), stack=Stack.NONE)


def exception_code(reading: Reading, line: str) -> None:
    """The Windows debugger's `ExceptionCode: c0000005 (Access violation)`."""
    found = _EXCEPTION.match(line)
    kind = _CODES.get(found[1]) if found else None
    if kind:
        reading.found(kind, Weight.FAULT)


def attempt(reading: Reading, line: str) -> None:
    """The Windows debugger's `Attempt to read from address 0000000000000010`."""
    found = _ATTEMPT.match(line.strip())
    if found and reading.type in {"UNKNOWN", ""}:
        digits = found[2].replace("`", "")
        width = _ADDRESS_DIGITS if len(digits) > _NARROW else _NARROW
        reading.found("UNKNOWN", Weight.FAULT)
        reading.type = {"read": "READ", "write": "WRITE"}.get(found[1], "UNKNOWN")
        reading.address = f"0x{digits.lstrip('0').rjust(width, '0')}"


def sandbox_violation(reading: Reading, _line: str) -> None:
    """V8's word that an access left its sandbox: before the sanitizer's report, or after it."""
    if reading.weight is Weight.FAULT:
        reading.means("V8 sandbox violation")
    else:
        reading.outranked = "V8 sandbox violation"


def correctness(reading: Reading, line: str) -> None:
    """V8's comparison of two configurations, told in four lines."""
    text = line.lstrip("# ").removeprefix("V8 correctness ")
    if text.startswith("failure"):
        reading.found("V8 correctness failure", Weight.CHECK, stack=Stack.NONE)
    elif reading.type == "V8 correctness failure" and text.startswith(("configs: ", "sources: ", "suppression: ")):
        reading.message = (*reading.message, text.rstrip())


def gpu(reading: Reading, _line: str) -> None:
    """Chromium's process for graphics ended, though nothing told it to."""
    reading.found("GPU failure", Weight.CHECK, stack=Stack.NONE)


def trusted_application(reading: Reading, _line: str) -> None:
    """Trusty's stack of an application that ended."""
    reading.found("Trusted app crash", Weight.FAULT)


def stack_limit(reading: Reading, _line: str) -> None:
    """Centipede's word that a target's stack grew beyond its limit."""
    reading.found("Stack-overflow", Weight.FAULT)


def segv(reading: Reading, _line: str) -> None:
    """A fault that a runtime reports without a sanitizer."""
    reading.found("Segv on unknown address", Weight.CHECK)
