"""How many runs say how much: exact binomial bounds, no normal approximations at these sizes."""

from __future__ import annotations

import math

CONFIDENCE = 0.95
FIRST_RUNS = 5  # all firing: p is at least 0.55
MOST_RUNS = 20
LEAST_RATE = 0.2  # below this lower bound a proof is called flaky: "silent" would need more than 14 runs


def _at_least(k: int, n: int, p: float) -> float:
    """Probability of k or more successes in n trials of probability p."""
    return sum(math.comb(n, i) * p**i * (1 - p) ** (n - i) for i in range(k, n + 1))


def lower_bound(k: int, n: int, confidence: float = CONFIDENCE) -> float:
    """One-sided Clopper-Pearson lower bound of a rate seen k times in n (0 for k = 0)."""
    if not 0 <= k <= n or n == 0:
        raise ValueError(f"{k} of {n} is not a count")
    if k == 0:
        return 0.0
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        if _at_least(k, n, middle) < 1 - confidence:
            low = middle
        else:
            high = middle
    return low


def silent_runs(rate: float, confidence: float = CONFIDENCE) -> int:
    """How many silent runs in a row rule out, at this confidence, that an effect of at least `rate` is still there."""
    if not 0 < rate < 1:
        raise ValueError(f"{rate} is not a rate between 0 and 1")
    return math.ceil(math.log(1 - confidence) / math.log(1 - rate))
