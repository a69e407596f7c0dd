"""Two agents on the same tasks: a sign-flip test over projects, its honest limits, and Holm's correction over families.

If neither agent were better, each project's difference could as well have had the other sign. The test counts how many
of all ways to set the signs give a difference at least as large as the one seen.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clearinghouse.core.review.rates import NOTHING, Interval, Score, clustered_variance, floored, saturated
from clearinghouse.core.review.student import critical

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

EXACT_PROJECTS = 14  # up to here every way to set the signs is looked at
FLIPS = 9_999  # beyond: so many by chance, and the one seen
ENOUGH_PROJECTS = 20
_TOLERANCE = 1e-9  # sums of equal parts in another order are equal


@dataclass(frozen=True, slots=True, kw_only=True)
class Paired:
    """What comes of a comparison: the mean difference over tasks that both tried, with a t interval over projects.

    `p` is two-sided; None where there is nothing to compare, and `trouble` says why. `exact` that no chance was in it.
    """

    tasks: int
    projects: int
    difference: float | None = None
    interval: Interval = NOTHING
    p: float | None = None
    exact: bool = True
    trouble: str = ""

    @property
    def too_few_projects(self) -> bool:
        """Whether what was found rests on too few projects to hold elsewhere."""
        return self.projects < ENOUGH_PROJECTS


def compare(first: Sequence[Score], second: Sequence[Score], seed: str) -> Paired:
    """First minus second, on the tasks that both have scores of; `seed` decides the random flips, ever the same."""
    theirs = {score.task: score for score in second}
    pairs = [(mine, theirs[mine.task]) for mine in first if mine.task in theirs]
    values = [(mine.project, mine.share - other.share) for mine, other in pairs]
    projects = len({project for project, _ in values})
    if not values:
        return Paired(tasks=0, projects=0, trouble="no task was judged for both")
    both = [mine for mine, _ in pairs], [other for _, other in pairs]
    if any(all(flag(scores) for scores in both) for flag in (saturated, floored)):
        word = "every" if saturated(both[0]) else "no"
        return Paired(tasks=len(values), projects=projects, trouble=f"{word} attempt of both succeeded")
    p, exact = sign_flip(_sums(values), seed)
    return Paired(
        tasks=len(values), projects=projects, difference=math.fsum(value for _, value in values) / len(values),
        interval=difference_interval(values), p=p, exact=exact,
    )  # fmt: skip


def difference_interval(values: Sequence[tuple[str, float]], level: float = 0.95) -> Interval:
    """A t interval of a mean difference, clustered, cut to -1 and 1. Nothing from fewer than two clusters."""
    clusters = len({cluster for cluster, _ in values})
    if clusters < 2:  # noqa: PLR2004  # one cluster says nothing of how clusters differ
        return NOTHING
    mean = math.fsum(value for _, value in values) / len(values)
    half = critical(clusters - 1, level) * math.sqrt(clustered_variance(values))
    return Interval(max(-1.0, mean - half), min(1.0, mean + half))


def _sums(values: Sequence[tuple[str, float]]) -> list[float]:
    sums: dict[str, list[float]] = {}
    for project, value in values:
        sums.setdefault(project, []).append(value)
    return [math.fsum(parts) for parts in sums.values()]


def sign_flip(sums: Sequence[float], seed: str) -> tuple[float, bool]:
    """The two-sided p of the sum of the projects' differences, and whether it is exact."""
    moving = sorted((abs(part) for part in sums if abs(part) > _TOLERANCE), reverse=True)
    seen = abs(math.fsum(sums)) - _TOLERANCE
    if len(moving) <= EXACT_PROJECTS:
        totals = Counter({0.0: 1})
        for part in moving:
            flipped: Counter[float] = Counter()
            for total, ways in totals.items():
                flipped[round(total + part, 12)] += ways
                flipped[round(total - part, 12)] += ways
            totals = flipped
        extreme = sum(ways for total, ways in totals.items() if abs(total) >= seen)
        return extreme / 2 ** len(moving), True
    extreme = sum(abs(_flipped(moving, bits)) >= seen for bits in _flips(seed, len(moving)))
    return (1 + extreme) / (1 + FLIPS), False


def _flipped(parts: Sequence[float], bits: int) -> float:
    return sum(part if bits >> place & 1 else -part for place, part in enumerate(parts))


def _flips(seed: str, count: int) -> Iterator[int]:
    """Sets of signs, as the bits of numbers: those that this seed always gives."""
    size = (count + 7) // 8
    for number in range(FLIPS):
        yield int.from_bytes(hashlib.shake_128(f"{seed}/{number}".encode()).digest(size))


def holm(ps: Mapping[str, float]) -> dict[str, float]:
    """Each p corrected for all of them together: that any is below 5 % by chance alone happens in 5 % of cases."""
    corrected, least = {}, 0.0
    for rank, (name, p) in enumerate(sorted(ps.items(), key=lambda item: item[1])):
        least = max(least, min(1.0, (len(ps) - rank) * p))
        corrected[name] = least
    return corrected
