"""Runs a proof on a release that its bundle does not name: what decides whether two findings are one bug."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from clearinghouse.core.proof import Input, OracleName, Signal, Trial, Variant
from clearinghouse.core.statistics import FIRST_RUNS, lower_bound, silent_runs
from clearinghouse.prover.runner import Plan, Runner, runner_for
from clearinghouse.prover.runtimes.interface import ProvisionError
from clearinghouse.prover.series import Series

if TYPE_CHECKING:
    from pathlib import Path

    from clearinghouse.prover.builds import Builds
    from clearinghouse.prover.bundle import Bundle
    from clearinghouse.prover.installed import Installed
    from clearinghouse.prover.sandbox.interface import Sandbox


def try_on(bundle: Bundle, builds: Builds, version: str, sandbox: Sandbox, state: Path) -> Trial:
    """As many runs as silence needs for a proof that fires every time, fewer as soon as one fires.

    `function` is set for a silent predicate: where the bug lies when the vulnerable release is compared with `version`.
    """
    try:
        tree = builds.runtime.install(bundle.manifest.target, version)
    except ProvisionError as error:
        return Trial(version, Signal.BROKEN, 0, 0, error.message)
    runner = runner_for(bundle, builds, sandbox, state)
    try:
        plan = _plan(runner, builds)
        series = Series(Variant.OTHER, Input.TRIGGER, version)
        for _ in range(silent_runs(lower_bound(FIRST_RUNS, FIRST_RUNS))):
            series.add(runner.run(tree, plan))
            if series.k or series.broken:
                break
        row = series.row()
        function = None
        if bundle.manifest.oracle.name is OracleName.PREDICATE and not series.k and not series.broken:
            function = place_against(runner, builds.vulnerable, tree, series)
    finally:
        runner.close()
    signal = Signal.FIRED if row.k else Signal.BROKEN if row.broken else Signal.SILENT
    return Trial(version, signal, row.n, row.k, row.signature, function)


def place_against(runner: Runner, vulnerable: Installed, other: Installed, silent: Series) -> str | None:
    """The function that a predicate's bug belongs to, when the vulnerable release is compared with a silent one.

    A predicate has no effect to walk outward from. Where the silent side refuses by raising, the function that raises
    holds the new check; else one more run, which is not counted, names the functions entered that the other
    release spells differently, and the last entered is taken.
    """
    refused = [item.facts.report for item in silent.seen if (item.facts.report.text or "").startswith("raised ")]
    if refused and refused[0].function:
        # One function may hold the checks of several bugs: the line that refuses tells them apart.
        return f"{refused[0].function} at {refused[0].line}" if refused[0].line else refused[0].function
    seen = runner.run(vulnerable, Plan(compare=other.tree))
    return seen.facts.report.changed[0] if seen.facts.report.changed else seen.function


def _plan(runner: Runner, builds: Builds) -> Plan:
    """The plan for a side that should be silent: by size, the sizes that the vulnerable release went through."""
    first = runner.first_plan()
    if not runner.sized:
        return first
    seen = Series(Variant.VULNERABLE, Input.TRIGGER, builds.vulnerable.version)
    seen.add(runner.run(builds.vulnerable, first))
    return replace(first, sizes=seen.largest_sizes(), reference=seen.largest_cost())
