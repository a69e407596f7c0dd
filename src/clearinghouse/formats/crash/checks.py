"""Checks that programs make themselves: CHECK, assert and panic messages, as C++, C and Rust programs print them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from clearinghouse.formats.crash.names import base_name, masked
from clearinghouse.formats.crash.reading import Stack, Weight

if TYPE_CHECKING:
    from clearinghouse.formats.crash.reading import Reading

_FATAL = re.compile(r"FATAL:([^\s\]():]+)(?::\d+|\(\d+\))\] (.*)")
_GLOG = re.compile(r"F\d{4} [\d:.]+ +\d+ ([^\s:]+):\d+\] (.*)")
_CHECKED = re.compile(r"(Security DCHECK|Security CHECK|DCHECK|Check|CHECK|Debug check) failed: ?(.*)", re.DOTALL)
# What the C libraries, GLib, Envoy and WebKit print before and after a condition that did not hold.
_ASSERTIONS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Assertion `", ("' failed", "` failed", " failed")),
    ("Assertion '", ("' failed", " failed")),
    ('Assertion "', ('" failed', " failed")),
    ("assertion '", ("' failed",)),
    ("assertion failed: (", (")",)),
    ("Assertion failed: (", ("), function",)),
    ("Assertion failed: ", (", file ", ", function ", " (")),
    ("assert failure: ", ("",)),
    ("] panic: ", ("",)),
    ("ASSERTION FAILED: ", ("",)),
)
_V8_FATAL = re.compile(r"# Fatal error in (\S+), line \d+")
_V8_ABORT = re.compile(r"abort: (.*?)(?: \[(\S+?):\d+\])?$")
_RUST = re.compile(r"thread '.*?' (?:\(\d+\) )?panicked at (?:'(.*?)', \S+:\d+:\d+|(\S+):\d+:\d+:$|(.*))")
_ANDROID = re.compile(
    r"(?:Abort message: '?)?(\S+?\.\w+):\d+ (CHECK\(.*\) failed\.?|CHECK_\w+\(.*\) failed.*|Should not be here.*|.*)$"
)


def fatal(reading: Reading, line: str) -> None:
    """Chromium's `[…:FATAL:file.cc(12)] Check failed: …`."""
    found = _FATAL.search(line)
    if found:
        _logged(reading, base_name(found[1]), found[2], otherwise="CHECK failure")


def glog(reading: Reading, line: str) -> None:
    """Glog's and Abseil's `F0813 00:29:27.775753 1 file.cc:130] …`."""
    found = _GLOG.match(line) if line[0] == "F" else None
    if found:
        _logged(reading, base_name(found[1]), found[2], otherwise="Fatal error")


def _logged(reading: Reading, file: str, text: str, *, otherwise: str) -> None:
    """A fatal message of a program's log, with the file that logged it."""
    text = text.strip()
    if text.startswith("Assert failed: "):
        reading.found("ASSERT", Weight.CHECK, message=(masked(text[15:].strip()),))
    elif text.startswith("V8 error: "):
        reading.found("V8 API error", Weight.CHECK, message=(_ended(text[10:]),))
        reading.wanted += 1
    elif text.startswith("NOTREACHED hit."):
        reading.found(
            "CHECK failure",
            Weight.CHECK,
            message=(_ended(masked(text[15:].strip())),) if text[15:].strip() else (f"NOTREACHED hit. in {file}",),
        )
    elif checked := _CHECKED.match(text):
        kind = f"{checked[1]} failure" if checked[1].startswith("Security ") else "CHECK failure"
        reading.found(kind, Weight.CHECK, message=(f"{condition(checked[2])} in {file}",))
    else:
        reading.found(otherwise, Weight.CHECK, message=(f"{_ended(masked(text))} in {file}",))


def condition(text: str) -> str:
    """The condition of a failed check, without the values that were compared and what the program says besides."""
    compared = text.find(" vs. ")
    if compared >= 0:
        text = text[: _opening(text, compared)]
    for end in ("; ", ". "):
        text = text.partition(end)[0] if end in text else text
    return masked(_ended(text))


def _opening(text: str, inside: int) -> int:
    """Where the parenthesis opens, with the blank before it, that holds the place; the whole length if none does."""
    depth = 0
    for place in range(inside - 1, 0, -1):
        if text[place] == ")":
            depth += 1
        elif text[place] == "(":
            if not depth and text[place - 1] == " ":
                return place - 1
            depth -= depth > 0
    return len(text)


def _ended(text: str) -> str:
    """A sentence without its last full stop."""
    text = text.strip()
    return text[:-1] if text.endswith(".") and not text.endswith("..") else text


def v8_fatal(reading: Reading, line: str, following: str) -> None:
    """V8's `# Fatal error in file.cc, line 12` and the line after it."""
    found = _V8_FATAL.search(line)
    file = base_name(found[1]) if found else ""
    said = following.lstrip("# ").strip()
    if "process out of memory" in said:
        if reading.ooms:
            reading.found("Out-of-memory", Weight.CHECK)
        else:
            reading.found("", Weight.CHECK)
        return
    checked = _CHECKED.match(said)
    where = f" in {file}" if file else ""
    if checked:
        kind = "DCHECK failure" if checked[1] == "Debug check" else "CHECK failure"
        reading.found(kind, Weight.CHECK, message=(f"{condition(checked[2])}{where}",))
    elif said.startswith(("unreachable code", "unimplemented code")):
        reading.found("Unreachable code", Weight.CHECK, message=(file,) if file else ())
    elif said:
        reading.found("Fatal error", Weight.CHECK, message=(f"{_ended(masked(said))}{where}",))
    elif file:
        reading.found("Fatal error", Weight.CHECK, message=(file,))


def v8_abort(reading: Reading, line: str) -> None:
    """V8's `abort: CSA_ASSERT failed: … [file.cc:12]`."""
    found = _V8_ABORT.match(line)
    if found:
        file = (base_name(found[2]),) if found[2] else ()
        reading.found("ASSERT", Weight.CHECK, message=(masked(found[1]), *file), stack=Stack.NONE)


def assertion(reading: Reading, line: str) -> None:
    """`assert` of the C library, of GLib, of WebKit and of others: the condition that did not hold."""
    for before, afters in _ASSERTIONS:
        said = line.partition(before)[2]
        if not said:
            continue
        end = next((place for place in (said.rfind(after) for after in afters if after) if place >= 0), -1)
        if end >= 0:
            said = said[:end]
        elif afters[-1]:
            continue
        reading.found("ASSERT", Weight.CHECK, message=(masked(_ended(said)),))
        return


def rust(reading: Reading, line: str, following: str) -> None:
    """Rust's `thread 'main' panicked at 'message', file.rs:1:2`, or the message on a line of its own."""
    found = _RUST.match(line)
    if found:
        said = found[1] if found[1] is not None else (following.strip() if found[2] else found[3])
        reading.found("ASSERT", Weight.CHECK, message=(masked(said.strip()),))


def android(reading: Reading, line: str) -> None:
    """Android's `file.cpp:12 CHECK(condition) failed.`."""
    found = _ANDROID.match(line.strip())
    if found and " failed" in found[2]:
        text = found[2].partition(" failed")[0] + " failed"
        reading.found("CHECK failure", Weight.CHECK, message=(f"{masked(text)} in {base_name(found[1])}",))
