"""Leads one bundle from its files to its verdict: which builds and runs, in which order, how often, when to stop."""

from __future__ import annotations

import platform
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING

from clearinghouse import __version__
from clearinghouse.core.manifest import CallRun
from clearinghouse.core.manifest_run import SIZED
from clearinghouse.core.proof import (
    Environment,
    Grade,
    Input,
    MatrixRow,
    OracleName,
    ProofResult,
    Signal,
    Variant,
    Verdict,
)
from clearinghouse.core.statistics import FIRST_RUNS, LEAST_RATE, MOST_RUNS, lower_bound, silent_runs
from clearinghouse.core.steps import uses_size
from clearinghouse.core.verdict import Basis, Decision, decide
from clearinghouse.prover.commands import is_own_command
from clearinghouse.prover.doubts import doubt_of
from clearinghouse.prover.judge_tree import TEST_TRIES, TESTS, Demands, control_result
from clearinghouse.prover.memory import UNMEASURED
from clearinghouse.prover.oracles import VERSION
from clearinghouse.prover.patch_validation import Judged, judge_patch
from clearinghouse.prover.runner import Plan, Runner, runner_for
from clearinghouse.prover.series import Series
from clearinghouse.prover.trial import place_against
from clearinghouse.prover.warm import LEAST

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from clearinghouse.prover.builds import Builds
    from clearinghouse.prover.bundle import Bundle
    from clearinghouse.prover.installed import Installed
    from clearinghouse.prover.sandbox.interface import Sandbox

_NAMED_RUNS = 2  # of fixed code under the vulnerable name, for form 1: it must stay silent
_FIRING_TRIES = 3
_REFERENCE_TIMES = 12.0


@dataclass(slots=True)
class _Proof:
    """One bundle under way."""

    bundle: Bundle
    builds: Builds
    runner: Runner
    say: Callable[[str], None]
    series: dict[tuple[Variant, Input], Series]
    patch: Judged | None = None
    cold: set[str] = field(default_factory=set)  # rows whose runs are each started cold
    notes: list[str] = field(default_factory=list)

    @property
    def grade(self) -> Grade:
        """Whose word the bundle is."""
        if self.steps or self.own_command:
            return Grade.A
        return Grade.C if self.predicate else Grade.B

    @property
    def steps(self) -> bool:
        """Whether our harness carries out the finder's steps: then no process is shared with anything of his."""
        return isinstance(self.bundle.manifest.run, CallRun)

    @property
    def own_command(self) -> bool:
        """Whether the target's own command is started, and nothing of the finder's but data is there."""
        return is_own_command(self.bundle, self.builds.vulnerable)

    @property
    def predicate(self) -> bool:
        return self.bundle.manifest.oracle.name is OracleName.PREDICATE

    @property
    def has_control(self) -> bool:
        run = self.bundle.manifest.run
        return (run.control_steps if isinstance(run, CallRun) else run.control) is not None

    def observe(self, variant: Variant, tree: Installed, plan: Plan, times: int) -> Series:
        """Add runs to a row of the matrix."""
        key = (variant, plan.input)
        series = self.series.setdefault(key, Series(variant, plan.input, tree.version))
        row = f"{variant.value}{'' if plan.input is Input.TRIGGER else f' {plan.input}'}"
        end = series.n + times
        while series.n < end:
            self.say(f"{row} {series.n + 1}")
            # The first and the last of a row are started cold; what lies between may be forked from one warm start.
            between = end - series.n - 1
            if series.n and between >= LEAST and row not in self.cold:
                repeats = self.runner.repeat(tree, plan, between)
                if repeats:
                    series.seen += repeats
                    continue
                self.cold.add(row)
            series.add(self.runner.run(tree, plan))
        if series.disagrees:
            self.cold.add(row)
            self.notes.append(f"{row}: runs forked from a warm start came to something else; made again from cold ones")
            lost = series.drop_warm()
            return self.observe(variant, tree, plan, lost)
        return series

    def rows(self) -> tuple[MatrixRow, ...]:
        return tuple(series.row() for series in self.series.values())


def prove(
    bundle: Bundle, builds: Builds, sandbox: Sandbox, state: Path, say: Callable[[str], None] = lambda _: None
) -> ProofResult:
    """Run everything the verdict needs and decide it. `builds` are the installed releases; `say` hears each step."""
    runner = runner_for(bundle, builds, sandbox, state)
    try:
        proof = _Proof(bundle, builds, runner, say, {})
        _lead(proof)
        return _result(proof, sandbox)
    finally:
        runner.close()


def measure(
    bundle: Bundle, builds: Builds, runner: Runner, say: Callable[[str], None] = lambda _: None
) -> Demands | None:
    """What a tree must show to be as good as fixed, measured on the vulnerable release with some ten runs.

    None where the proof does not fire there often enough, or its control is not silent.
    """
    proof = _Proof(bundle, builds, runner, say, {})
    plan = _plan(proof)
    fired = _vulnerable_runs(proof, plan)
    rate = lower_bound(fired.k, fired.n)
    if rate < LEAST_RATE or not _control_is_silent(proof, plan, silent_runs(rate)):
        return None
    return _demands(proof, plan, silent_runs(rate))


def _demands(proof: _Proof, plan: Plan, silent: int) -> Demands:
    """What the runs on the vulnerable release so far ask of a tree that should be fixed."""
    control = proof.series.get((Variant.VULNERABLE, Input.CONTROL))
    return Demands(
        trigger=_as_far(proof, plan) if proof.runner.sized else replace(plan, reference=None),
        control=_control_plan(proof, plan) if proof.has_control else None,
        silent=silent,
        result=control_result(proof.runner, control) if control else None,
        tests=proof.bundle.manifest.tests is not None,
    )


def _lead(proof: _Proof) -> None:
    """Do the runs in the order that ends soonest when something is wrong."""
    plan = _plan(proof)
    fired = _vulnerable_runs(proof, plan)
    rate = lower_bound(fired.k, fired.n)
    if rate < LEAST_RATE:
        return
    silent = silent_runs(rate)
    if not proof.steps and not _silent(proof, Variant.NULL_TARGET, plan, silent):
        return
    if not _control_is_silent(proof, plan, silent) or not _fix_is_silent(proof, plan, silent):
        return
    _names(proof, plan, silent)
    if proof.bundle.manifest.patch is not None:
        proof.patch = judge_patch(proof.bundle, proof.builds, proof.runner, _demands(proof, plan, silent), proof.say)
        for series in proof.patch.series:
            proof.series.setdefault((series.variant, series.input), series)
    fixed = proof.builds.fixed
    if proof.steps and proof.predicate and fixed is not None:
        silent_side = proof.series[Variant.FIXED, Input.TRIGGER]
        fired.place = place_against(proof.runner, proof.builds.vulnerable, fixed, silent_side)


def _plan(proof: _Proof) -> Plan:
    if proof.bundle.manifest.oracle.name in SIZED and not proof.runner.sized:
        return _referenced_plan(proof)
    return proof.runner.first_plan()


def _control_plan(proof: _Proof, plan: Plan) -> Plan:
    """The control once; where it grows too, through the sizes that the trigger went through."""
    run = proof.bundle.manifest.run
    sizes: tuple[int, ...] = ()
    if isinstance(run, CallRun) and uses_size(run.control_steps):
        sizes = proof.series[Variant.VULNERABLE, Input.TRIGGER].largest_sizes()
    return Plan(input=Input.CONTROL, sizes=sizes, until=plan.until, stop_after=plan.stop_after)


def _control_is_silent(proof: _Proof, plan: Plan, silent: int) -> bool:
    if not proof.has_control:
        return True
    control = _control_plan(proof, plan)
    done = proof.series.get((Variant.VULNERABLE, Input.CONTROL))
    times = silent - (done.n if done else 0)
    row = proof.observe(Variant.VULNERABLE, proof.builds.vulnerable, control, times)
    return not (row.k or row.broken)


def _fix_is_silent(proof: _Proof, plan: Plan, silent: int) -> bool:
    """The fixed release with the trigger, until it does not stay silent, and once with the control."""
    fixed = proof.builds.fixed
    if fixed is None:
        return True
    again = _as_far(proof, plan) if proof.runner.sized else replace(plan, reference=None)
    done = proof.series.get((Variant.FIXED, Input.TRIGGER))
    left = silent - (done.n if done else 0)
    for times in (1, left - 1) if left > 0 else ():
        row = proof.observe(Variant.FIXED, fixed, again, times)
        if row.k or row.broken:
            return False
    if proof.has_control:
        row = proof.observe(Variant.FIXED, fixed, _control_plan(proof, plan), 1)
        if row.k or row.broken:
            return False
    return _tests_pass(proof, Variant.FIXED, fixed)


def _tests_pass(proof: _Proof, variant: Variant, tree: Installed) -> bool:
    """Run the bundle's tests, if it has any; where they fail, once on the vulnerable release too, for the reader."""
    if proof.bundle.manifest.tests is None:
        return True
    for _ in range(TEST_TRIES):
        if proof.observe(variant, tree, TESTS, 1).seen[-1].signal is Signal.SILENT:
            return True
    if (Variant.VULNERABLE, Input.TESTS) not in proof.series:
        proof.observe(Variant.VULNERABLE, proof.builds.vulnerable, TESTS, 1)
    return False


def _as_far(proof: _Proof, plan: Plan) -> Plan:
    """The plan for a side that should be silent: the sizes of the vulnerable side, and its cost to compare with."""
    fired = proof.series[Variant.VULNERABLE, Input.TRIGGER]
    return replace(plan, sizes=fired.largest_sizes(), reference=fired.largest_cost())


def _referenced_plan(proof: _Proof) -> Plan:
    """Without sizes: what the fixed version and the control take, and for cpu where the vulnerable side is stopped."""
    oracle, first = proof.bundle.manifest.oracle, proof.runner.first_plan()
    rows = []
    if proof.builds.fixed is not None:
        rows.append(proof.observe(Variant.FIXED, proof.builds.fixed, first, 1))
    if proof.has_control:
        control = replace(first, input=Input.CONTROL)
        rows.append(proof.observe(Variant.VULNERABLE, proof.builds.vulnerable, control, 1))
    if oracle.name is OracleName.MEMORY:
        return replace(first, reference=max(row.cost for row in rows))
    reference = max(row.cpu for row in rows)
    # A little beyond the bar, so that a run stopped there has passed it whatever the clock's grain.
    return Plan(stop_after=1.1 * max(oracle.budget_seconds, _REFERENCE_TIMES * reference), reference=reference)


def _vulnerable_runs(proof: _Proof, plan: Plan) -> Series:
    vulnerable = proof.builds.vulnerable
    row = proof.observe(Variant.VULNERABLE, vulnerable, plan, 1)
    if row.refused:
        return row
    row = proof.observe(Variant.VULNERABLE, vulnerable, plan, FIRST_RUNS - 1)
    if 0 < row.k < row.n:
        row = proof.observe(Variant.VULNERABLE, vulnerable, plan, MOST_RUNS - FIRST_RUNS)
    return row


def _silent(proof: _Proof, variant: Variant, plan: Plan, times: int, other: str | None = None) -> bool:
    """Run a control that must stay silent, until it does not."""
    base = proof.builds.vulnerable if variant is not Variant.F_NAMED_V else proof.builds.fixed
    assert base is not None
    tree = proof.builds.runtime.variant(base, variant, other)
    if proof.runner.sized:
        plan = _as_far(proof, plan)
    return all(not proof.observe(variant, tree, plan, 1).k for _ in range(times))


def _fires_once(proof: _Proof, variant: Variant, tree: Installed, plan: Plan, tries: int) -> None:
    """Run a control that must fire until it does: a measurement may miss once, a keyed proof misses each time."""
    for _ in range(tries):
        if proof.observe(variant, tree, plan, 1).k:
            return


def _names(proof: _Proof, plan: Plan, silent: int) -> None:
    """The controls by name and spelling.

    Steps have no conditions, but they can compute with a version that they read: the names are swapped for form 1 too.
    A file's hash they cannot take, so re-spelling is for scripts.
    """
    target, runtime = proof.bundle.manifest.target, proof.builds.runtime
    vulnerable = proof.builds.vulnerable
    fired = proof.series[Variant.VULNERABLE, Input.TRIGGER]
    tries = silent if fired.k < fired.n else _FIRING_TRIES
    if target.fixed is not None:
        times = _NAMED_RUNS if proof.steps else silent
        if not _silent(proof, Variant.F_NAMED_V, plan, times, target.vulnerable):
            return
        named = runtime.variant(vulnerable, Variant.V_NAMED_F, target.fixed)
        _fires_once(proof, Variant.V_NAMED_F, named, plan, tries)
    if proof.steps:
        return
    respelt = runtime.variant(vulnerable, Variant.V_RESPELT)
    _fires_once(proof, Variant.V_RESPELT, respelt, plan, tries)


def _result(proof: _Proof, sandbox: Sandbox) -> ProofResult:
    manifest = proof.bundle.manifest
    fired = proof.series[Variant.VULNERABLE, Input.TRIGGER]
    basis = Basis(
        grade=proof.grade,
        predicate=proof.predicate,
        exception=manifest.oracle.name is OracleName.EXCEPTION,
        has_fix=manifest.target.fixed is not None,
        doubt=fired.suspicion
        or fired.doubt
        or doubt_of(proof.bundle, proof.grade, proof.builds.vulnerable, proof.series),
        born=any(item.facts.report.born for item in fired.seen),
        foreign=fired.doubt if proof.steps and not fired.suspicion else None,
        command=proof.own_command,
        patch=proof.patch.seen if proof.patch else None,
    )
    rows = proof.rows()
    infra = next((series for series in proof.series.values() if series.not_started), None)
    # On another release a name may have become a foreign one: that is no silence there, but no fault of the bundle.
    own = [s for s in proof.series.values() if s.variant is Variant.VULNERABLE and s.input is not Input.MUTATED]
    refused = next((s.refused for s in own if s.refused), None)
    if refused is not None:
        return ProofResult(
            id=None, verdict=Verdict.INVALID, reasons=(f"run: {refused}",), environment=Environment(prover=__version__)
        )
    if any(series.unmeasured for series in proof.series.values()):
        decision = Decision(Verdict.UNSUPPORTED, (UNMEASURED,))
    elif infra is not None:
        decision = Decision(Verdict.INFRA_ERROR, (f"the sandbox failed: {infra.not_started}",))
    else:
        decision = decide(rows, basis)
    limits = {key: float(value) for key, value in asdict(proof.runner.limits).items()}
    builds = [build for build in (proof.builds.vulnerable, proof.builds.fixed) if build is not None]
    targets = {build.version: build.digest for build in builds}
    if proof.patch and proof.patch.digest:
        targets[f"{proof.builds.vulnerable.version} with the patch"] = proof.patch.digest
    return ProofResult(
        id=proof.bundle.id,
        verdict=decision.verdict,
        grade=proof.grade,
        confirm=decision.confirm,
        reasons=(
            *proof.builds.notes,
            *(proof.patch.notes if proof.patch else ()),
            *decision.reasons,
            *proof.notes,
        ),
        matrix=rows,
        function=fired.attributed,
        environment=Environment(
            prover=__version__,
            oracle=f"{manifest.oracle.name}/{VERSION}",
            runtime=proof.builds.runtime.label,
            platform=f"{platform.system().lower()}-{platform.machine()}",
            isolation=sandbox.isolation,
            limits=limits,
            targets=targets,
        ),
        logs={digest: log for series in proof.series.values() for digest, log in series.logs.items()},
    )
