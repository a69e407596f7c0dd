"""Rates of tasks solved: pass@1 with a clustered Wilson interval, pass@k, pass^k, and what all-or-none allows to say.

The unit is the task, the cluster its project: tasks of one project resemble each other. Epochs are repeated attempts at
a task and are averaged first; they are no further tasks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clearinghouse.core.review.student import critical

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Score:
    """How often an agent solved a task, of the attempts that could be judged (at least one)."""

    task: str
    project: str
    passes: int
    attempts: int

    @property
    def share(self) -> float:
        """Solved attempts among the judged ones: the task's estimate of pass@1."""
        return self.passes / self.attempts


@dataclass(frozen=True, slots=True)
class Interval:
    """A two-sided interval; None on both sides where nothing can be said."""

    low: float | None
    high: float | None


NOTHING = Interval(None, None)


def deviations(values: Iterable[tuple[str, float]]) -> tuple[float, dict[str, float]]:
    """The mean of values, each given with its cluster, and each cluster's sum of deviations from it."""
    pairs = list(values)
    mean = math.fsum(value for _, value in pairs) / len(pairs)
    sums: dict[str, list[float]] = {}
    for cluster, value in pairs:
        sums.setdefault(cluster, []).append(value - mean)
    return mean, {cluster: math.fsum(parts) for cluster, parts in sums.items()}


def clustered_variance(values: Sequence[tuple[str, float]]) -> float:
    """The variance of the mean, with the correction for finitely many clusters. At least two clusters."""
    _, sums = deviations(values)
    clusters = len(sums)
    return math.fsum(part * part for part in sums.values()) * clusters / (clusters - 1) / len(values) ** 2


def effective_size(values: Sequence[tuple[str, float]]) -> float:
    """As many independent tasks would say as much (Korn and Graubard): never more than there are, all where unknown."""
    mean, sums = deviations(values)
    spread, variance = mean * (1 - mean), clustered_variance(values) if len(sums) > 1 else 0.0
    return min(spread / variance, len(values)) if spread > 0 and variance > 0 else float(len(values))


def wilson(values: Sequence[tuple[str, float]], level: float = LEVEL) -> Interval:
    """Wilson's interval of the mean of values from 0 to 1, each given with its cluster.

    With the effective size instead of the number of tasks, and Student's t with clusters - 1 degrees of freedom: what
    inspect-ai computes as `ci_wilson(cluster=…)`. Nothing from fewer than two clusters.
    """
    clusters = len({cluster for cluster, _ in values})
    if clusters < 2:  # noqa: PLR2004  # one cluster says nothing of how clusters differ
        return NOTHING
    mean = math.fsum(value for _, value in values) / len(values)
    size, t = effective_size(values), critical(clusters - 1, level)
    centre = (mean + t * t / (2 * size)) / (1 + t * t / size)
    half = t * math.sqrt(mean * (1 - mean) / size + t * t / (4 * size * size)) / (1 + t * t / size)
    return Interval(max(centre - half, 0.0), min(centre + half, 1.0))


def rule_of_three(projects: int) -> float:
    """What was seen in none of so many independent projects is rarer than this, at 95 %; in all: commoner than 1 - it.

    Independent are the projects, not the tasks; 3 / n, never above 1.
    """
    return min(1.0, 3 / projects)


def interval(scores: Sequence[Score], level: float = LEVEL) -> Interval:
    """The interval of pass@1. Where all or none was solved, it reaches at least as far as the rule of three does."""
    found = wilson([(score.project, score.share) for score in scores], level)
    if found.low is None or found.high is None:
        return found
    bound = rule_of_three(len({score.project for score in scores}))
    if floored(scores):
        return Interval(0.0, max(found.high, bound))
    if saturated(scores):
        return Interval(min(found.low, 1 - bound), 1.0)
    return found


def pass_at_1(scores: Sequence[Score]) -> float:
    """The mean over tasks of the share of attempts that solved them."""
    return math.fsum(score.share for score in scores) / len(scores)


def saturated(scores: Sequence[Score]) -> bool:
    """Whether every attempt succeeded: the tasks are too easy to tell agents apart."""
    return all(score.passes == score.attempts for score in scores)


def floored(scores: Sequence[Score]) -> bool:
    """Whether no attempt succeeded: the tasks are too hard to tell agents apart."""
    return not any(score.passes for score in scores)


def pass_at_k(scores: Iterable[Score], k: int) -> float | None:
    """That at least one of k attempts succeeds, estimated without bias; over tasks with k judged attempts, if any."""
    return _mean(
        1 - math.comb(score.attempts - score.passes, k) / math.comb(score.attempts, k)
        for score in scores
        if score.attempts >= k
    )


def pass_all_k(scores: Iterable[Score], k: int) -> float | None:
    """That all of k attempts succeed (pass^k), estimated without bias; over tasks with k judged attempts, if any."""
    return _mean(math.comb(score.passes, k) / math.comb(score.attempts, k) for score in scores if score.attempts >= k)


def _mean(values: Iterable[float]) -> float | None:
    found = list(values)
    return math.fsum(found) / len(found) if found else None
