"""Crash reports: what each kind says, whatever surrounds it."""

from __future__ import annotations

import json
import string
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearinghouse.formats.crash import NO_CRASH, Crash, parse_crash
from clearinghouse.formats.crash.names import demangled, function

DATA = Path(__file__).parents[2].parent / "shared" / "data"

ADDRESS_SANITIZER = """\
INFO: Seed: 12
=================================================================
==7==ERROR: AddressSanitizer: heap-buffer-overflow on address 0x602000000014 at pc 0x1 bp 0x2 sp 0x3
READ of size 4 at 0x602000000014 thread T0
    #0 0x4a1b2c in memcpy (/target+0x4a1b2c)
    #1 0x4f6b78 in decode_row(unsigned char const*, int) src/decode.cc:76:7
    #2 0x4f6c08 in image::(anonymous namespace)::Reader::next() src/reader.cc:83:14
    #3 0x4f6cd3 in LLVMFuzzerTestOneInput fuzz/read_fuzzer.cc:100:6
    #4 0x4f6d00 in fuzzer::Fuzzer::ExecuteCallback(unsigned char const*, unsigned long) FuzzerLoop.cpp:1
0x602000000014 is located 0 bytes after 4-byte region
allocated by thread T0 here:
    #0 0x4a1b2c in malloc (/target+0x4a1b2c)
    #1 0x4f6b78 in elsewhere() src/other.cc:1:1
"""

REPORTS: tuple[tuple[str, str, str, tuple[str, ...], bool], ...] = (
    (
        ADDRESS_SANITIZER,
        "Heap-buffer-overflow\nREAD 4",
        "0x602000000014",
        ("decode_row", "image::Reader::next", "read_fuzzer.cc"),
        True,
    ),
    (
        (
            "==1==ERROR: AddressSanitizer: SEGV on unknown address 0x000000000008 (pc 0x1 bp 0x2 sp 0x3 T0)\n"
            "==1==The signal is caused by a WRITE memory access.\n"
            "    #0 0x4f6b78 in int take<std::vector<int, long> >(int) src/a.c:1:2\n"
        ),
        "Null-dereference WRITE",
        "0x000000000008",
        ("int take<std::vector<int, long> >",),
        False,
    ),
    (
        (
            "==1==ERROR: AddressSanitizer: stack-use-after-return on address 0x7f05 at pc 0x1\n"
            "WRITE of size 32780 at 0x7f05 thread T0\n    #0 0x1234 in fill src/f.c:1\n"
        ),
        "Stack-use-after-return\nWRITE {*}",
        "0x7f05",
        ("fill",),
        True,
    ),
    (
        "==1==ERROR: AddressSanitizer: stack-overflow on address 0x7ffc533cef30 (pc 0x1 bp 0x2 sp 0x3 T0)\n"
        "    #0 0x100 in enter a.c:1\n" + "    #1 0x101 in even a.c:2\n    #2 0x102 in odd a.c:3\n" * 9,
        "Stack-overflow",
        "0x7ffc533cef30",
        ("even", "odd", "even"),
        False,
    ),
    (
        "==1==WARNING: MemorySanitizer: use-of-uninitialized-value\n    #0 0x4f6b78 in scan src/a.c:1:2\n",
        "Use-of-uninitialized-value",
        "",
        ("scan",),
        True,
    ),
    (
        (
            "WARNING: ThreadSanitizer: data race (pid=18457)\n  Write of size 4 at 0x7f15d580f30c by thread T11:\n"
            "    #0 0x7f15 in set_status db.c:12:3\n  Previous read of size 8 at 0x7f15d580f30c by thread T1:\n"
        ),
        "Data race\nWRITE 4",
        "0x7f15d580f30c",
        ("set_status",),
        False,
    ),
    (
        (
            "==1==ERROR: LeakSanitizer: detected memory leaks\n\n"
            "Direct leak of 24 byte(s) in 1 object(s) allocated from:\n"
            "    #0 0x4d5058 in malloc _asan_rtl_\n    #1 0x80469a in new_element src/valid.c:952:34\n"
        ),
        "Direct-leak",
        "",
        ("new_element",),
        False,
    ),
    (
        (
            "src/a.c:12:3: runtime error: signed integer overflow: 1 + 2147483647 cannot be represented in type 'int'\n"
            "    #0 0x4f6b78 in add src/a.c:12:3\n"
        ),
        "Integer-overflow",
        "",
        ("add",),
        False,
    ),
    (
        (
            "a.cc:1:2: runtime error: downcast of address 0x2aa9a6abc480 which does not point to an object of type"
            " 'Menu'\n"
            "0x2aa9a6abc480: note: object is of type 'List'\n    #0 0x1234 in Menu::from(Base*) a.cc:1:2\n"
        ),
        "Bad-cast",
        "0x2aa9a6abc480",
        ("Bad-cast to Menu from List", "Menu::from"),
        True,
    ),
    (
        (
            "==3== ERROR: libFuzzer: deadly signal\n    #0 0x4f2ae7 in __sanitizer_print_stack_trace a.cc:1\n"
            "    #1 0x42f0f6 in fuzzer::Fuzzer::CrashCallback() b.cc:2\n    #2 0x4f6b78 in boom src/a.c:1:2\n"
        ),
        "Fatal-signal",
        "",
        ("boom",),
        False,
    ),
    (
        (
            "target: tree.c:860: void insert(int): Assertion `left < 123456' failed.\n"
            "==1==ERROR: AddressSanitizer: ABRT on unknown address 0x000000000001 (pc 0x1 bp 0x2 sp 0x3 T0)\n"
            "    #0 0x7faed4efa417 in gsignal raise.c:54\n    #1 0x550d27 in insert src/tree.c:860:5\n"
        ),
        "ASSERT",
        "",
        ("left < NUMBER", "insert"),
        False,
    ),
    (
        (
            "[1:1:0412/075451.163515:FATAL:net/ftp_util.cc(57)] Check failed: length > 0 (0 vs. 0)\n"
            "#0 0x56db <unknown>\n#1 0x56dc net::parse()\n"
        ),
        "CHECK failure",
        "",
        ("length > 0 in ftp_util.cc", "net::parse"),
        False,
    ),
    (
        (
            "panic: runtime error: slice bounds out of range [1:0]\n\ngoroutine 17 [running]:\n"
            "encoding/json.(*decodeState).unquote(0x10c000096420, 0x1)\n\t/go/src/decode.go:1264 +0xb3b\n"
            "main.main()\n==1==ERROR: AddressSanitizer: ABRT on unknown address 0x01 (pc 0x1)\n"
            "    #0 0x1 in runtime.raise a.s:1\n"
        ),
        "Slice bounds out of range",
        "",
        ("json.(*decodeState).unquote",),
        False,
    ),
    (
        (
            "thread 'main' panicked at src/lib.rs:27:5:\nno port is left\nstack backtrace:\n"
            "    #0 0x55 in core::panicking::panic_fmt::h3e3f989126541ea9 /rustc/b8/src/a.rs:1:1\n"
            "    #1 0x56 in net::port::take::h7d7baacfb554bae8 src/lib.rs:27:5\n"
        ),
        "ASSERT",
        "",
        ("no port is left", "net::port::take::h7d7baacfb554bae8"),
        False,
    ),
    (
        (
            "== Java Exception: java.lang.IllegalStateException: no\n\tat java.base/java.util.List.get(List.java:1)\n"
            "\tat com.example.Reader.next(Reader.java:51)\n"
        ),
        "Uncaught exception",
        "",
        ("com.example.Reader.next",),
        False,
    ),
    (
        (
            "/srv/app/read.js:27\n        throw new TypeError('x');\n\nTypeError: x\n"
            "    at check (/srv/app/read.js:27:9)\n"
            "    at Object.<anonymous> (/srv/app/main.js:1:1)\n"
            "    at Module._compile (node:internal/modules/cjs/loader:1:1)\n"
        ),
        "Uncaught exception",
        "",
        ("check",),
        False,
    ),
    (
        (
            'Traceback (most recent call last):\n  File "/srv/fuzz.py", line 69, in <module>\n    main()\n'
            '  File "/srv/fuzz.py", line 3, in main\n    read(data)\n  File "/srv/tar.py", line 9, in read\n    raise\n'
            "ValueError: no\n"
        ),
        "Uncaught exception",
        "",
        ("read", "main"),
        False,
    ),
    (
        (
            "[   12.058593] BUG: KASAN: slab-out-of-bounds in probe+0x26/0x31\n"
            "[   12.058608] Write of size 4 at addr ffff888012345678 by task kworker/0:1/11\n[   12.1] Call Trace:\n"
            "[   12.058680]  dump_stack+0x6a/0x5c0\n[   12.058690]  ? uncertain+0x6a/0x5c0\n"
            "[   12.058700]  probe+0x26/0x31\n"
        ),
        "Kernel failure\nSlab-out-of-bounds\nWRITE 4",
        "0xffff888012345678",
        ("probe",),
        True,
    ),
    (
        (
            "signal 11 (SIGSEGV), code 2 (SEGV_ACCERR), fault addr 0xb6e43000\nbacktrace:\n"
            "    #00 pc 00041208  /system/lib/libmedia.so (android::Parser::parse(int)+12)\n"
        ),
        "UNKNOWN",
        "0xb6e43000",
        ("NULL",),
        True,
    ),
    (
        (
            "ExceptionAddress: 000007feef725a3a (MSHTML!Ordinal101+0x3c4da)\n"
            "   ExceptionCode: c0000005 (Access violation)\n"
            "Attempt to read from address 0000000000000010\n"
            "00000000`0018f8f8 00000000`6eefbe2a MSHTML!Tree::walk+0x46\n"
        ),
        "READ",
        "0x000000000010",
        ("Tree::walk",),
        False,
    ),
)


@pytest.mark.parametrize("report", REPORTS, ids=[report[1].replace("\n", " ") for report in REPORTS])
def test_each_kind_of_report_is_read(report: tuple[str, str, str, tuple[str, ...], bool]) -> None:
    raw, kind, address, state, security = report
    assert parse_crash(raw) == Crash(kind, address, state, security)


@pytest.mark.parametrize("report", REPORTS, ids=[report[1].replace("\n", " ") for report in REPORTS])
def test_what_stands_around_a_report_and_how_its_lines_end_changes_nothing(
    report: tuple[str, str, str, tuple[str, ...], bool],
) -> None:
    raw = report[0]
    around = "start\n\n" + raw.replace("\n", "\r\n") + "\nexit code 77\n"
    assert parse_crash(around) == parse_crash(raw)


def test_memory_that_ran_out_is_a_crash_only_where_it_is_asked_for() -> None:
    raw = (
        "==1==ERROR: AddressSanitizer: allocator is out of memory trying to allocate 0x9a bytes\n"
        "    #0 0x1234 in malloc a.cc:1\n    #1 0x1234 in grow src/a.c:1\n"
    )
    assert parse_crash(raw) == NO_CRASH
    assert parse_crash(raw, ooms=True) == Crash("Out-of-memory", "", ("grow",), security=False)


def test_a_log_without_a_crash_is_none() -> None:
    assert parse_crash("INFO: Seed: 1\nError: unrecognized flag\n#2\tINITED cov: 7 ft: 7 corp: 1/1b\n") == NO_CRASH
    assert parse_crash("") == NO_CRASH
    assert not NO_CRASH


def test_the_first_fault_counts_and_an_abort_never_replaces_a_check() -> None:
    other = ADDRESS_SANITIZER.replace("heap-buffer-overflow", "double-free").replace("decode_row", "later")
    assert parse_crash(ADDRESS_SANITIZER + other) == parse_crash(ADDRESS_SANITIZER)
    check = "F0813 00:29:27.775753  384244 file.cc:130] Check failed: sorted\n"
    abort = "==1==ERROR: AddressSanitizer: ABRT on unknown address 0x05 (pc 0x1)\n    #0 0x12f in run() a.cc:1\n"
    assert parse_crash(check + abort) == Crash("CHECK failure", "", ("sorted in file.cc", "run"), security=False)


def test_a_watcher_tells_what_a_fault_means_before_it_or_after_it() -> None:
    words = "## V8 sandbox violation detected!\n"
    for raw in (words + ADDRESS_SANITIZER, ADDRESS_SANITIZER + words):
        found = parse_crash(raw)
        assert found.type == "V8 sandbox violation"
        assert found.state == ("decode_row", "image::Reader::next", "read_fuzzer.cc")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("decode(int) src/a.cc:1:2", "decode"),
        ("decode src/a.cc:1:2", "decode"),
        ("decode", "decode"),
        ("(anonymous namespace)::decode(int) a.cc", "decode"),
        ("operator delete(void*)", "operator delete"),
        ("f::operator()(int) const a.cc:1", "f::operator()"),
        ("std::map<int, long>::at C:\\b\\a.cc:1", "std::map<int, long>::at"),
        ("main (/target+0x12)", "main"),
        ("(/target+0x12)", ""),
        ("<unknown module>", ""),
        ("", ""),
    ],
)
def test_a_name_has_no_arguments_and_no_file(text: str, name: str) -> None:
    assert function(text) == name


def test_nested_names_are_demangled_and_what_is_more_stays() -> None:
    assert demangled("_ZN2ui10FlingCurveC2ERKN3gfx9Vector2dFE") == "ui::FlingCurve::FlingCurve"
    assert demangled("_ZNK3net6Reader4nextEv") == "net::Reader::next"
    assert demangled("_Z4scanPKc") == "scan"
    assert demangled("_ZN3FooIiE3barEv") == "_ZN3FooIiE3barEv"
    assert demangled("plain") == "plain"
    assert demangled("_ZN999999999999999999999a") == "_ZN999999999999999999999a"


LINES = st.one_of(
    st.sampled_from([line for report in REPORTS for line in report[0].splitlines()]),
    st.text(alphabet=string.printable + "\x00\x1b\ud800é", max_size=60),
)


@given(st.lists(LINES, max_size=30), st.booleans())
def test_any_text_is_read_and_the_answer_keeps_its_form(lines: list[str], ooms: bool) -> None:
    found = parse_crash("\n".join(lines), ooms=ooms)
    assert len(found.state) <= 4  # V8's API errors: a message beside three frames
    assert all(0 < len(line) <= 80 and "\n" not in line for line in found.state)
    assert bool(found.type) == bool(found.state) == (found.security is not None)
    assert found.type.count("\n") <= 2


def test_the_published_traces_are_read_as_their_authors_read_them() -> None:
    file = DATA / "crash-traces.jsonl.zst"
    if not file.exists():
        pytest.skip(f"the published crash traces are not at {file}")
    text = subprocess.run(["zstd", "-dcq", str(file)], capture_output=True, check=True).stdout.decode()
    asked = right = 0
    for line in text.splitlines():
        trace = json.loads(line)
        if trace["env"] or trace["parser_args"]:
            continue
        found = parse_crash(trace["raw"])
        got = {
            "crash_type": found.type,
            "crash_address": found.address,
            "crash_state": "".join(f"{part}\n" for part in found.state) if found.state != ("NULL",) else "NULL",
        }
        asked += 1
        right += all(got[key] == trace["expected"].get(key, got[key]) for key in got)
    assert asked > 100
    assert right / asked >= 0.97
