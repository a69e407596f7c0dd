"""Errors of the sanitizers: what AddressSanitizer and its kin say of an access, and UBSan of an expression."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from clearinghouse.formats.crash.reading import Weight
from clearinghouse.formats.crash.security import null

if TYPE_CHECKING:
    from clearinghouse.formats.crash.reading import Reading

_ERROR = re.compile(r"(ERROR|WARNING): (?:[A-Za-z]{0,40})Sanitizer: (.*)")
_ADDRESS = re.compile(r"(?:address|on|object|-ed:|chunk|\[) ?\[?(0x[0-9a-fA-F]+)")
_ACCESS = re.compile(r"(READ|WRITE) of size (\d+)(?: at (0x[0-9a-f]+))?")
_RACE_ACCESS = re.compile(r"\s*(?:Atomic )?(read|write) of size (\d+) at (0x[0-9a-f]+)", re.IGNORECASE)
_CAUSE = re.compile(r".*The signal is caused by a (READ|WRITE) memory access")
_WIDEST = 16
_DIGITS = 3

# Words of a sanitizer that are not the field's word with a capital.
_WORDS = {
    "segv": "UNKNOWN",
    "access-violation": "UNKNOWN",
    "unknown-crash": "UNKNOWN",
    "abrt": "Abrt",
    "fpe": "Floating-point-exception",
    "bus": "Bus",
    "ill": "Ill",
    "trap": "Trap",
    "breakpoint": "Breakpoint",
    "illegal-instruction": "Ill",
    "int-divide-by-zero": "Divide-by-zero",
    "flt-divide-by-zero": "Divide-by-zero",
    "int-overflow": "Integer-overflow",
    "integer-overflow": "Integer-overflow",
    "in-page-error": "UNKNOWN",
    "priv-instruction": "Ill",
    "stack-overflow": "Stack-overflow",
    "use-of-uninitialized-value": "Use-of-uninitialized-value",
    "bad-free": "Invalid-free",
    "stack-buffer-underflow": "Stack-buffer-underflow",
    "initialization-order-fiasco": "Initialization-order-fiasco",
    "strcpy-param-overlap": "Strcpy-param-overlap",
    "bad-__sanitizer_get_allocated_size": "Bad-sanitizer-get-allocated-size",
    "tag-mismatch": "Tag-mismatch",
    "lock-order-inversion": "Lock-order-inversion",
}
_SYMPTOMS = frozenset({"Abrt", "Breakpoint", "Ill", "Trap"})
# An address that is only where the program stood.
_NO_ADDRESS = frozenset({"Floating-point-exception"})
_OUT_OF_MEMORY = (
    "allocator is out of memory",
    "out of memory",
    "requested allocation size",
    "allocation-size-too-big",
    "calloc parameters overflow",
    "calloc-overflow",
    "failed to allocate",
    "allocator is trying to allocate",
    "hard rss limit exhausted",
    "rss-limit-exceeded",
    "pvalloc-overflow",
    "out-of-memory",
)
_BY_PHRASE = (
    ("attempting double-free", "Heap-double-free"),
    ("attempting free on address", "Invalid-free"),
    ("attempting to call malloc_usable_size", "Bad-malloc_usable_size"),
    ("alloc-dealloc-mismatch", "Alloc-dealloc-mismatch"),
    ("new-delete-type-mismatch", "New-delete-type-mismatch"),
    ("invalid-free", "Invalid-free"),
    ("double-free", "Heap-double-free"),
    ("detected memory leaks", ""),
    ("nested bug", ""),
    ("failed to intercept", ""),
    ("heap-use-after-free (virtual call vs free)", "Heap-use-after-free"),
    ("data race on vptr", "Data race on vptr"),
    ("data race", "Data race"),
    ("param-overlap", "Memcpy-param-overlap"),
    ("corrupted double-linked", "Heap-corruption"),
    ("negative-size-param", "Negative-size-param"),
    ("odr-violation", "ODR-violation"),
)
_WORD = re.compile(r"([A-Za-z][\w-]*)")


def error(reading: Reading, line: str) -> None:
    """`==1==ERROR: AddressSanitizer: heap-use-after-free on address 0x…`."""
    found = _ERROR.search(line)
    if not found:
        return
    text = found[2]
    lowered = text.lower()
    if any(words in lowered for words in _OUT_OF_MEMORY):
        if reading.ooms:
            reading.found("Out-of-memory", Weight.FAULT)
        else:
            reading.found("", Weight.FAULT)
        return
    for phrase, kind in _BY_PHRASE:
        if phrase in lowered:
            if kind:
                address = _ADDRESS.search(text)
                reading.found(kind, Weight.FAULT, address=address[1] if address else "")
            return
    word = _WORD.match(lowered)
    if not word or (found[1] == "WARNING" and "-" not in word[1]):
        return
    kind = _WORDS.get(word[1]) or word[1].capitalize()
    address = _ADDRESS.search(text)
    where = "" if kind in _NO_ADDRESS or address is None else address[1]
    if kind == "UNKNOWN" and null(where) and word[1] != "unknown-crash":
        kind = "Null-dereference"
    weight = Weight.SYMPTOM if kind in _SYMPTOMS else Weight.FAULT
    reading.found(kind, weight, address=where)


def access(reading: Reading, line: str) -> None:
    """`READ of size 4 at 0x…`: the second line of the type."""
    found = _ACCESS.search(line)
    if (
        found
        and reading.weight is Weight.FAULT
        and "\n" not in reading.type
        and reading.type not in _SIZELESS
        and not reading.frames
    ):
        reading.type += f"\n{found[1]} {size(found[2])}"


_SIZELESS = frozenset(
    {"UNKNOWN", "Null-dereference", "Stack-overflow", "Heap-double-free", "Invalid-free", "Use-of-uninitialized-value"}
)


def size(digits: str) -> str:
    """A size of an access: those beyond one word of the machine differ from run to run."""
    return digits if len(digits) < _DIGITS and int(digits) <= _WIDEST else "{*}"


def cause(reading: Reading, line: str) -> None:
    """`The signal is caused by a WRITE memory access.`."""
    found = _CAUSE.match(line)
    if found and reading.type in {"UNKNOWN", "Null-dereference"}:
        reading.type += f" {found[1]}"


def race(reading: Reading, line: str) -> None:
    """ThreadSanitizer's `Write of size 4 at 0x… by thread T1`: the first of the two accesses."""
    found = _RACE_ACCESS.match(line)
    if found and reading.type.startswith("Data race") and "\n" not in reading.type and not reading.address:
        reading.type += f"\n{found[1].upper()} {size(found[2])}"
        reading.address = found[3]


def leak(reading: Reading, line: str) -> None:
    """`Direct leak of 24 byte(s) in 1 object(s) allocated from:`."""
    found = re.match(r"\s*(Direct|Indirect) leak of ", line)
    if found:
        reading.found(f"{found[1]}-leak", Weight.FAULT)


_UNDEFINED: tuple[tuple[str, str], ...] = (
    ("division by zero", "Divide-by-zero"),
    ("member access within null pointer", "Null-dereference"),
    ("member call on null pointer", "Null-dereference"),
    ("reference binding to null pointer", "Null-dereference"),
    ("load of null pointer", "Null-dereference READ"),
    ("store to null pointer", "Null-dereference WRITE"),
    ("upcast of null pointer", "Upcast-of-null-pointer"),
    ("downcast of null pointer", "Downcast-of-null-pointer"),
    ("null pointer passed as argument", "Invalid-null-argument"),
    ("null pointer returned from function declared to never return null", "Invalid-null-return"),
    ("misaligned address", "Misaligned-address"),
    ("with insufficient space for an object", "Object-size"),
    ("which does not point to an object of type", "Bad-cast"),
    ("control flow integrity check", "Bad-cast"),
    ("through pointer to incorrect function type", "Incorrect-function-pointer-type"),
    ("applying non-zero offset", "Pointer-overflow"),
    ("applying zero offset to null pointer", "Pointer-overflow"),
    ("addition of unsigned offset", "Pointer-overflow"),
    ("subtraction of unsigned offset", "Pointer-overflow"),
    ("pointer index expression with base", "Pointer-overflow"),
    ("implicit conversion from type", "Implicit-conversion"),
    ("unsigned integer overflow", "Unsigned-integer-overflow"),
    ("signed integer overflow", "Integer-overflow"),
    ("integer overflow", "Integer-overflow"),
    ("cannot be represented in type", "Integer-overflow"),
    ("is outside the range of representable values", "Float-cast-overflow"),
    ("shift exponent", "Undefined-shift"),
    ("left shift of", "Undefined-shift"),
    ("out of bounds for type", "Index-out-of-bounds"),
    ("out of bounds", "Index-out-of-bounds"),
    ("variable length array bound evaluates to non-positive", "Non-positive-vla-bound-value"),
    ("execution reached an unreachable program point", "Unreachable code"),
    ("execution reached the end of a value-returning function", "No-return-value"),
    ("passing zero to", "Invalid-builtin-use"),
    ("assumption of", "Assumption-violation"),
    ("assumption is violated", "Assumption-violation"),
)
_LOAD_OF = re.compile(r"not a valid value for type '([^']*)'")
_CAST = re.compile(r" address (0x[0-9a-f]+) which does not point to an object of type (.*)")
_INTEGRITY = re.compile(r"control flow integrity check for type (.*?) failed ")
_VTABLE = re.compile(r"vtable address (0x[0-9a-f]+)")
_NOTE = re.compile(
    r"(0x[0-9a-f]+): note: "
    r"(invalid vtable|vtable is of type|object is of type|object has (?:a possibly )?invalid vptr)(.*)"
)


def undefined(reading: Reading, line: str) -> None:
    """`file:1:2: runtime error: …`, UBSan's and control flow integrity's."""
    text = line.partition("runtime error: ")[2]
    if not text or "panic" in line[:6] or line.startswith("["):
        return
    integrity = _INTEGRITY.search(text)
    if integrity:
        kind = integrity[1].strip("'")
        table = _VTABLE.search(text)
        reading.found("Bad-cast", Weight.FAULT, address=table[1] if table else "", message=(f"Bad-cast to {kind}",))
        return
    cast = _CAST.search(text)
    if cast:
        kind = cast[2].strip().strip("'")
        reading.found("Bad-cast", Weight.FAULT, address=cast[1], message=(f"Bad-cast to {kind}",))
        return
    value = _LOAD_OF.search(text)
    if value:
        kind = "Invalid-bool-value" if value[1] in {"bool", "_Bool", "BOOL", "const bool"} else "Invalid-enum-value"
        reading.found(kind, Weight.FAULT)
        return
    lowered = text.lower()
    kind = next((kind for words, kind in _UNDEFINED if words in lowered), "UNKNOWN")
    reading.found(kind, Weight.FAULT)


def vtable(reading: Reading, line: str) -> None:
    """`0x…: note: vtable is of type 'A'`: what the bad cast came from."""
    found = _NOTE.search(line)
    if found and reading.type == "Bad-cast" and reading.message and " from " not in reading.message[0]:
        invalid = "invalid" in found[2]
        source = "invalid vptr" if invalid else found[3].strip(" :'")
        reading.message = (f"{reading.message[0]} from {source}",)
        reading.address = reading.address or found[1]
