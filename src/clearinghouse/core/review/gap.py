"""The contamination gap: what an agent solves of public tasks minus what it solves of tasks nobody has published."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clearinghouse.core.review.rates import NOTHING, Interval, Score, pass_at_1
from clearinghouse.core.review.student import critical

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


@dataclass(frozen=True, slots=True)
class Gap:
    """Public minus holdout at equal information levels, each level weighted by its holdout tasks."""

    value: float
    interval: Interval
    public_tasks: int
    holdout_tasks: int
    projects: int


def gap(public: Sequence[Score], holdout: Sequence[Score], level_of: Callable[[str], int]) -> Gap | None:
    """The gap with its interval, from leaving out each project in turn; None where no level has tasks of both kinds."""
    value = _difference(public, holdout, level_of)
    if value is None:
        return None
    projects = sorted({score.project for score in (*public, *holdout)})
    left_out = [_difference(_without(public, one), _without(holdout, one), level_of) for one in projects]
    known = [one for one in left_out if one is not None]
    found = NOTHING
    if len(known) == len(projects) > 1:
        centre, count = math.fsum(known) / len(known), len(known)
        error = math.sqrt(math.fsum((one - centre) ** 2 for one in known) * (count - 1) / count)
        half = critical(count - 1) * error
        if half > 0:
            found = Interval(max(-1.0, value - half), min(1.0, value + half))
    return Gap(value, found, len(public), len(holdout), len(projects))


def _without(scores: Sequence[Score], project: str) -> list[Score]:
    return [score for score in scores if score.project != project]


def _difference(public: Sequence[Score], holdout: Sequence[Score], level_of: Callable[[str], int]) -> float | None:
    parts, weights = [], 0
    for level in sorted({level_of(score.task) for score in holdout}):
        ours = [score for score in public if level_of(score.task) == level]
        theirs = [score for score in holdout if level_of(score.task) == level]
        if ours:
            parts.append(len(theirs) * (pass_at_1(ours) - pass_at_1(theirs)))
            weights += len(theirs)
    return math.fsum(parts) / weights if weights else None
