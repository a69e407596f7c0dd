"""Errors that the Linux kernel reports of itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from clearinghouse.formats.crash.reading import Stack, Weight
from clearinghouse.formats.crash.sanitizers import size

if TYPE_CHECKING:
    from clearinghouse.formats.crash.reading import Reading

_KASAN = re.compile(r"BUG: KAS[Aa][Nn]: (.*)")
_ACCESS = re.compile(r"\b([Rr]ead|[Ww]rite|READ|WRITE) of size (\d+)(?: (?:at addr(?:ess)?) ([0-9a-fx]+))?")
_BUG_AT = re.compile(r"kernel BUG at (\S+?):\d+!")
_PANIC = re.compile(r"Kernel panic - not syncing: (.*)")
# A panic for these only follows what the kernel was told to panic on.
_CONSEQUENCES = (("panic_on_warn", "Warning"), ("hung_task", "Task-hung"), ("softlockup", "Soft-lockup"))
_FAULT = re.compile(
    r"Unable to handle kernel (.*?) at virtual address ([0-9a-fx]+)"
    r"|BUG: unable to handle kernel (.*?) at ([0-9a-fx]+)"
    r"|BUG: unable to handle page fault for address: ([0-9a-fx]+)"
)
# What a kernel's log puts before each line.
TIME = re.compile(r"(?:<\d>)?\[ *\d+\.\d+\](?:\[[^\]]{1,24}\])? ?")


def kasan(reading: Reading, line: str) -> None:
    """`BUG: KASAN: slab-out-of-bounds in function`."""
    found = _KASAN.search(line)
    if not found:
        return
    what, _, place = found[1].partition(" in ")
    what, _, address = what.partition(" on address ")
    address = address or place.partition(" at addr ")[2].split(" ", 1)[0]
    kind = what.strip().replace(" ", "-").capitalize()
    reading.found(f"Kernel failure\n{kind}", Weight.FAULT, address=_padded(address), stack=Stack.KERNEL)


def access(reading: Reading, line: str) -> None:
    """`Write of size 4 at addr ffff by task name/12`."""
    found = _ACCESS.search(line)
    if found and reading.type.startswith("Kernel failure\n") and reading.type.count("\n") == 1:
        reading.type += f"\n{found[1].upper()} {size(found[2])}"
        reading.address = _padded(found[3]) if found[3] else reading.address


def protection(reading: Reading, _line: str) -> None:
    """`general protection fault: 0000 [#1]`."""
    reading.found("Kernel failure\nGeneral-protection-fault", Weight.FAULT, stack=Stack.KERNEL)


def bug(reading: Reading, line: str) -> None:
    """`kernel BUG at file.c:12!`."""
    found = _BUG_AT.search(line)
    if found:
        reading.found(f"Kernel failure\n{found[1].capitalize()}:{{*}}!", Weight.FAULT, stack=Stack.KERNEL)


def panic(reading: Reading, line: str) -> None:
    """`Kernel panic - not syncing: …`, where nothing before told why."""
    found = _PANIC.search(line)
    if not found:
        return
    kind = next((kind for words, kind in _CONSEQUENCES if words in found[1]), "")
    if kind:
        reading.found(f"Kernel failure\n{kind}", Weight.FAULT, stack=Stack.KERNEL)
    else:
        reading.found(f"Kernel failure\n{found[1].strip().replace(' ', '-')}", Weight.FAULT, stack=Stack.KERNEL)


def fault(reading: Reading, line: str) -> None:
    """An access of the kernel to an address that it cannot handle."""
    found = _FAULT.search(line)
    if not found:
        return
    what = (found[1] or found[3] or "paging request").strip().capitalize().replace(" ", "-")
    reading.found(
        f"Kernel failure\n{what}", Weight.FAULT, address=_padded(found[2] or found[4] or found[5]), stack=Stack.KERNEL
    )


def _padded(digits: str) -> str:
    """An address as the sanitizers write theirs: `0x` and twelve digits at least."""
    digits = digits.removeprefix("0x")
    return f"0x{digits.lstrip('0').rjust(12, '0')}" if digits else ""


_OOPS = re.compile(r"Internal error: (?:Oops)?(?:: )+([0-9a-f]{1,8}) \[#\d+\]")
_COUNTER = re.compile(r"\bpc : \[<([0-9a-f]+)>\]")
_WRITE_BIT = 0x800
_STATUS_DIGITS = 3
# The status of a fault, of the architecture's manual (ARMv7, short descriptors): bits 10 and 3 to 0.
_STATUS = {
    1: "Alignment Fault",
    3: "Access Flag Fault, Section",
    5: "Translation Fault, Section",
    6: "Access Flag Fault, Page",
    7: "Translation Fault, Page",
    8: "External Abort",
    9: "Domain Fault, Section",
    11: "Domain Fault, Page",
    13: "Permission Fault, Section",
    15: "Permission Fault, Page",
}


def oops(reading: Reading, line: str) -> None:
    """32-bit ARM's `Internal error: Oops: 5 [#1]`: the status of the fault says more than its first words."""
    found = _OOPS.search(line)
    if not found or len(found[1]) > _STATUS_DIGITS:
        return
    code = int(found[1], 16)
    status = _STATUS.get(code & 0xF)
    if status and reading.weight in {Weight.NONE, Weight.FAULT} and not reading.frames:
        reading.weight = Weight.NONE
        kind = "WRITE" if code & _WRITE_BIT else "READ"
        reading.found(f"Kernel failure\n{kind} {status} ({code & 0xF})", Weight.FAULT, stack=Stack.KERNEL)


def counter(reading: Reading, line: str) -> None:
    """Where the processor stood in such a fault."""
    found = _COUNTER.search(line)
    if found and " Fault, " in reading.type:
        reading.address = f"0x{found[1]}"


# Words of the kernel's own watchers, at the beginning of a line: what is wrong, and how much it says.
_WATCHERS: tuple[tuple[re.Pattern[str], str, Weight], ...] = (
    (re.compile(r"BUG: KMSAN: (?:kernel-)?([\w-]+)"), "{}", Weight.FAULT),
    (re.compile(r"BUG: KCSAN: ([\w-]+)"), "{}", Weight.FAULT),
    (re.compile(r"BUG: KFENCE: ([\w -]+?) in "), "{}", Weight.FAULT),
    (re.compile(r"BUG: memory leak"), "memory-leak", Weight.FAULT),
    (re.compile(r"UBSAN: (?:[Uu]ndefined behaviour|([\w-]+)) in "), "{}", Weight.FAULT),
    (re.compile(r"BUG: (?:spinlock|rwlock) ([\w ]+?) on "), "lock {}", Weight.FAULT),
    (
        re.compile(r"BUG: (soft lockup|scheduling while atomic|sleeping function called from invalid context)"),
        "{}",
        Weight.FAULT,
    ),
    (
        re.compile(r"BUG: (Bad page|corrupted list|non-zero|MAX_|workqueue|looking up|stack guard page)"),
        "{}",
        Weight.FAULT,
    ),
    (re.compile(r"WARNING: (possible [\w ]+?) detected"), "{}", Weight.CHECK),
    (re.compile(r"WARNING: (suspicious RCU usage|bad unlock balance|held lock freed|lock held)"), "{}", Weight.CHECK),
    (re.compile(r"WARNING: (refcount bug|ODEBUG bug|kernel stack)"), "{}", Weight.CHECK),
    (re.compile(r"WARNING: (?:CPU: \d+ PID: \d+ )?at \S+?:\d+"), "warning", Weight.CHECK),
    (re.compile(r"INFO: (possible [\w ]+?) detected"), "{}", Weight.CHECK),
    (re.compile(r"INFO: (suspicious RCU usage|trying to register non-static key)"), "{}", Weight.CHECK),
    (
        re.compile(r"INFO: (?:rcu_\w+ |rcu: )?.*?(?:self-)?(detected stall|detected expedited stall)"),
        "rcu {}",
        Weight.CHECK,
    ),
    (re.compile(r"INFO: task .* blocked for more than"), "task-hung", Weight.CHECK),
    (
        re.compile(r"(divide error|invalid opcode|stack segment|double fault|unregister_netdevice: waiting)"),
        "{}",
        Weight.FAULT,
    ),
)


def watcher(reading: Reading, line: str) -> None:
    """What the kernel's own watchers print: lock checks, sanitizers of memory and races, warnings, stalls."""
    text = TIME.sub("", line, count=1).lstrip().removeprefix("rcu: ").removeprefix("watchdog: ")
    for form, words, weight in _WATCHERS:
        found = form.match(text)
        if found:
            said = (
                words.format(*(found.groups() or ()))
                if found.groups() and found[1]
                else words.format("undefined-behaviour")
            )
            reading.found(f"Kernel failure\n{said.replace(' ', '-').capitalize()}", weight, stack=Stack.KERNEL)
            return
