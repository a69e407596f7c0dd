"""The one tree of errors; each says what went wrong, where, and what to do, and carries a command line's exit code.

ClearinghouseError
├── NotVerified           1   a signature, or what was signed, is not what it is held to be
├── UsageError            2   the caller asked for something that does not exist or does not fit
├── InvalidInput         65   data from outside breaks its format (sysexits EX_DATAERR)
│   └── InvalidBundle    65   a proof bundle does; lists every problem with its file, key or line
├── NotFound             66   no such object, or none that the caller may see (EX_NOINPUT)
├── Unavailable          69   something this machine lacks (EX_UNAVAILABLE)
│   └── SandboxUnavailable
├── IntegrityError       70   stored data contradicts itself (EX_SOFTWARE)
├── Refused              77   a rule forbids it (EX_NOPERM)
└── Conflict             75   it happened already, or something else did first (EX_TEMPFAIL)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Iterable


class ClearinghouseError(Exception):
    """Something a person must be told: `code` for machines, the message for people, `advice` for what to do next."""

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.message}; {self.advice}" if self.advice else self.message


class NotVerified(ClearinghouseError):
    """A signature does not fit its key and content, or what was signed is about something else."""

    code = "not-verified"


class UsageError(ClearinghouseError):
    """The caller asked for something that does not exist or does not fit."""

    code = "usage"
    exit_code = 2


class InvalidInput(ClearinghouseError):
    """Data from outside breaks its format; the message names the place."""

    code = "invalid-input"
    exit_code = 65


class InvalidBundle(InvalidInput):
    """A proof bundle breaks its format; `problems` lists every fault found, each with its file, key or line."""

    code = "invalid-bundle"

    def __init__(self, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(self.problems))


class NotFound(ClearinghouseError):
    """No such object, or none that the caller may see: the two look the same."""

    code = "not-found"
    exit_code = 66


class Unavailable(ClearinghouseError):
    """This machine lacks something; the advice says what to install or switch on."""

    code = "unavailable"
    exit_code = 69


class SandboxUnavailable(Unavailable):
    """Foreign code cannot be run safely here, so it is not run at all."""

    code = "no-sandbox"


class IntegrityError(ClearinghouseError):
    """Stored data contradicts itself."""

    code = "integrity"
    exit_code = 70


class Conflict(ClearinghouseError):
    """It happened already, or something else did first."""

    code = "conflict"
    exit_code = 75


class Refused(ClearinghouseError):
    """A rule forbids it; the message names the rule."""

    code = "refused"
    exit_code = 77
