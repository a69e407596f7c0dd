"""Verifies a found fix afresh: proved like a fixed release with the full statistics, and no hunk can be dropped."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from clearinghouse.core.fix import Verification
from clearinghouse.core.statistics import FIRST_RUNS, lower_bound, silent_runs
from clearinghouse.prover.isolate.lab import Lab, Outcome, Trying
from clearinghouse.prover.prove import prove

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from clearinghouse.core.hunks import Hunk
    from clearinghouse.core.proof import ProofResult
    from clearinghouse.prover.builds import Builds
    from clearinghouse.prover.bundle import Bundle
    from clearinghouse.prover.isolate.yardstick import Yardstick
    from clearinghouse.prover.sandbox.interface import Sandbox

_SILENT_RUNS = silent_runs(lower_bound(FIRST_RUNS, FIRST_RUNS))


@dataclass(frozen=True, slots=True)
class Verifier:
    """Judges candidates with the full statistics."""

    bundle: Bundle
    builds: Builds
    sandbox: Sandbox
    state: Path
    lab: Lab
    yardstick: Yardstick
    say: Callable[[str], None]

    def prove(self, hunks: Sequence[Hunk]) -> tuple[ProofResult, Verification]:
        """The verdict on the bundle where the vulnerable release with `hunks` stands in for the fixed one."""
        with self.lab.fresh(hunks) as tree:
            patched = replace(tree, version=f"{tree.version}+fix")
            builds = replace(self.builds, fixed=patched)
            proved = prove(self.bundle, builds, self.sandbox, self.state, self.say)
        return proved, Verification(proved.verdict, proved.reasons, proved.matrix)

    def dropped(self, kept: Sequence[Hunk], parents: Mapping[Hunk, int]) -> tuple[dict[int, Trying], list[Hunk] | None]:
        """What happens when each hunk is left out; and a smaller set that is silent all the same, if there is one.

        One run that is not silent shows that a hunk is needed; that it is not takes as many silent ones as a fix does.
        """
        seen: dict[int, Trying] = {}
        numbers = list(dict.fromkeys(parents[hunk] for hunk in kept))
        groups = [[hunk for hunk in kept if parents[hunk] == number] for number in numbers]
        singles = [[hunk] for group in groups if len(group) > 1 for hunk in group]
        for group in (*groups, *singles):
            rest = [hunk for hunk in kept if hunk not in group]
            if not rest:
                continue  # the vulnerable release itself, which `prove` has just seen fire
            self.say(f"without hunk {parents[group[0]]}")
            trying = self._try_often(rest)
            if trying.outcome is Outcome.SILENT:
                return seen, rest
            if group in groups:
                seen[parents[group[0]]] = trying
        return seen, None

    def _try_often(self, hunks: Sequence[Hunk]) -> Trying:
        runs, seconds = 0, 0.0
        for _ in range(_SILENT_RUNS):
            trying = self.lab.attempt(hunks, self.yardstick)
            runs, seconds = runs + trying.runs, seconds + trying.seconds
            if trying.outcome is not Outcome.SILENT:
                break
        return replace(trying, runs=runs, seconds=seconds)
