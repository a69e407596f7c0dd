"""One line of a stack, in any of the forms that reports use, as the function and the file it names."""

from __future__ import annotations

import re
from typing import NamedTuple

from clearinghouse.formats.crash.names import base_name, demangled, function

_NUMBERED = re.compile(
    r"#(\d{1,5})\s+(?:(?:pc\s+)?\[?<?((?:0x)[0-9a-fA-F]{1,16}|[0-9a-fA-F]{6,16})>?\]?\s+)?(in\s+)?(.*)"
)
_CALL = re.compile(r"[\w:~<>,$.]+ \(")
_WINDOWS = re.compile(r"([^\[]+?) \[0x[0-9A-Fa-f]+\+\d+\](?: \((.*?)(?::\d+)?\))?$")
_MAC = re.compile(r"\d{1,4}\s+\S.*?\s+0x[0-9a-f]{8,16} (\S+)(?: \+ \d+)?")
_KERNEL = re.compile(
    r"(?:#\d+ )?(?:\[<\s*([0-9a-fx]+|inlined?)\s*>\]\s+)?\(?(\? )?([A-Za-z_][\w.$]*)\+0x[0-9a-f]+/0x[0-9a-f]+"
)
_REGISTER = re.compile(r"RIP: [0-9a-f]{4}:\[<([0-9a-f]+)>\]  \[<[0-9a-f]+>\] (\? )?([A-Za-z_][\w.$]*)\+0x")
_DEBUGGER = re.compile(
    r"(?:[0-9a-f`]{8,17} ){2,}(?::? ?(?:[0-9a-f`]{8,17} )+: )?([\w.]+)!(.+?)(?:\+0x[0-9a-f]+)?(?: \[.*| \(.*)?$"
)
_FUCHSIA = re.compile(r" <<.*>>\+0x[0-9a-f]+$")
_MODULE = re.compile(r"\((/.*?)\+0x[0-9a-f]+\)")
_SYSTEM = ("/lib", "/usr/", "/system/", "/apex/", "/System/")
_TRUSTY = re.compile(r"[ku]SP\+0x[0-9a-f]+: 0x[0-9a-f]+ in (\S+)(?: (\S+))?")
_MANAGED = re.compile(r"at ((?:async |new )?[\w.$<>\[\]/@*-]+(?: \[as \w+\])?) ?\((.*)\)$")
_PYTHON = re.compile(r'File "([^"]*)", line \d+, in (\S.*)')
_GO = re.compile(r"((?:[\w.~-]+/)*)([\w.~%-]+\.[^\s]*?)\((?:0x|\.\.\.|\{|\)|[\w?]+,|\))")
_RUST = re.compile(r"\s*\d+:\s+(?:0x[0-9a-f]+ - )?(.*)")
_UNKNOWN = ("<unknown>", "(<unknown", "<null>", "??", "<unknown module>")
_TARGET = ("LLVMFuzzerTestOneInput", "fuzzer_test_one_input")


class Frame(NamedTuple):
    """A frame: its number in its stack (-1 without one), its function ("" if unnamed), its file as printed or ""."""

    number: int
    function: str
    file: str
    unnamed: bool = False  # the file is the module then


def numbered(line: str) -> Frame | None:
    """A frame of a sanitizer, of gdb, of Android or of Chromium: `#3 0x4f6b78 in function file:line`."""
    found = _NUMBERED.match(line)
    if not found:
        return None
    number, address, in_, rest = found.groups()
    if "<<" in rest:
        rest = _FUCHSIA.sub("", rest)
    if rest.startswith("(") and not rest.startswith("(anonymous"):
        module = _MODULE.match(rest)
        return Frame(int(number), "", "" if not module or module[1].startswith(_SYSTEM) else module[1], unnamed=True)
    if rest.startswith(_UNKNOWN):
        return Frame(int(number), "", "")
    name = function(rest) if rest != "in" else ""
    # What follows a bare address may be the name of a module: it has a path or ends in one.
    if name and (name[0] == "/" or name.endswith((".so", ".dll", ".exe", ".dylib")) or ".so." in name):
        return Frame(int(number), "", name)
    if not address and not in_ and not _CALL.match(rest):
        return None
    return Frame(int(number), demangled(name), _file(rest, name))


def _file(rest: str, name: str) -> str:
    """The file that the rest of a frame names, without line and column; "" if none."""
    last = rest.rstrip()
    if last.endswith(")"):
        return ""
    at = last.rfind(" ")
    named = last.rfind(" at ")
    last = last[named + 4 :] if named >= 0 else last[at + 1 :] if at >= 0 else ""
    return re.sub(r"(?::\d+){1,2}$", "", last) if last != name else ""


def windows(line: str) -> Frame | None:
    """A frame of Chromium on Windows: `function [0x1234+56] (file:line)`."""
    found = _WINDOWS.match(line)
    return Frame(-1, function(found[1]), found[2] or "") if found else None


def mac(line: str) -> Frame | None:
    """A frame of macOS: `3   Framework   0x000 symbol + 56`."""
    found = _MAC.match(line)
    return Frame(-1, demangled(found[1]), "") if found else None


def kernel(line: str) -> Frame | None:
    """A frame of the Linux kernel that it is sure of: `[<ffff>] function+0x1/0x2`; not those after a question mark."""
    found = _KERNEL.match(line) or (_REGISTER.match(line) if line.startswith("RIP") else None)
    if not found or found[2]:
        return None
    return Frame(-1, found[3], "")


def debugger(line: str) -> Frame | None:
    """A frame of the Windows debugger's table: `child return module!function+0x12`."""
    found = _DEBUGGER.match(line) if "!" in line else None
    if not found:
        return None
    if says_nothing_module(found[1]):
        return Frame(-1, "", found[1])
    return Frame(-1, function(found[2]), found[1])


def says_nothing_module(module: str) -> bool:
    """Whether a module belongs to the system, so that its functions name no bug."""
    return module.lower() in {
        "ntdll",
        "kernel32",
        "kernelbase",
        "verifier",
        "vrfcore",
        "vfbasics",
        "msvcrt",
        "ucrtbase",
        "user32",
        "ole32",
        "combase",
    }


def trusty(line: str) -> Frame | None:
    """A frame of a trusted application."""
    found = _TRUSTY.match(line)
    if not found:
        return None
    return Frame(-1, "" if line[0] == "k" else found[1], found[2] or "")


def managed(line: str) -> Frame | None:
    """A frame of Java or JavaScript: `at function (file:line)`."""
    found = _MANAGED.match(line)
    return Frame(-1, found[1], found[2]) if found else None


def python(line: str) -> Frame | None:
    """A frame of Python: `File "file", line 1, in function`."""
    found = _PYTHON.match(line)
    return Frame(-1, found[2], found[1]) if found else None


def go(line: str) -> Frame | None:
    """A frame of Go: `path/package.function(0x1, …)`, named by package and function."""
    found = _GO.match(line)
    return Frame(-1, found[2], found[1]) if found else None


def is_target(name: str) -> bool:
    """Whether a function is the fuzz target's entry."""
    return name in _TARGET


def source_name(file: str) -> str:
    """The name by which a fuzz target's file stands in a state, or "" if the file is none of sources."""
    name = base_name(file)
    return name if "." in name and not name.startswith("<") else ""
