"""Names of functions as reports print them, cut to what stays the same from build to build."""

from __future__ import annotations

import re

from clearinghouse.formats.crash.crash import LINE_LENGTH

_ANONYMOUS = re.compile(r"\(anonymous namespace\)::|`anonymous namespace'::|\{anonymous\}::|\(anonymous class\)::")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_NUMBER = re.compile(r"(?<![0-9A-Za-z_])\d{4,}(?![0-9A-Za-z_])")
_PART = re.compile(r"(\d+)")


def function(text: str) -> str:
    """The function that the text of a frame begins with, without arguments, file and anonymous namespace; "" if none.

    The name ends before its arguments. Where it has none printed, it ends at the first blank outside angle brackets, so
    that the file after it is left out.
    """
    if not text or (text[0] in "(<[" and not text.startswith("(anonymous")):
        return ""
    if "anonymous" in text:
        text = _ANONYMOUS.sub("", text)
    at = text.find("(")
    while at >= 0 and text[:at].endswith("operator"):
        at = text.find("(", at + 2)
    if at > 0 and text[at - 1] != " ":
        name = text[:at]
        if " " not in name or _whole(name):
            return name
    return _first_word(text[:at] if at > 0 else text)


def _whole(name: str) -> bool:
    """Whether what stands before the arguments is one name, with its return type perhaps, and no file."""
    return "/" not in name and "\\" not in name


def _first_word(text: str) -> str:
    """The text up to its first blank outside angle brackets; an operator's name goes one word further."""
    depth = 0
    for index, letter in enumerate(text):
        if letter == "<":
            depth += 1
        elif letter == ">":
            depth -= depth > 0
        elif letter == " " and not depth:
            if text[:index].endswith("operator"):
                continue
            return text[:index]
    return text.strip()


def masked(message: str) -> str:
    """A message without the addresses and long numbers in it, which differ from run to run."""
    return _NUMBER.sub("NUMBER", _HEX.sub("ADDRESS", message))


def shortened(line: str) -> str:
    """At most 80 characters of a line of the state."""
    return line[:LINE_LENGTH]


def base_name(path: str) -> str:
    """The file's name without its folders, for either kind of slash."""
    return path.replace("\\", "/").rsplit("/", 1)[-1]


def demangled(symbol: str) -> str:
    """The nested name in a symbol of the Itanium C++ ABI, without arguments; the symbol itself where it is more.

    Templates and abbreviations are left as they are: who needs those demangles before the report is made.
    """
    if not symbol.startswith("_Z"):
        return symbol
    rest = symbol[2:]
    nested = rest.startswith("N")
    rest = rest.lstrip("NKVrO") if nested else rest
    parts: list[str] = []
    while rest:
        digits = _PART.match(rest)
        if digits:
            length = int(digits[1][:4])
            start = digits.end()
            if length > len(rest) - start:
                return symbol
            part = rest[start : start + length]
            if not part.startswith("_GLOBAL__N"):
                parts.append(part)
            rest = rest[start + length :]
            if not nested:
                break
        elif rest[:2] in {"C1", "C2", "C3"} and parts:
            parts.append(parts[-1])
            rest = rest[2:]
        elif rest[:2] in {"D0", "D1", "D2"} and parts:
            parts.append("~" + parts[-1])
            rest = rest[2:]
        elif rest.startswith("E"):
            break
        else:
            return symbol
    return "::".join(parts) if parts else symbol
