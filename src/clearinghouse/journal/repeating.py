"""Verbs that the database broke off because two of them waited for each other are run again: nothing of them happened.

SQLite lets one writer in at a time, so it never comes to this; PostgreSQL ends one of the two. Transactions take their
locks in one order (package, proof, report, case, chains of the journal, the chain `system` last), which leaves few.
"""

from __future__ import annotations

import functools
import time
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from django.db import OperationalError, connection

if TYPE_CHECKING:
    from collections.abc import Callable

_P = ParamSpec("_P")
_R = TypeVar("_R")
_TIMES = 5
_BROKEN_OFF = {"40001", "40P01"}  # serialization failure, deadlock detected


def repeated(verb: Callable[_P, _R]) -> Callable[_P, _R]:
    """The verb, run up to five times as long as its transaction is broken off.

    For verbs that open their own transaction; inside another's, that one's verb is repeated instead.
    """

    @functools.wraps(verb)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        for left in reversed(range(_TIMES)):
            try:
                return verb(*args, **kwargs)
            except OperationalError as error:
                state = getattr(error.__cause__, "sqlstate", None)
                if not left or state not in _BROKEN_OFF or connection.in_atomic_block:
                    raise
                time.sleep(0.05 * (_TIMES - left))
        raise AssertionError("unreachable")

    return run
