"""The law of the oracles cpu and memory: a cost that grows faster than its input, never its amount alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

EXPONENT = 1.7
SHORTEST = 0.020  # seconds; shorter runs measure the machine
SMALLEST = 4.0  # MiB; less is what the kernel and the interpreter happen to hold
LIKENESS = 4.0  # with sizes: a fixed version must take less than this part of the vulnerable one's cost
RATIO = 10.0  # without sizes: how many times the control or the fixed version


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds or MiB at one size; `finished` is False for a run that was stopped: it took at least as much."""

    size: int | None
    amount: float
    finished: bool


def exponent(costs: Sequence[Cost], floor: float = SHORTEST) -> float | None:
    """The growth exponent of a series of sizes; None where too little was measured.

    Fitted by least squares in log-log over finished runs that took `floor` or more. A run that was stopped (or the
    first such one) against the longest shorter size gives a lower bound, where the shorter one counts as `floor`
    at least. The largest holds.
    """
    points = [(c.size, c.amount) for c in costs if c.finished and c.size and c.amount >= floor]
    stopped = [(c.size, c.amount) for c in costs if not c.finished and c.size and c.amount >= floor]
    fits = []
    if len(points) >= 2:  # noqa: PLR2004  # a line needs two points
        fits.append(_slope([(math.log(s), math.log(t)) for s, t in points]))
    for size, seconds in [*stopped[:1], *points[:1]]:
        shorter = [(c.size, c.amount) for c in costs if c.finished and c.size and c.size < size]
        if shorter:
            before, took = max(shorter)
            base = max(took, floor)
            if seconds > base:
                fits.append(math.log(seconds / base) / math.log(size / before))
    return max(fits) if fits else None


def _slope(points: Sequence[tuple[float, float]]) -> float:
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0


def grows(costs: Sequence[Cost], budget: float, floor: float = SHORTEST) -> bool:
    """Whether a series fires: the exponent is reached, and the budget at the largest size that ran."""
    if not costs:
        return False
    measured = exponent(costs, floor)
    return measured is not None and measured >= EXPONENT and costs[-1].amount >= budget


def nearly(costs: Sequence[Cost], budget: float) -> bool:
    """Whether a series took what must be seen and misses by its growth alone: noise may hide a growth that is there."""
    return bool(costs) and costs[-1].size is not None and costs[-1].amount >= budget and not grows(costs, budget)


def quietest(series: Sequence[Sequence[Cost]]) -> tuple[Cost, ...]:
    """The least that each size took in any of several series; a stopped one only where none finished.

    A busy machine only adds to what a run takes, so the least is nearest to what the code itself does. Each series must
    come from a process of its own: within one, what a first call kept would make the second one quick.
    """
    by_size: dict[int | None, Cost] = {}
    for cost in (cost for costs in series for cost in costs):
        known = by_size.setdefault(cost.size, cost)
        if (not cost.finished, cost.amount) < (not known.finished, known.amount):
            by_size[cost.size] = cost
    return tuple(sorted(by_size.values(), key=lambda cost: cost.size or 0))


def alike(amount: float, vulnerable: float) -> bool:
    """Whether a release takes nearly as much as the vulnerable one at the same size: then it fixes nothing.

    An input can be made to grow with the square of its size by itself; only against the fixed version does that show.
    """
    return amount >= vulnerable / LIKENESS


def exceeds(amount: float, budget: float, reference: float) -> bool:
    """Without sizes: the budget is reached and the cost is ten times that of the control or the fixed version."""
    return amount >= budget and amount >= RATIO * reference
