"""How much is solved within parts of a budget: from the same samples, by what was used when an answer was handed in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from clearinghouse.core.review.rates import Interval, Score, interval, pass_at_1
from clearinghouse.core.review.samples import Outcome, Sample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

SHARES = (0.1, 0.3, 1.0)


@dataclass(frozen=True, slots=True)
class Point:
    """pass@1 if attempts had ended at this amount."""

    share: float
    amount: float
    value: float
    interval: Interval


def scores(
    samples: Iterable[Sample], projects: Mapping[str, str], solved: Callable[[Sample], bool] | None = None
) -> list[Score]:
    """Per task, how many of the judged attempts passed, and are `solved` in the sense given. Sorted by task."""
    counts: dict[str, tuple[int, int]] = {}
    for sample in samples:
        if sample.outcome is not Outcome.NO_VERDICT:
            passes, attempts = counts.get(sample.task, (0, 0))
            passed = sample.outcome is Outcome.PASS and (solved is None or solved(sample))
            counts[sample.task] = (passes + passed, attempts + 1)
    return [Score(task, projects[task], *count) for task, count in sorted(counts.items())]


def token_curve(samples: Sequence[Sample], projects: Mapping[str, str], budget: int | None) -> tuple[Point, ...]:
    """pass@1 at 10, 30 and 100 % of the token budget; nothing without one, or for an agent that uses no tokens."""
    if not budget or not any(sample.usage.tokens for sample in samples):
        return ()
    return _curve(samples, projects, budget, _tokens_within)


def seconds_curve(samples: Sequence[Sample], projects: Mapping[str, str], budget: float) -> tuple[Point, ...]:
    """pass@1 at 10, 30 and 100 % of so many seconds of an attempt."""
    return _curve(samples, projects, budget, lambda sample, limit: sample.seconds <= limit)


def _tokens_within(sample: Sample, limit: float) -> bool:
    return sample.submitted_at_tokens is not None and sample.submitted_at_tokens <= limit


def _curve(
    samples: Sequence[Sample], projects: Mapping[str, str], budget: float, within: Callable[[Sample, float], bool]
) -> tuple[Point, ...]:
    points = []
    for share in SHARES:
        limit = share * budget
        found = scores(samples, projects, lambda sample, limit=limit: within(sample, limit))  # type: ignore[misc]
        if found:
            points.append(Point(share, limit, pass_at_1(found), interval(found)))
    return tuple(points)
