"""Errors that a language's runtime reports: Go, Java, JavaScript, Python, and detectors that stand beside them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from clearinghouse.formats.crash.names import masked
from clearinghouse.formats.crash.reading import Stack, Weight

if TYPE_CHECKING:
    from clearinghouse.formats.crash.reading import Reading

_GO_RUNTIME: tuple[tuple[str, str], ...] = (
    ("index out of range", "Index out of range"),
    ("slice bounds out of range", "Slice bounds out of range"),
    ("integer divide by zero", "Integer divide by zero"),
    ("makeslice: len out of range", "Makeslice: len out of range"),
    ("makeslice: cap out of range", "Makeslice: cap out of range"),
    ("invalid memory address or nil pointer dereference", "Invalid memory address"),
    ("growslice: len out of range", "Growslice: len out of range"),
)
_GO_PANIC = re.compile(r"panic: (.*?)(?: \[recovered.*)?$")
_JAVA = re.compile(r"(?:== Java (?:Exception|Assertion Error): |Exception in thread \"[^\"]*\" )([\w.$]+)(?:: )?(.*)")
_JAVA_SECURITY = re.compile(r"FuzzerSecurityIssue(?:Critical|High|Medium|Low)")
_WYCHEPROOF = re.compile(r"\d+\) (\w+\([\w.$]+\))$")


def go_panic(reading: Reading, line: str) -> None:
    """Go's `panic: …`: the runtime's own have their types, a program's is a failed assertion with its message."""
    found = _GO_PANIC.match(line)
    if not found:
        return
    said = found[1]
    if said.startswith("runtime error: "):
        for words, kind in _GO_RUNTIME:
            if words in said:
                reading.found(kind, Weight.CHECK, stack=Stack.GO)
                return
        said = said[15:]
    reading.found("ASSERT", Weight.CHECK, message=(masked(said),), stack=Stack.GO)


def go_fatal(reading: Reading, line: str) -> None:
    """Go's `fatal error: …`."""
    said = line[len("fatal error: ") :].strip()
    if "stack overflow" in said:
        reading.found("Stack overflow", Weight.CHECK, stack=Stack.GO)
    elif "out of memory" in said or "cannot allocate memory" in said:
        if reading.ooms:
            reading.found("Out-of-memory", Weight.CHECK)
    else:
        reading.found("Fatal error", Weight.CHECK, message=(masked(said),), stack=Stack.GO)


def java(reading: Reading, line: str) -> None:
    """Java's exception that nothing caught, as Jazzer or the runtime prints it."""
    found = _JAVA.search(line)
    if not found:
        return
    if _JAVA_SECURITY.search(found[1]):
        reading.found("Security exception", Weight.CHECK, stack=Stack.MANAGED)
    elif found[1].endswith("OutOfMemoryError") or "Out of memory" in found[2]:
        if reading.ooms:
            reading.found("Out-of-memory", Weight.CHECK)
    elif found[1].endswith("StackOverflowError") or "Stack overflow" in found[2]:
        reading.found("Stack-overflow", Weight.CHECK, stack=Stack.MANAGED)
    else:
        reading.found("Uncaught exception", Weight.CHECK, stack=Stack.MANAGED)


def javascript(reading: Reading, _line: str) -> None:
    """Jazzer.js' and Node's exception that nothing caught."""
    reading.found("Uncaught exception", Weight.CHECK, stack=Stack.MANAGED)


def wycheproof(reading: Reading, line: str) -> None:
    """The first failed test of Wycheproof's list."""
    found = _WYCHEPROOF.match(line.strip())
    if found and "wycheproof" in found[1]:
        reading.found("Wycheproof error", Weight.CHECK, message=(found[1],), stack=Stack.NONE)


def python_exception(reading: Reading, _line: str) -> None:
    """Atheris' head of an exception that nothing caught, or the interpreter's own."""
    reading.found("Uncaught exception", Weight.CHECK, stack=Stack.PYTHON)
    if reading.stack is Stack.PYTHON:
        reading.frames.clear()


_THROWN = re.compile(r"(?:Uncaught )?(?:[A-Z]\w*)?(?:Error|Exception)(?: \[\w+\])?(?:: |$)")


def node(reading: Reading, line: str, following: str) -> None:
    """Node's exception that nothing caught: its name, its message and, in the next line, its first frame."""
    if _THROWN.match(line) and following.lstrip().startswith("at "):
        reading.found("Uncaught exception", Weight.CHECK, stack=Stack.MANAGED)


def java_fatal(reading: Reading, _line: str) -> None:
    """Android's `FATAL EXCEPTION: main`."""
    reading.found("Fatal Exception", Weight.CHECK, stack=Stack.MANAGED)


def pysecsan(reading: Reading, _line: str) -> None:
    """PySecSan's word that a Python program did what it was told from outside."""
    reading.found("PySecSan", Weight.VERDICT, stack=Stack.PYTHON)
