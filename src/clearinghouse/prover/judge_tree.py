"""Says whether a tree is good: the proof silent on it, the control as before, the tests passing.

What "as before" and "silent" mean is measured once on the vulnerable release (`prove.measure`) and handed over as
Demands. Patch validation judges one tree thoroughly, the search for the smallest fix many trees cheaply.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from clearinghouse.core.manifest import CallRun
from clearinghouse.core.proof import Input, Signal, Variant
from clearinghouse.prover.runner import Plan
from clearinghouse.prover.series import Series

if TYPE_CHECKING:
    from collections.abc import Callable

    from clearinghouse.prover.installed import Installed
    from clearinghouse.prover.observation import Observation
    from clearinghouse.prover.runner import Runner

TESTS = Plan(input=Input.TESTS)
TEST_TRIES = 2  # tests may fail once by chance; a broken build fails them each time
_ADDRESS = re.compile(r"\b0x[0-9a-f]{4,}\b")


class Fault(StrEnum):
    """What is wrong with a tree, in the order in which it is looked for."""

    FIRES = "fires"  # the proof still fires
    ERROR = "error"  # the trigger ended in an error of its own, which is no silence
    CONTROL = "control"  # the benign control fires, breaks, or gives something else than on the vulnerable release
    TESTS = "tests"  # the bundle's tests do not pass
    INFRA = "infra"  # the sandbox failed: nothing is known of the tree


@dataclass(frozen=True, slots=True)
class Demands:
    """What a tree must show.

    `trigger` and `control` are the plans of its runs, `silent` how many silent ones are needed, `result` what the
    control gives on the vulnerable release (None where that differs from run to run, or our harness does not see it).
    """

    trigger: Plan
    control: Plan | None
    silent: int
    result: str | None
    tests: bool


@dataclass(frozen=True, slots=True)
class TreeAnswer:
    """Whether a tree is good; if not, its first fault. `series` are the runs made, in order."""

    fault: Fault | None
    reason: str
    series: tuple[Series, ...]

    @property
    def good(self) -> bool:
        """Whether nothing was found wrong."""
        return self.fault is None


def _quiet(_step: str) -> None:
    """Hear nothing."""


def judge_tree(
    runner: Runner,
    tree: Installed,
    demands: Demands,
    *,
    variant: Variant = Variant.PATCHED,
    thorough: bool = True,
    say: Callable[[str], None] = _quiet,
) -> TreeAnswer:
    """Judge one tree, up to its first fault. `thorough` runs the trigger as often as silence needs, else once."""
    made: list[Series] = []

    def run(plan: Plan, times: int, *, until_good: bool = False) -> Series:
        series = Series(variant, plan.input, tree.version)
        made.append(series)
        for number in range(times):
            say(f"{variant.value} {plan.input.value} {number + 1}")
            series.add(runner.run(tree, plan))
            if (series.seen[-1].signal is Signal.SILENT) == until_good:
                break
        return series

    def answer(fault: Fault | None, reason: str) -> TreeAnswer:
        broken = next((series.not_started for series in made if series.not_started), None)
        if broken is not None:
            return TreeAnswer(Fault.INFRA, f"the sandbox failed: {broken}", tuple(made))
        return TreeAnswer(fault, reason, tuple(made))

    trigger = run(demands.trigger, demands.silent if thorough else 1)
    if trigger.k:
        return answer(Fault.FIRES, f"still fires: {trigger.row().signature}")
    if trigger.broken:
        return answer(Fault.ERROR, f"the trigger ended in an error of its own: {trigger.row().signature}")
    if demands.control is not None:
        control = run(demands.control, 1)
        problem = control_fault(control.seen[0], demands.result)
        if problem:
            return answer(Fault.CONTROL, problem)
    if demands.tests:
        tests = run(TESTS, TEST_TRIES if thorough else 1, until_good=True)
        if tests.broken == tests.n:
            return answer(Fault.TESTS, f"the tests do not pass: {tests.row().signature}")
    return answer(None, "")


def control_fault(seen: Observation, result: str | None) -> str | None:
    """What is wrong with a control's run on a changed tree, or None. `result` is what it gives before the change."""
    if seen.signal is Signal.FIRED:
        return f"the benign control fires: {seen.signature}"
    if seen.signal is Signal.BROKEN:
        return f"the benign control ended in an error: {seen.signature}"
    now = comparable(seen)
    if result is None or now is None or now == result:
        return None
    return f"the benign control gave {result[:160]!r} before, and gives {now[:160]!r} now"


def control_result(runner: Runner, control: Series) -> str | None:
    """What the control gives each time on the vulnerable release; None where that cannot be said.

    Only our harness says what a call gave (form 1); two runs at least must agree.
    """
    if not isinstance(runner.manifest.run, CallRun) or control.n < 2:  # noqa: PLR2004  # two runs to compare
        return None
    given = {comparable(item) for item in control.seen}
    return given.pop() if len(given) == 1 else None


def comparable(seen: Observation) -> str | None:
    """What a call gave, addresses taken out; of an exception only its classes: its words may well change. Else None."""
    text = seen.facts.report.text
    if text is None:
        return None
    if text.startswith("raised "):
        return text.partition(": ")[0]
    return _ADDRESS.sub("0x", text)
