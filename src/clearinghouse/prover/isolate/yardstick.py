"""What a candidate is held against: how the proof and its control end on the two releases."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from clearinghouse.core.manifest import ScriptRun
from clearinghouse.core.proof import OracleName, Signal
from clearinghouse.prover.judge_tree import TESTS, comparable
from clearinghouse.prover.prove import measure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from clearinghouse.prover.builds import Builds
    from clearinghouse.prover.bundle import Bundle
    from clearinghouse.prover.installed import Installed
    from clearinghouse.prover.observation import Observation
    from clearinghouse.prover.runner import Plan, Runner

_EARLY = 0.5  # of the vulnerable release's cost at the same size: enough to tell that a candidate fixes nothing
_LEAST_STOP = 0.5  # CPU seconds
_RUNS = 2  # of each side and input, to see whether what it gives is always the same


class NotIsolated(Exception):
    """There is no smallest fix to be had here; the message says why."""


@dataclass(frozen=True, slots=True)
class Yardstick:
    """How to run a candidate, and what its runs must give.

    `trigger_gives` is what the trigger gives on the fixed release: a candidate whose trigger gives something else has
    broken something on its way to silence. `control_gives` are what the control gives on either release. None where
    that differs from run to run. `runs` were needed to find out.
    """

    trigger: Plan
    control: Plan | None
    tests: Plan | None
    trigger_gives: frozenset[str] | None
    control_gives: frozenset[str] | None
    runs: int


def given(runner: Runner, seen: Observation) -> str | None:
    """What a run gave, comparable with another's: the call's result, or what a script printed. None: cannot be told."""
    if isinstance(runner.manifest.run, ScriptRun):
        return seen.facts.outcome.stdout.decode("utf-8", "replace")
    return comparable(seen)


def set_up(bundle: Bundle, builds: Builds, runner: Runner, say: Callable[[str], None]) -> Yardstick:
    """Run the proof and its control on both releases. Raises NotIsolated where they do not differ as claimed."""
    runs = 0

    def count(step: str) -> None:
        nonlocal runs
        runs += 1
        say(step)

    vulnerable, fixed = builds.vulnerable, builds.fixed
    assert fixed is not None
    demands = measure(bundle, builds, runner, count)
    if demands is None:
        raise NotIsolated(f"on {vulnerable.version} the proof does not fire often enough, or its control is not silent")

    def silent(tree: Installed, plan: Plan) -> list[Observation]:
        seen = []
        for _ in range(_RUNS):
            count(f"{plan.input.value} on {tree.version}")
            seen.append(runner.run(tree, plan))
            if seen[-1].signal is not Signal.SILENT:
                raise NotIsolated(f"the {plan.input.value} is not silent on {tree.version}: {seen[-1].signature}")
        return seen

    trigger = _stopped_early(runner, demands.trigger)
    trigger_gives = _steady(runner, [silent(fixed, trigger)])
    control_gives = None
    if demands.control is not None:
        control_gives = _steady(runner, [silent(tree, demands.control) for tree in (vulnerable, fixed)])
    return Yardstick(trigger, demands.control, TESTS if demands.tests else None, trigger_gives, control_gives, runs)


def _stopped_early(runner: Runner, plan: Plan) -> Plan:
    """Where a size is run against the vulnerable release's cost, a part of that cost is answer enough."""
    if runner.manifest.oracle.name is not OracleName.CPU or plan.reference is None:
        return plan
    return replace(plan, stop_after=min(plan.stop_after, max(_LEAST_STOP, _EARLY * plan.reference)))


def _steady(runner: Runner, sides: Sequence[Sequence[Observation]]) -> frozenset[str] | None:
    """What the sides give, if each gives the same every time."""
    results = [{given(runner, seen) for seen in side} for side in sides]
    if any(len(side) > 1 for side in results):
        return None
    return frozenset(text for side in results for text in side if text is not None) or None
