"""What a crash report says: the type of the crash, the address, the lines that name it, and if security is at stake."""

from __future__ import annotations

from dataclasses import dataclass

STATE_LINES = 3
LINE_LENGTH = 80
NO_STATE = "NULL"


@dataclass(frozen=True, slots=True)
class Crash:
    """A report in the few words by which reports are compared.

    `type` is a word of the field's vocabulary (`Heap-buffer-overflow`), with the access in a second line where one is
    known (`READ 4`, `{*}` for more than 16 bytes); empty if the text shows no crash. `address` is as the text writes
    it, or empty. `state` holds the lines that name the place: three mostly, of at most 80 characters each, the
    innermost frame of the project first, after the message of a failed check; `("NULL",)` where nothing names one, and
    empty without a crash. `security` tells whether memory or control is at stake, None if there is no crash.
    """

    type: str
    address: str
    state: tuple[str, ...]
    security: bool | None

    def __bool__(self) -> bool:
        """Whether the text shows a crash at all."""
        return bool(self.type)


NO_CRASH = Crash("", "", (), None)
