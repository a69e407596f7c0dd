"""Whether a type of crash puts memory or control at stake, or only ends the program."""

from __future__ import annotations

_HARMLESS = frozenset(
    {
        "ASSERT",
        "Abrt",
        "Breakpoint",
        "Bus",
        "CHECK failure",
        "Data race",
        "Direct-leak",
        "Divide-by-zero",
        "Fatal Exception",
        "Fatal error",
        "Fatal-signal",
        "Float-cast-overflow",
        "Floating-point-exception",
        "Ill",
        "Implicit-conversion",
        "Index out of range",
        "Indirect-leak",
        "Integer divide by zero",
        "Integer-overflow",
        "Invalid-bool-value",
        "Invalid-builtin-use",
        "Invalid-enum-value",
        "Makeslice: len out of range",
        "Misaligned-address",
        "Missing-library",
        "Non-null",
        "Non-positive-vla-bound-value",
        "Null-dereference",
        "Null-dereference READ",
        "Null-dereference WRITE",
        "Out-of-memory",
        "Overwrites-const-input",
        "Pointer-overflow",
        "RUNTIME_ASSERT",
        "Signed-integer-overflow",
        "Slice bounds out of range",
        "Stack-overflow",
        "Timeout",
        "Uncaught exception",
        "Undefined-behavior",
        "Undefined-return",
        "Undefined-shift",
        "Unexpected-exit",
        "Unreachable code",
        "Unsigned-integer-overflow",
        "V8 API error",
        "V8 correctness failure",
    }
)
NULL_PAGES = 0x10000


def at_stake(kind: str, address: str, lines: tuple[str, ...]) -> bool:
    """Whether the crash bears on security, as far as its type tells.

    An access to the first pages is a null dereference, whatever it is called. The program's own checks end it before
    harm is done, except those that say that they guard memory.
    """
    first = kind.split("\n", 1)[0]
    if first in _HARMLESS:
        return False
    if first in {"READ", "WRITE", "UNKNOWN"} and null(address):
        return False
    return not any("SHOULD NEVER BE REACHED" in line for line in lines)


def null(address: str) -> bool:
    """Whether an address lies in the first pages, which no program owns."""
    try:
        return int(address, 16) < NULL_PAGES
    except ValueError:
        return False
