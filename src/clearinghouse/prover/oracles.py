"""Judges one run: fired, silent or broken. Each oracle looks at what the supervisor saw from outside the process.

`predicate`, `pollution` and, in form 1, `recursion` read the harness's own report; no code of the finder's shares its
process there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from clearinghouse.core.growth import Cost, alike, exceeds, exponent, grows
from clearinghouse.core.proof import OracleName, Signal
from clearinghouse.prover import sanitizers
from clearinghouse.prover.memory import judge_memory
from clearinghouse.prover.patterns import PatternTooSlow, search
from clearinghouse.prover.sandbox.interface import Ending

if TYPE_CHECKING:
    from collections.abc import Callable

    from clearinghouse.core.manifest import OracleSpec
    from clearinghouse.prover.observation import Facts

VERSION = 1
Judgement = tuple[Signal, str]
# In form 1 these look at what the harness says, and at nothing that the supervisor sees by itself.
JUDGED_BY_REPORT = {OracleName.PREDICATE, OracleName.EXCEPTION, OracleName.RECURSION, OracleName.CPU}
_OF_AN_INTERFACE = tuple(
    f"raised builtins.{name} " for name in ("ImportError", "ModuleNotFoundError", "NameError", "TypeError")
)
_DURATION = re.compile(r"\b\d+\.\d+ ?s\b")  # a runner's own clock would make equal failures unlike
_MOST_CPU_DRIFT = 1.25  # the harness's clocks and the supervisor's may differ by this factor and 0.2 s


def judge(spec: OracleSpec, facts: Facts, reference: float | None = None) -> Judgement:
    """Fired, silent or broken, with a signature that is equal for equal effects.

    `reference` serves the cpu oracle, in CPU seconds. Without sizes: of the fixed version or the control, whichever is
    larger. With sizes: of the vulnerable version at the largest, where a version that should be silent is judged.
    """
    if facts.outcome.ending is Ending.NOT_STARTED:
        return Signal.BROKEN, facts.trouble
    fired = _JUDGES[spec.name](spec, facts, reference)
    if fired is not None and not isinstance(fired, tuple):
        return Signal.FIRED, fired
    judged = fired or (
        (Signal.SILENT, "the effect did not appear") if facts.finished else (Signal.BROKEN, facts.trouble)
    )
    if judged[0] is Signal.SILENT and (stumbled := _stumbled(spec, facts)):
        return Signal.BROKEN, stumbled
    return judged


def _stumbled(spec: OracleSpec, facts: Facts) -> str | None:
    """Why a silent run is not silence: it ended in an error that a changed interface brings, which nobody announced."""
    text = facts.report.text or ""
    if not facts.form_one or spec.name is OracleName.EXCEPTION or not text.startswith(_OF_AN_INTERFACE):
        return None
    if spec.secure is not None and search(spec.secure, text):
        return None
    return f"{text[:200]}; such an error may come from a changed interface"


def judge_tests(facts: Facts) -> Judgement:
    """Silent where the bundle's tests passed (exit status 0), else broken with the last line that they said."""
    if facts.finished:
        return Signal.SILENT, "the tests pass"
    outcome = facts.outcome
    if outcome.ending is Ending.EXITED:
        said = outcome.stderr.decode("utf-8", "replace").split("\n") + outcome.stdout.decode("utf-8", "replace").split(
            "\n"
        )
        lines = [line.strip() for line in said if line.strip()]
        last = _DURATION.sub("some time", lines[-1][:200]) if lines else "nothing was said"
        return Signal.BROKEN, f"exit status {outcome.code}: {last}"
    return Signal.BROKEN, facts.trouble


def _predicate(spec: OracleSpec, facts: Facts, _reference: float | None) -> str | Judgement | None:
    assert spec.insecure is not None
    if not facts.finished:
        return None
    text = facts.report.text if facts.form_one else facts.outcome.stdout.decode("utf-8", "replace")
    try:
        insecure = search(spec.insecure, text or "")
        secure = spec.secure is not None and search(spec.secure, text or "")
    except PatternTooSlow as error:
        return Signal.BROKEN, str(error)
    if insecure and not secure:
        return "the predicate holds"
    return Signal.SILENT, f"the predicate does not hold of: {(text or '')[:160]}"


def _signal(_spec: OracleSpec, facts: Facts, _reference: float | None) -> str | None:
    return f"signal {facts.crash_signal}" if facts.crash_signal else None


def _recursion(_spec: OracleSpec, facts: Facts, _reference: float | None) -> str | None:
    if facts.crash_signal == "SIGSEGV":
        return "stack overflow (signal SIGSEGV)"
    if facts.form_one and facts.finished and facts.report.recursion:
        return "uncaught RecursionError in the target"
    return None


def _write(_spec: OracleSpec, facts: Facts, _reference: float | None) -> str | None:
    return "the forbidden path came to exist" if facts.written else None


def _read(_spec: OracleSpec, facts: Facts, _reference: float | None) -> str | None:
    return "the secret appeared in the output" if facts.secret_seen else None


def _exec(_spec: OracleSpec, facts: Facts, _reference: float | None) -> str | None:
    return "the canary executable was started" if facts.knocked else None


def _connect(spec: OracleSpec, facts: Facts, _reference: float | None) -> str | Judgement | None:
    if spec.carrying:
        if facts.carried:
            return "the secret was sent to the decoy"
        seen = "was reached without the secret" if facts.visited else "was not reached"
        return (Signal.SILENT, f"the decoy {seen}") if facts.finished else None
    return "the decoy was reached" if facts.visited else None


def _exception(spec: OracleSpec, facts: Facts, _reference: float | None) -> str | Judgement | None:
    if not facts.finished:
        return None
    for name in facts.report.raised:
        if spec.type in {name, name.rpartition(".")[2]}:
            return f"uncaught {name} in the target"
    return Signal.SILENT, f"raised by the target: {facts.report.raised[0] if facts.report.raised else 'nothing'}"


def _pollution(_spec: OracleSpec, facts: Facts, _reference: float | None) -> str | None:
    # Said by our own harness, after the steps; in a script's process nobody could be believed.
    if not (facts.form_one and facts.finished and facts.report.polluted):
        return None
    return f"fresh values inherit the token from the prototype of {', '.join(facts.report.polluted)}"


def costs_of(facts: Facts) -> tuple[Cost, ...]:
    """By size: the peaks of memory where they were weighed, else CPU, outside the imports.

    A stopped run counts as at least what it had used since its clock began.
    """
    if facts.peaks is not None:
        return facts.peaks
    outcome, report = facts.outcome, facts.report
    if not facts.form_one:
        done = outcome.ending is Ending.EXITED
        return (Cost(None, outcome.cpu_seconds, done),)
    costs = report.costs
    stopped = outcome.ending in {Ending.WALL_LIMIT, Ending.CPU_LIMIT}
    if stopped and report.armed is not None:
        used = outcome.cpu_seconds - report.armed
        costs = (*costs, Cost(report.armed_size, max(0.0, used), finished=False))
    return costs


def _cpu(spec: OracleSpec, facts: Facts, reference: float | None) -> str | Judgement | None:
    costs = costs_of(facts)
    if not costs or facts.report.broken is not None:
        return None
    # The clocks inside are ours, but the supervisor's word is the last: they may not claim more than the run used.
    if facts.form_one and sum(cost.amount for cost in costs) > _MOST_CPU_DRIFT * facts.outcome.cpu_seconds + 0.2:
        return Signal.BROKEN, "the clocks inside and outside the sandbox disagree"
    if costs[-1].size is not None:
        return _cpu_by_size(spec, facts, costs, reference)
    return _cpu_by_ratio(spec, facts, costs[-1], reference)


def _cpu_by_size(
    spec: OracleSpec, facts: Facts, costs: tuple[Cost, ...], reference: float | None
) -> str | Judgement | None:
    last = costs[-1]
    if grows(costs, spec.budget_seconds):
        return "CPU time grows faster than the input"
    if reference is not None and alike(last.amount, reference):
        return f"CPU {last.amount:.2f} s at size {last.size}, nearly as much as the vulnerable release"
    if not last.finished:
        stopped = f"stopped at size {last.size} after {last.amount:.2f} s"
        return Signal.BROKEN, f"{stopped}, before any growth could be measured"
    if not facts.finished:
        return None
    measured = exponent(costs)
    grown = "too short to measure" if measured is None else f"exponent {measured:.2f}"
    return Signal.SILENT, f"CPU {last.amount:.2f} s at size {last.size}, {grown}"


def _cpu_by_ratio(spec: OracleSpec, facts: Facts, last: Cost, reference: float | None) -> str | Judgement | None:
    if reference is None:
        # The reference runs themselves: they must end by themselves, below the budget.
        if not last.finished or last.amount >= spec.budget_seconds:
            return f"CPU {spec.budget_seconds:g} s or more"
        return None if not facts.finished else (Signal.SILENT, f"CPU {last.amount:.2f} s")
    if exceeds(last.amount, spec.budget_seconds, reference):
        return f"CPU {spec.budget_seconds:g} s or more, and ten times what the fixed version or the control takes"
    if facts.finished and last.finished:
        return Signal.SILENT, f"CPU {last.amount:.2f} s against {reference:.2f} s"
    return None


def _sanitizer(_spec: OracleSpec, facts: Facts, _reference: float | None) -> str | Judgement | None:
    crash, outcome = facts.report.sanitized, facts.outcome
    if crash is None:
        return None
    if outcome.ending is Ending.EXITED and outcome.code == sanitizers.EXIT:
        return crash.signature
    return Signal.BROKEN, f"a sanitizer's report ({crash.signature}) without the exit status that goes with it"


_JUDGES: dict[OracleName, Callable[[OracleSpec, Facts, float | None], str | Judgement | None]] = {
    OracleName.PREDICATE: _predicate,
    OracleName.SIGNAL: _signal,
    OracleName.RECURSION: _recursion,
    OracleName.WRITE: _write,
    OracleName.READ: _read,
    OracleName.EXEC: _exec,
    OracleName.CONNECT: _connect,
    OracleName.SANITIZER: _sanitizer,
    OracleName.CPU: _cpu,
    OracleName.MEMORY: judge_memory,
    OracleName.EXCEPTION: _exception,
    OracleName.POLLUTION: _pollution,
}
