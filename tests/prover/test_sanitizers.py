"""A sanitizer's report is read from its log, whatever stands in it, and counts only with the exit that goes with it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearinghouse.core.manifest import OracleSpec
from clearinghouse.core.proof import OracleName, Signal
from clearinghouse.prover.attribution import attribute
from clearinghouse.prover.installed import Installed
from clearinghouse.prover.observation import Facts, parse_report
from clearinghouse.prover.oracles import judge
from clearinghouse.prover.sandbox.interface import Ending, Outcome
from clearinghouse.prover.sanitizers import EXIT, MARK, Crash, Frame, own_function, parse_log

MODULE = "/opt/target/thing/_fast.so"
HEAP = f"""
=================================================================
==4==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x7ffd at pc 0x7f4a bp 0x7ffd sp 0x7ffd
READ of size 4 at 0x7ffd thread T0
    #0 0x7f4a in memcpy\tlibsanitizer/x.inc:10\t(/usr/lib/libasan.so.8)
    #1 0x7f4b in inner(char const*, int) const\tsrc/fast.cc:12\t({MODULE})
    #2 0x7f4c in _PyEval_EvalFrameDefault\t:0\t(/opt/python/lib/libpython3.so)

0x7ffd is located 0 bytes to the right of 4-byte region
allocated by thread T0 here:
    #0 0x7f4d in malloc\t:0\t(/usr/lib/libasan.so.8)
    #1 0x7f4e in other\tsrc/fast.cc:99\t({MODULE})
"""
FATAL = """AddressSanitizer:DEADLYSIGNAL
=================================================================
==4==ERROR: AddressSanitizer: SEGV on unknown address 0x000000000010 (pc 0x7f bp 0x7f sp 0x7f T0)
==4==The signal is caused by a WRITE memory access.
    #0 0x7f4b in inner\tsrc/fast.cc:12\t(/opt/target/thing/_fast.so)
"""
UNDEFINED = """src/fast.cc:31:14: runtime error: signed integer overflow: 2147483647 + 1 cannot be represented
    #0 0x7f4b in inner\tsrc/fast.cc:31\t(/opt/target/thing/_fast.so)
"""


def python_tree(*own: str) -> Installed:
    return Installed(Path("/nowhere"), "1", "", own, "thing-1.dist-info", "")


def native_tree(*sources: str) -> Installed:
    return Installed(Path("/nowhere"), "1", "", sources, "", "", Path("/nowhere"), sources)


@pytest.mark.parametrize(
    ("log", "signature", "functions"),
    [
        (
            HEAP,
            "AddressSanitizer: heap-buffer-overflow, READ of size 4",
            ["memcpy", "inner(char const*, int) const", "_PyEval_EvalFrameDefault"],
        ),
        (FATAL, "AddressSanitizer: SEGV, WRITE", ["inner"]),
        (UNDEFINED, "UndefinedBehaviorSanitizer: signed integer overflow", ["inner"]),
    ],
    ids=["heap", "signal", "undefined"],
)
def test_kind_access_and_the_first_stack_are_read(log: str, signature: str, functions: list[str]) -> None:
    crash = parse_log(log.encode())
    assert crash is not None
    assert crash.signature == signature
    assert [frame.function for frame in crash.frames] == functions


@pytest.mark.parametrize(
    "log",
    [
        "",
        "==4==WARNING: AddressSanitizer failed to allocate 0x7fff bytes",
        "==4==ERROR: AddressSanitizer: out-of-memory on unknown address",
        "==4==ERROR: AddressSanitizer: requested allocation size",
        "==4==ERROR: LeakSanitizer: detected memory leaks",
        "said: ==4==ERROR: AddressSanitizer: heap-buffer-overflow",
    ],
)
def test_what_is_no_memory_error_is_no_crash(log: str) -> None:
    crash = parse_log(log.encode())
    assert crash is None


@given(st.binary(max_size=400))
def test_any_bytes_can_be_read(data: bytes) -> None:
    parse_log(data)
    parse_report(data + MARK + data)


@pytest.mark.parametrize(
    "line",
    [
        "==4==ERROR: " + " " * 60,
        "    #0 0x1 in " + "\t" * 60,
        "a" * 2000 + ": runtime error: x",
        "#" * 100,
        "x:y: " * 50,
    ],
)
def test_reading_comes_to_an_end_whatever_the_lines_are(line: str) -> None:
    text = ((line + "\n") * (200_000 // len(line))).encode()
    # A pattern that backtracks would take hours, and the test would be stopped.
    crash = parse_log(HEAP.partition("READ")[0].encode() + text)
    assert crash is not None
    assert crash.frames == ()
    assert parse_log(text) is None


def test_the_innermost_frame_in_the_targets_own_modules_is_named() -> None:
    crash = parse_log(HEAP.encode())
    assert crash is not None
    assert own_function(crash, python_tree("thing/_fast.so")) == "thing._fast:inner(char const*, int) const"
    assert own_function(crash, python_tree("thing/other.so")) is None


@pytest.mark.parametrize(
    ("source", "module", "function"),
    [
        ("/src/lib/table.c", "/opt/target/prog", "lib/table.c:f"),
        ("lib/table.c", "/opt/target/prog", "lib/table.c:f"),
        ("./lib/../lib/table.c", "/opt/target/prog", "lib/table.c:f"),
        ("table.c", "/opt/target/prog", "lib/table.c:f"),
        ("util.c", "/opt/target/prog", None),  # two sources have this name
        ("/proof/files/table.c", "/opt/target/prog", None),
        ("/src/lib/table.c", "/usr/lib/libc.so.6", None),
        ("", "/opt/target/prog", None),
    ],
)
def test_in_whole_programs_the_source_of_a_frame_decides(source: str, module: str, function: str | None) -> None:
    crash = Crash("AddressSanitizer", "SEGV", "", (Frame("f", source, "1", module),))
    assert own_function(crash, native_tree("lib/table.c", "a/util.c", "b/util.c")) == function


def facts(log: str, ending: Ending, code: int, **given: Any) -> Facts:
    report = parse_report(b'{"end": true}\n' + (MARK + log.encode() if log else b""))
    return Facts(Outcome(ending, code), report, form_one=True, **given)


@pytest.mark.parametrize(
    ("log", "ending", "code", "signal"),
    [
        (HEAP, Ending.EXITED, EXIT, Signal.FIRED),
        (HEAP, Ending.EXITED, 0, Signal.BROKEN),
        (HEAP, Ending.SIGNALLED, 11, Signal.BROKEN),
        ("", Ending.EXITED, EXIT, Signal.BROKEN),
        ("", Ending.EXITED, 0, Signal.SILENT),
        ("", Ending.SIGNALLED, 11, Signal.BROKEN),
    ],
)
def test_a_report_fires_only_with_its_exit_status(log: str, ending: Ending, code: int, signal: Signal) -> None:
    assert judge(OracleSpec(OracleName.SANITIZER), facts(log, ending, code))[0] is signal


def test_a_stack_without_the_target_is_a_doubt() -> None:
    known = facts(HEAP, Ending.EXITED, EXIT, target_function="thing._fast:inner")
    assert attribute(OracleName.SANITIZER, known) == ("thing._fast:inner", None)
    function, doubt = attribute(OracleName.SANITIZER, facts(HEAP, Ending.EXITED, EXIT))
    assert function is None
    assert doubt is not None


def test_what_the_harness_said_before_stands_apart_from_the_log() -> None:
    report = parse_report(b'{"done": true, "text": "returned 1"}\n' + MARK + b'{"done": true, "text": "forged"}\n')
    assert report.text == "returned 1"
    assert report.sanitized is None
