"""Judges the patch that a bundle brings: builds the vulnerable release with it, and runs what the verdict needs.

The patched build must be silent, give with the control what was given before, and pass the tests. Then the input is
changed a little, in ways that follow from the bundle's id: where a changed input still fires on the vulnerable release,
it must be silent with the patch. At most TRIES changed inputs are tried, up to FIRING that fire; fewer under `cpu` and
`memory`, where a run takes seconds.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from clearinghouse.core.manifest_run import SIZED
from clearinghouse.core.mutation import changed_inputs
from clearinghouse.core.proof import Input, Signal, Variant
from clearinghouse.core.verdict_patch import PatchSeen
from clearinghouse.formats.patch import HunkRejected, PatchInvalid, read_patch
from clearinghouse.prover.judge_tree import TESTS, Demands, Fault, judge_tree
from clearinghouse.prover.patching import edits_of
from clearinghouse.prover.runtimes.interface import ProvisionError
from clearinghouse.prover.series import Series

if TYPE_CHECKING:
    from collections.abc import Callable

    from clearinghouse.core.mutation import Changed
    from clearinghouse.prover.builds import Builds
    from clearinghouse.prover.bundle import Bundle
    from clearinghouse.prover.installed import Installed
    from clearinghouse.prover.runner import Plan, Runner

TRIES, FIRING = 40, 12
SLOW_TRIES, SLOW_FIRING = 6, 3


@dataclass(slots=True)
class Judged:
    """What judging a patch came to: `seen` for the verdict, the rows of the matrix, and what a reader should know."""

    seen: PatchSeen = field(default_factory=PatchSeen)
    series: list[Series] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    digest: str = ""  # of the patched build


def judge_patch(bundle: Bundle, builds: Builds, runner: Runner, demands: Demands, say: Callable[[str], None]) -> Judged:
    """Judge the bundle's patch; it has one. What `demands` asks was measured on the vulnerable release."""
    assert bundle.manifest.patch is not None
    judged = Judged()
    with tempfile.TemporaryDirectory(prefix="patched.", dir=runner.state) as name:
        folder = Path(name)
        folder.chmod(0o711)
        try:
            edits = edits_of(read_patch(bundle.files[bundle.manifest.patch]), builds.vulnerable)
            say("building the patched release")
            patched = builds.runtime.edited(builds.vulnerable, edits.files, folder / "build")
        except (HunkRejected, PatchInvalid, ProvisionError) as error:
            judged.seen = PatchSeen(not_built=f"{bundle.manifest.patch}: {error.message}")
            return judged
        if edits.left_out:
            judged.notes.append(f"left out of the patch, as no part of the release: {', '.join(edits.left_out)}")
        judged.digest = patched.digest
        answer = judge_tree(runner, patched, demands, say=say)
        judged.series += answer.series
        if answer.fault is Fault.CONTROL:
            judged.seen = PatchSeen(control=answer.reason)
        elif answer.fault is Fault.TESTS:
            before = Series(Variant.VULNERABLE, Input.TESTS, builds.vulnerable.version)
            before.add(runner.run(builds.vulnerable, TESTS))
            judged.series.append(before)
        elif answer.good:
            say("changed inputs")
            _with_changed_inputs(bundle, builds, runner, patched, judged)
    return judged


def _with_changed_inputs(bundle: Bundle, builds: Builds, runner: Runner, patched: Installed, judged: Judged) -> None:
    slow = bundle.manifest.oracle.name in SIZED
    tries, most = (SLOW_TRIES, SLOW_FIRING) if slow else (TRIES, FIRING)
    sides = {
        variant: Series(variant, Input.MUTATED, tree.version)
        for variant, tree in (
            (Variant.VULNERABLE, builds.vulnerable),
            (Variant.PATCHED, patched),
            (Variant.FIXED, builds.fixed),
        )
        if tree is not None
    }
    slipped: list[str] = []
    incomplete: list[str] = []
    for changed in changed_inputs(bundle.manifest, bundle.files, bundle.id, tries):
        on_patched, on_fixed = _one(changed, builds, runner, patched, sides)
        if on_fixed:
            incomplete.append(changed.what)
        elif on_patched:
            slipped.append(changed.what)
        if sides[Variant.VULNERABLE].k >= most:
            break
    before = sides[Variant.VULNERABLE]
    judged.series += [series for series in sides.values() if series.n]
    judged.seen = PatchSeen(tried=before.n, fired=before.k, slipped=tuple(slipped), incomplete=tuple(incomplete))


def _one(
    changed: Changed, builds: Builds, runner: Runner, patched: Installed, sides: dict[Variant, Series]
) -> tuple[bool, bool]:
    """Whether a changed input that fires on the vulnerable release does on the patched build, and on the fixed one."""
    other = runner.changed(changed.run, changed.files)
    try:
        alone = Series(Variant.VULNERABLE, Input.MUTATED, builds.vulnerable.version)
        plan = other.first_plan()
        alone.add(other.run(builds.vulnerable, plan))
        sides[Variant.VULNERABLE].add(alone.seen[0])
        if not alone.k:
            return False, False
        plan = _as_far(other, plan, alone)
        fires = []
        for variant, tree in ((Variant.PATCHED, patched), (Variant.FIXED, builds.fixed)):
            # A measurement may fire once by chance: what counts fires twice.
            runs = [other.run(tree, plan)] if tree is not None else []
            if tree is not None and runs[0].signal is Signal.FIRED:
                runs.append(other.run(tree, plan))
            for run in runs:
                sides[variant].add(run)
            fires.append(bool(runs) and runs[-1].signal is Signal.FIRED)
        return fires[0], fires[1]
    finally:
        other.close()


def _as_far(runner: Runner, plan: Plan, alone: Series) -> Plan:
    if not runner.sized:
        return replace(plan, reference=None)
    return replace(plan, sizes=alone.largest_sizes(), reference=alone.largest_cost())
