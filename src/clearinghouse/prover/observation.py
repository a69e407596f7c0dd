"""What one run showed, read from the sandbox's outcome and the harness's own lines; no verdict yet."""

from __future__ import annotations

import hashlib
import json
import re
import signal
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from clearinghouse.core.growth import Cost
from clearinghouse.prover.sandbox.interface import Ending, Outcome
from clearinghouse.prover.sanitizers import MARK, Crash, parse_log

if TYPE_CHECKING:
    from clearinghouse.core.proof import Signal

_CRASHES = {signal.SIGSEGV, signal.SIGBUS, signal.SIGILL, signal.SIGFPE, signal.SIGABRT}
_TRACE = re.compile(r'^\s+File "/opt/target/([^"]+)", line \d+ in (.+)$')
_MOST_LINES = 4000
_MOST = 1e12  # no number of ours is larger; NaN and infinity are none


@dataclass(frozen=True, slots=True)
class Report:
    """The harness's lines, parsed; everything in it is empty when the harness said nothing."""

    text: str | None = None  # what a predicate looks at
    function: str | None = None
    line: str = ""  # source of the line that raised, in the function named
    recursion: bool = False
    raised: tuple[str, ...] = ()  # the class of the exception that left the target uncaught, and its bases
    built: float = 0.0  # bytes that the values of the steps took
    broken: str | None = None
    refused: bool = False  # broken, because a step reached for what steps may not have
    ended: bool = False
    costs: tuple[Cost, ...] = ()
    armed: float | None = None  # CPU already used when the unfinished clock began
    armed_size: int | None = None
    effects: tuple[tuple[str, str | None], ...] = ()  # (event, function of the target or None)
    doubts: tuple[str, ...] = ()
    born: bool = False  # an effect came from code that the target made of a text
    given: tuple[tuple[str, float], ...] = ()  # (step, sum of the data it gave the target), of the first calls
    inside: tuple[str, ...] = ()  # where CPU samples fell, most frequent first
    samples: tuple[int, int] = (0, 0)  # (all, inside the target)
    changed: tuple[str, ...] = ()
    sanitized: Crash | None = None
    sanitizer_log: bytes = b""
    polluted: tuple[str, ...] = ()  # kinds of fresh values that inherited the run's token
    crash: tuple[str, ...] = ()  # functions of the target on the stack of a crash, innermost first


def parse_report(data: bytes, key: str = "") -> Report:
    """Read the report descriptor's content. Lines that are not ours are ignored, so nothing in it can raise.

    Where a `key` is given, ours are those that bear it.
    """
    data, _, log = data.partition(MARK)
    lines = data.decode("utf-8", "replace").splitlines()[:_MOST_LINES]
    fields: dict[str, Any] = {}
    costs: list[Cost] = []
    effects: list[tuple[str, str | None]] = []
    doubts: list[str] = []
    crash: list[str] = []
    for line in lines:
        if not line.startswith(("{", " ")):
            continue
        traced = _TRACE.match(line)
        if traced:
            crash.append(f"{traced[1].removesuffix('.py').removesuffix('/__init__').replace('/', '.')}:{traced[2]}")
            continue
        try:
            said = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(said, dict) and (not key or said.get("key") == key):
            _take(said, fields, costs, effects, doubts)
    return Report(
        costs=tuple(costs),
        effects=tuple(effects),
        doubts=tuple(doubts),
        crash=tuple(crash),
        sanitized=parse_log(log),
        sanitizer_log=log,
        **fields,
    )


def _take(
    said: dict[str, Any],
    fields: dict[str, Any],
    costs: list[Cost],
    effects: list[tuple[str, str | None]],
    doubts: list[str],
) -> None:
    """Fold one line into what is known so far. Values are converted: what a script forges here must not break us."""
    if "armed" in said:
        fields["armed"], fields["armed_size"] = _number(said["armed"]), _size(said.get("size"))
    elif "finished" in said:
        costs.append(Cost(_size(said.get("size")), _number(said.get("cpu")), bool(said["finished"])))
        fields["armed"] = None
    elif "effect" in said:
        effects.append((str(said["effect"]), _name(said.get("function"))))
        doubts.extend([str(said["doubt"])[:300]] if said.get("doubt") else [])
        fields["born"] = fields.get("born", False) or bool(said.get("born"))
    elif "given" in said:
        fields["given"] = (*fields.get("given", ()), (str(said["given"])[:200], _number(said.get("sum"))))
    elif "samples" in said:
        inside = [(str(pair[0])[:300], int(_number(pair[1]))) for pair in _list(said.get("inside")) if _is_pair(pair)]
        fields["inside"] = tuple(name for name, _ in inside)
        fields["samples"] = (int(_number(said["samples"])), sum(count for _, count in inside))
    elif "built" in said:
        fields["built"] = _number(said["built"])
    elif named := {"changed", "polluted"} & said.keys():
        fields.update({key: tuple(str(name)[:300] for name in _list(said[key])) for key in named})
    else:
        _take_end(said, fields)


def _take_end(said: dict[str, Any], fields: dict[str, Any]) -> None:
    """The lines that say how the steps came to their end."""
    if "refused" in said:
        fields["broken"], fields["refused"] = str(said["refused"])[:500], True
    elif "broken" in said:
        fields["broken"] = str(said["broken"])[:500]
    elif "done" in said:
        fields.update(
            text=str(said.get("text", "")),
            recursion=bool(said.get("recursion")),
            raised=tuple(str(name)[:300] for name in _list(said.get("raised"))),
            function=_name(said.get("function")),
            line=str(said.get("line", ""))[:200],
        )
    elif "end" in said:
        fields["ended"] = True


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < _MOST:
        return 0.0
    return float(value)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_pair(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2  # noqa: PLR2004  # a name and a count


def _size(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def _name(value: Any) -> str | None:
    return str(value)[:300] if value else None


@dataclass(frozen=True, slots=True)
class Facts:
    """One run as the oracles see it: the sandbox's outcome, the harness's report, and what the canaries heard."""

    outcome: Outcome
    report: Report
    form_one: bool
    warm: bool = False  # forked from a warm start
    knocked: bool = False
    secret_seen: bool = False
    written: bool = False
    visited: bool = False  # the decoy was reached
    target_function: str | None = None  # innermost on the stack of a sanitizer's report that is the target's own
    carried: bool = False  # and was sent the secret
    peaks: tuple[Cost, ...] | None = None  # MiB by size, above what importing takes; None where nothing counts them

    @property
    def crash_signal(self) -> str | None:
        """The name of the fatal signal that ended the run, when it is one of a crash."""
        if self.outcome.ending is Ending.SIGNALLED and self.outcome.code in _CRASHES:
            return signal.Signals(self.outcome.code).name
        return None

    @property
    def finished(self) -> bool:
        """Whether the run ended well: only then can it be silent."""
        well = self.outcome.ending is Ending.EXITED and self.outcome.code == 0
        if not self.form_one:
            return well
        report = self.report
        return well and report.broken is None and (report.ended or any(not cost.finished for cost in report.costs))

    @property
    def trouble(self) -> str:
        """Why the run did not end well, in words that are the same each time."""
        outcome, report = self.outcome, self.report
        if report.broken is not None:
            return report.broken
        if outcome.ending is Ending.SIGNALLED:
            return f"signal {self.crash_signal or outcome.code}"
        if outcome.ending is Ending.EXITED and outcome.code:
            last = outcome.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
            return f"exit status {outcome.code}" + (f" ({last[0][:200]})" if last else "")
        if outcome.ending is Ending.EXITED:
            return "ended without the harness's report"
        words = {
            Ending.WALL_LIMIT: "stopped at the wall-clock limit",
            Ending.CPU_LIMIT: "stopped at the CPU limit",
            Ending.MEMORY_LIMIT: "stopped at the memory limit",
        }
        return words.get(outcome.ending, f"the sandbox failed: {outcome.detail}")


@dataclass(frozen=True, slots=True)
class Observation:
    """One judged run. `function` is the target function that the effect was attributed to."""

    signal: Signal
    signature: str
    facts: Facts
    function: str | None = None
    doubt: str | None = None
    cpu_seconds: float = 0.0
    log: str = ""
    log_digest: str = field(default="")


def log_of(outcome: Outcome, report: Report) -> tuple[str, str]:
    """What a person reads of a run, and its SHA-256."""
    parts = []
    for name, data in (("stdout", outcome.stdout), ("stderr", outcome.stderr)):
        if data:
            parts.append(f"--- {name}\n{data.decode('utf-8', 'backslashreplace')}")
    if report.text is not None:
        parts.append(f"--- harness\n{report.text}")
    if report.broken:
        parts.append(f"--- harness\nbroken: {report.broken}")
    if report.sanitizer_log:
        parts.append(f"--- sanitizer\n{report.sanitizer_log.decode('utf-8', 'backslashreplace')}")
    if report.crash:
        parts.append("--- stack of the crash, innermost first\n" + "\n".join(report.crash[:40]))
    if outcome.dropped:
        parts.append(f"--- {outcome.dropped} bytes of output were dropped")
    if outcome.detail and outcome.ending is not Ending.NOT_STARTED:
        parts.append(f"--- {outcome.detail}")
    ending = f"{outcome.ending.value} {outcome.code}"
    parts.append(f"--- ended: {ending}, wall {outcome.wall_seconds:.2f} s, CPU {outcome.cpu_seconds:.2f} s")
    log = "\n".join(parts)
    return log, hashlib.sha256(log.encode("utf-8", "backslashreplace")).hexdigest()
