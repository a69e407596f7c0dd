"""Runs programs under a sanitizer and reads its report: a file that the sanitizer writes, never the program's output.

A run's first process is a small shell that starts the program, waits, and then sends the content of the sanitizer's
log files over the report descriptor, which the program itself does not need for it. What the program prints is not
looked at. A script of the finder's could write such a file itself, like any process of the run: that is why scripts
answer to controls.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from clearinghouse.prover.runtimes.interface import SRC, TREE

if TYPE_CHECKING:
    from clearinghouse.prover.building.toolchain import Toolchain
    from clearinghouse.prover.installed import Installed

EXIT: Final = 86  # with which a sanitizer ends the program after its report
MARK: Final = b'\n{"sanitizer log": true}\n'
_FOLDER: Final = "/tmp/.sanitizer"  # noqa: S108  # inside, fresh in every run
_MOST_LOG: Final = 256 << 10
_MOST_FRAMES: Final = 256
# $1… is the program. A signal that ended it ends this shell too, so that the run is seen to end by it.
_SHELL: Final = f"""
mkdir {_FOLDER}
"$@"
status=$?
for log in {_FOLDER}/report.*; do
    if [ -f "$log" ] && [ ! -L "$log" ]; then
        printf '{MARK.decode().replace(chr(10), "%b")}' '\\n' '\\n' >&3
        head -c {_MOST_LOG} "$log" >&3
    fi
done
[ "$status" -gt 128 ] && kill -"$((status - 128))" $$
exit "$status"
"""
_FRAME_FORMAT: Final = "    #%n %p in %f\t%s:%l\t(%m)"
_COMMON: Final = {
    "log_path": f"{_FOLDER}/report",
    "exitcode": str(EXIT),
    "abort_on_error": "0",
    "halt_on_error": "1",
    "symbolize": "1",
    "print_stacktrace": "1",
    "stack_trace_format": f'"{_FRAME_FORMAT}"',
    "color": "never",
    # A harness may have handlers of its own; the sanitizer's come first.
    "handle_segv": "2",
    "handle_sigbus": "2",
    "handle_sigill": "2",
    "handle_sigfpe": "2",
}
_ADDRESS: Final = {"detect_leaks": "0", "allocator_may_return_null": "1", "detect_odr_violation": "0"}
# Resource limits met are no memory errors; the oracles for those are others.
_NOT_CRASHES: Final = frozenset(
    {"allocation-size-too-big", "out-of-memory", "rss-limit-exceeded", "calloc-overflow", "requested"}
)
_HEADER: Final = re.compile(r"^==\d+==\s*ERROR: (AddressSanitizer|UndefinedBehaviorSanitizer): ([A-Za-z][\w+-]*)")
_ACCESS: Final = re.compile(r"^(READ|WRITE) of size (\d{1,18})\b")
_SEGV_ACCESS: Final = re.compile(r"^==\d+==The signal is caused by a (READ|WRITE) memory access")
_RUNTIME_ERROR: Final = re.compile(r"^\S{1,1000}: runtime error: (.{1,300})$")
_FRAME: Final = re.compile(r"^ {4}#\d{1,5} 0x[0-9a-f]+ in ([^\t]*)\t([^\t]*):(\d*)\t\(([^\t]*)\)$")


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame of a report, as the sanitizer resolved it: empty texts where it could not."""

    function: str
    source: str
    line: str
    module: str  # the file it was loaded from


@dataclass(frozen=True, slots=True)
class Crash:
    """One sanitizer report: which sanitizer, the kind of error, the access where there is one, the stack."""

    sanitizer: str
    kind: str  # "heap-buffer-overflow", "SEGV", "signed integer overflow"
    access: str  # "READ of size 4", "READ", or empty
    frames: tuple[Frame, ...]  # innermost first

    @property
    def signature(self) -> str:
        """Equal for equal effects: no addresses, no process numbers."""
        return f"{self.sanitizer}: {self.kind}{f', {self.access}' if self.access else ''}"


def own_function(crash: Crash, tree: Installed) -> str | None:
    """The innermost function of the target's own on the stack, as "module:function"; None where there is none.

    A frame is the target's by the file it was loaded from, or, where whole programs are built, by the source that it
    was compiled from: a program may hold code of the finder's.
    """
    for frame in crash.frames:
        place = _own_place(frame, tree)
        if place is not None:
            return f"{place}:{frame.function or '?'}"
    return None


def _own_place(frame: Frame, tree: Installed) -> str | None:
    module = frame.module.removeprefix(f"{TREE}/")
    if module == frame.module:
        return None
    if tree.metadata:
        return module.split(".")[0].replace("/", ".") if module in tree.own else None
    if not frame.source:
        return None
    source = posixpath.normpath(posixpath.join(SRC, frame.source)).removeprefix(f"{SRC}/")
    if source in tree.sources:
        return source
    # Compiled in a folder of its own, a source is named relative to that.
    alike = [path for path in tree.sources if path.endswith(f"/{source}")]
    return alike[0] if len(alike) == 1 else None


def started(argv: tuple[str, ...], toolchain: Toolchain, sanitizer: str, *, preload: bool) -> tuple[str, ...]:
    """The command that runs `argv` under the sanitizer it was built with.

    `preload` for a program that was not: the sanitizer's library must then be loaded before all others.
    """
    options = dict(_COMMON) if sanitizer == "undefined" else {**_COMMON, **_ADDRESS}
    if toolchain.family == "clang":
        options["external_symbolizer_path"] = "/usr/bin/llvm-symbolizer"
    text = ":".join(f"{name}={value}" for name, value in options.items())
    settings = [f"ASAN_OPTIONS={text}", f"UBSAN_OPTIONS={text}"]
    if preload:
        libraries = [toolchain.library(sanitizer), toolchain.standard]
        settings.append("LD_PRELOAD=" + " ".join(filter(None, libraries)))
    return ("/bin/sh", "-c", _SHELL, "sh", "/usr/bin/env", *settings, *argv)


def parse_log(data: bytes) -> Crash | None:
    """The first error of a log, None where it tells of none. Time and memory are linear in the log's length."""
    sanitizer = kind = access = ""
    frames: list[Frame] = []
    for line in data[:_MOST_LOG].decode("utf-8", "replace").splitlines():
        if not kind:
            sanitizer, kind = _opening(line)
        elif found := _FRAME.match(line):
            frames.append(Frame(found[1], found[2], found[3], found[4]))
            if len(frames) >= _MOST_FRAMES:
                break
        elif frames:
            break  # the first stack is the error's own; those of allocations follow
        elif said := _ACCESS.match(line):
            access = f"{said[1]} of size {said[2]}"
        elif said := _SEGV_ACCESS.match(line):
            access = said[1]
    if not kind or kind in _NOT_CRASHES:
        return None
    return Crash(sanitizer, kind, access, tuple(frames))


def _opening(line: str) -> tuple[str, str]:
    """The sanitizer and the kind of error, when a line opens a report; else two empty texts."""
    if found := _HEADER.match(line):
        return found[1], found[2]
    if found := _RUNTIME_ERROR.match(line):
        # Values differ from run to run; the words before them do not.
        words = re.split(r"[:,]| [-+]?\d| 0x", found[1], maxsplit=1)[0]
        return "UndefinedBehaviorSanitizer", words.strip()
    return "", ""
