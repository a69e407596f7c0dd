"""What a candidate is held against: how the proof and its control end on the two releases, and what they cost."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from clearinghouse.core.manifest import CallRun
from clearinghouse.core.proof import Input, OracleName, Signal
from clearinghouse.core.steps import uses_size
from clearinghouse.prover.oracles import costs_of
from clearinghouse.prover.runner import Plan

if TYPE_CHECKING:
    from clearinghouse.prover.builds import Builds
    from clearinghouse.prover.observation import Observation
    from clearinghouse.prover.runner import Runner

_LEAST_STOP = 2.0
_STOP_BUDGETS = 4.0
_REFERENCE_TIMES = 12.0
_EARLY = 0.5  # of the vulnerable release's cost at the same size: enough to tell that a candidate fixes nothing
_ADDRESS = re.compile(r"\b0x[0-9a-f]{4,}\b")
_CONTROLS = 2  # runs of the control on either release, to see whether its result is always the same


class NotIsolated(Exception):
    """There is no smallest fix to be had here; the message says why."""


@dataclass(frozen=True, slots=True)
class Yardstick:
    """How to run a candidate, and what counts as the proof's silence and the control's usual result there.

    `endings` are how the trigger ends on the fixed release ("returned", or "raised" and the class): a candidate whose
    trigger ends otherwise has broken something. `results` are what the control gives on either release, empty where
    that differs from run to run or where no harness tells.
    """

    plan: Plan
    control: Plan | None
    endings: frozenset[str]
    results: frozenset[str]
    runs: int


def ending(observation: Observation) -> str:
    """How the steps ended: "returned", "raised module.Class", or "" where the harness did not say."""
    text = observation.facts.report.text or ""
    if text.startswith("returned"):
        return "returned"
    return re.split(r" < |: ", text, maxsplit=1)[0] if text.startswith("raised ") else ""


def result(observation: Observation) -> str | None:
    """What the harness was told to show, without addresses of memory; None where it said nothing."""
    text = observation.facts.report.text
    return None if text is None else _ADDRESS.sub("0x", text)


def measure(runner: Runner, builds: Builds) -> Yardstick:
    """Run the proof and its control on both releases. Raises NotIsolated where they do not differ as claimed."""
    fixed = builds.fixed
    if fixed is None:
        raise NotIsolated("the bundle names no fixed release; add target.fixed")
    run = runner.manifest.run
    has_control = (run.control_steps if isinstance(run, CallRun) else run.control) is not None
    oracle = runner.manifest.oracle
    plan, reference_runs = Plan(), 0
    if oracle.name is OracleName.CPU and runner.sized:
        stop = max(_LEAST_STOP, _STOP_BUDGETS * oracle.budget_seconds)
        plan = Plan(sizes=runner.ladder(), until=oracle.budget_seconds, stop_after=stop)
    elif oracle.name is OracleName.CPU:
        plan, reference_runs = _referenced(runner, builds, has_control=has_control)
    fired = runner.run(builds.vulnerable, plan)
    if fired.signal is not Signal.FIRED:
        raise NotIsolated(f"the proof does not fire on {builds.vulnerable.version}: {fired.signature}")
    if runner.sized:
        costs = [cost for cost in costs_of(fired.facts) if cost.size]
        sizes, last = tuple(cost.size for cost in costs if cost.size), costs[-1].seconds
        plan = replace(plan, sizes=sizes, reference=last, stop_after=max(_EARLY * last, 0.5))
    silent = runner.run(fixed, plan)
    if silent.signal is not Signal.SILENT:
        raise NotIsolated(f"the proof is not silent on {fixed.version}: {silent.signature}")
    control = _control(runner, plan) if has_control else None
    results, controls = _results(runner, builds, control)
    return Yardstick(plan, control, frozenset({ending(silent)}), results, reference_runs + 2 + controls)


def _referenced(runner: Runner, builds: Builds, *, has_control: bool) -> tuple[Plan, int]:
    """For cpu without sizes: stopped a little beyond what would count as firing, given the silent sides' cost."""
    assert builds.fixed is not None
    budget = runner.manifest.oracle.budget_seconds
    seen = [runner.run(builds.fixed, Plan(stop_after=2 * budget))]
    if has_control:
        seen.append(runner.run(builds.vulnerable, Plan(input=Input.CONTROL, stop_after=2 * budget)))
    reference = max(item.cpu_seconds for item in seen)
    return Plan(stop_after=1.1 * max(budget, _REFERENCE_TIMES * reference), reference=reference), len(seen)


def _control(runner: Runner, plan: Plan) -> Plan:
    """The control under the trigger's limits; where it grows too, through the same sizes."""
    run = runner.manifest.run
    sized = isinstance(run, CallRun) and uses_size(run.control_steps)
    stop = plan.stop_after and max(plan.stop_after, _LEAST_STOP)
    return Plan(input=Input.CONTROL, sizes=plan.sizes if sized else (), until=plan.until, stop_after=stop)


def _results(runner: Runner, builds: Builds, control: Plan | None) -> tuple[frozenset[str], int]:
    if control is None:
        return frozenset(), 0
    seen: set[str] = set()
    steady = True
    for tree in (builds.vulnerable, builds.fixed):
        assert tree is not None
        runs = [runner.run(tree, control) for _ in range(_CONTROLS)]
        odd = next((item for item in runs if item.signal is not Signal.SILENT), None)
        if odd is not None:
            raise NotIsolated(f"the control is not silent on {tree.version}: {odd.signature}")
        texts = {result(item) for item in runs}
        steady = steady and len(texts) == 1 and None not in texts
        seen |= {text for text in texts if text is not None}
    return (frozenset(seen) if steady else frozenset()), 2 * _CONTROLS
