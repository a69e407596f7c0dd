"""Reads what came of runs that were forked from one warm start: an outcome for each, or none at all.

The forks share a sandbox, so an ending of the whole that is not the cleanest says nothing of any of them: then the
runs are made again, each from a cold start.
"""

from __future__ import annotations

import base64
import binascii
import json
import os
import signal
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from clearinghouse.core.proof import OracleName
from clearinghouse.prover.sandbox.interface import Ending, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

# Not for memory (a control group keeps one peak), exec and connect (one program, one decoy for the whole sandbox), nor
# for what is told by a log of the whole.
SUITABLE: Final = frozenset(
    {
        OracleName.PREDICATE,
        OracleName.EXCEPTION,
        OracleName.RECURSION,
        OracleName.SIGNAL,
        OracleName.CPU,
        OracleName.READ,
        OracleName.WRITE,
    }
)
LEAST: Final = 2  # runs for which a warm start is worth its own


def outcomes(whole: Outcome, key: str, watched: Sequence[str]) -> list[Outcome] | None:
    """The outcome of each fork, in order; `watched` is each one's forbidden path. None where any is in doubt."""
    if whole.ending is not Ending.EXITED or whole.code != 0:
        return None
    found: list[Outcome] = []
    lines: list[bytes] | None = None
    for line in whole.report.split(b"\n"):
        said = _marked(line, key)
        if said is None:
            if lines is not None:
                lines.append(line)
        elif said.get("fork") == len(found):
            lines = []
        elif said.get("ended") == len(found) and lines is not None:
            one = _outcome(said, whole)
            if one is None:
                return None
            path = watched[len(found)]
            found.append(
                replace(one, report=b"\n".join(lines), present=frozenset({path} & whole.present), uid=whole.uid)
            )
            lines = None
        else:
            return None
    return found if len(found) == len(watched) else None


def _marked(line: bytes, key: str) -> dict[str, Any] | None:
    if key.encode() not in line:
        return None
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) and said.get("key") == key else None


def _outcome(said: dict[str, Any], whole: Outcome) -> Outcome | None:
    """One fork's end, in the words of the sandbox."""
    try:
        status, stopped = int(said["status"]), bool(said["stopped"])
        stdout, stderr = (base64.b64decode(said[name], validate=True) for name in ("stdout", "stderr"))
        cpu, wall, dropped = float(said["cpu"]), float(said["wall"]), int(said["dropped"])
    except (KeyError, TypeError, ValueError, binascii.Error):
        return None
    ending, code = Ending.EXITED, 0
    if stopped:
        ending = Ending.WALL_LIMIT
    elif os.WIFSIGNALED(status):
        code = os.WTERMSIG(status)
        ending = Ending.CPU_LIMIT if code == signal.SIGXCPU else Ending.SIGNALLED
        if code == signal.SIGKILL:
            return None  # the kernel for want of memory, or one of the run's own: what is meant, a cold run tells
    else:
        code = os.WEXITSTATUS(status)
    return Outcome(
        ending,
        code,
        stdout,
        stderr,
        dropped,
        cpu_seconds=min(cpu, whole.cpu_seconds),
        wall_seconds=wall,
        memory_kib=whole.memory_kib,
        detail="forked from a warm start",
    )
