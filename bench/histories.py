"""How many releases a version search tries: on made-up histories of every shape, and on real ones with their proofs."""

from __future__ import annotations

import math
import statistics
from typing import TYPE_CHECKING

from figures import load, machine, say

from clearinghouse.cli.prove import cache_folder
from clearinghouse.core.version_search import SPARE, Answer, Search, affected_stretches
from clearinghouse.prover.local import LocalProver

if TYPE_CHECKING:
    from argparse import Namespace

SIZES = (10, 30, 100, 300, 1000)
_MOST_FIXES = 60  # fixes tried for each size, evenly spread


def made_up() -> None:
    """Every release up to a fix affected, for many fixes and bundles that name releases near to it and far from it."""
    for count in SIZES:
        tried, wrong = [], 0
        for fix in range(1, count, max(1, count // _MOST_FIXES)):
            for vulnerable, fixed in {
                (fix - 1, fix),
                (0, count - 1),
                (fix // 2, (fix + count - 1) // 2 + (fix == count)),
            }:
                search = Search(count, [vulnerable, max(fixed, fix), 0, count - 1])
                while (index := search.next()) is not None:
                    search.record(index, Answer.AFFECTED if index < fix else Answer.UNAFFECTED)
                tried.append(len(search.answers))
                (stretch,) = affected_stretches(search.answers)
                wrong += (stretch.last, stretch.after) != (fix - 1, fix)
        say(
            figure="releases tried, made-up histories with one boundary", releases=count, worst=max(tried),
            median=statistics.median(tried), bound=round(math.log2(count) + SPARE, 2), histories=len(tried),
            boundaries_missed=wrong, within_bound=max(tried) <= math.log2(count) + SPARE,
            protocol="the pure search on affected-then-fixed histories, fixes spread over the length, bundles naming "
            "the releases at the boundary, half-way from it, and the ends; counts every release tried",
        )  # fmt: skip


def versions(asked: Namespace) -> None:
    """Releases tried against log2(n) + 6: made-up histories, then those of the bundles given."""
    made_up()
    cache = cache_folder()
    prover = LocalProver(cache, cache / "run") if asked.bundles else None
    for path in asked.bundles:
        assert prover is not None
        before = load()
        history = prover.versions(path)
        unknown = sum(item.answer is Answer.UNKNOWN for item in history.tried)
        say(
            figure="releases tried, a real history", bundle=path.name, releases=history.releases, tried=history.proofs,
            bound=round(math.log2(history.releases) + SPARE, 2), unknown=unknown, contiguous=history.contiguous,
            runs=sum(item.n for item in history.tried), load=before, **machine(),
            protocol="`clearinghouse versions` on the bundle; the bound is for one boundary and nothing unknown",
        )  # fmt: skip
