"""What has been read of a report so far: which of the errors it tells of is the one that counts, and its frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from clearinghouse.formats.crash.crash import NO_CRASH, NO_STATE, STATE_LINES, Crash
from clearinghouse.formats.crash.names import shortened
from clearinghouse.formats.crash.security import at_stake


class Weight(IntEnum):
    """How much an error says. A later one counts only if it says more: an abort follows from the check before it."""

    NONE = 0
    SYMPTOM = 1  # a signal by which a program ends itself: something else may tell why
    CHECK = 2  # the program's own check, or its runtime's
    FAULT = 3  # a sanitizer, a kernel or a debugger tells what was wrong
    VERDICT = 4  # a watcher that stands above the sanitizer tells what it means


class Stack(StrEnum):
    """Whose frames belong to the error that counts."""

    NATIVE = "native"
    KERNEL = "kernel"
    GO = "go"
    MANAGED = "managed"
    PYTHON = "python"
    NONE = "none"


@dataclass(slots=True)
class Reading:
    """One report while it is read; `ooms` tells whether exhausted memory or time is a crash."""

    ooms: bool
    type: str = ""
    address: str = ""
    message: tuple[str, ...] = ()
    frames: list[str] = field(default_factory=list)
    weight: Weight = Weight.NONE
    stack: Stack = Stack.NATIVE
    wanted: int = 0
    closed: bool = False
    modules: list[str] = field(default_factory=list)  # those of frames without a function
    process: str = ""
    outranked: str = ""  # what a watcher said before the fault itself was told

    def found(
        self,
        kind: str,
        weight: Weight,
        *,
        address: str = "",
        message: tuple[str, ...] = (),
        stack: Stack = Stack.NATIVE,
    ) -> None:
        """Take an error in, unless one that says as much was found before."""
        if weight <= self.weight:
            return
        if self.outranked and weight is Weight.FAULT:
            kind, weight = self.outranked, Weight.VERDICT
        self.type, self.address, self.weight, self.message = kind, address, weight, message
        self.stack, self.closed = stack, False
        self.wanted = STATE_LINES - len(message)
        self.frames.clear()
        self.modules.clear()

    def means(self, kind: str) -> None:
        """A watcher tells what the error that was found means: its place and frames stay."""
        if self.weight < Weight.VERDICT:
            if self.weight is not Weight.FAULT:
                self.found(kind, Weight.FAULT)
            else:
                self.type, self.weight = kind, Weight.VERDICT

    def crash(self) -> Crash:
        """What was found, in its final words."""
        if not self.type:
            return NO_CRASH
        frames = self.frames if self.stack is not Stack.PYTHON else self.frames[::-1]
        if self.type == "Stack-overflow":
            frames = frames[_cycle(frames) :]
        frames = [*frames, *self.modules] if self.stack is Stack.NATIVE else frames
        lines = (*self.message, *frames[: self.wanted])
        if not lines and self.process:
            lines = (self.process,)
        state = tuple(shortened(line) for line in lines) or (NO_STATE,)
        return Crash(self.type, self.address, state, at_stake(self.type, self.address, lines))


_LONGEST_CYCLE = 10
_REPEATS = 3


def _cycle(frames: list[str]) -> int:
    """Where the calls of an overflowed stack begin to repeat themselves; 0 if they do not."""
    for start in range(len(frames)):
        for length in range(1, _LONGEST_CYCLE + 1):
            end = start + length * _REPEATS
            if end <= len(frames) and all(
                frames[place] == frames[place - length] for place in range(start + length, end)
            ):
                return start
    return 0
