"""Student's t: its distribution for whole degrees of freedom in closed form, and the value that a level asks for."""

from __future__ import annotations

import math
from functools import cache


def within(t: float, degrees: int) -> float:
    """Probability that a t variable lies between -t and t (t from 0). Raises ValueError below one degree of freedom."""
    if degrees < 1:
        raise ValueError("at least one degree of freedom")
    angle = math.atan2(t, math.sqrt(degrees))
    sine, cosine = math.sin(angle), math.cos(angle)
    term = total = cosine if degrees % 2 else 1.0
    for step in range(3 if degrees % 2 else 2, degrees - 1, 2):
        term *= cosine * cosine * (step - 1) / step
        total += term
    if degrees == 1:
        return 2 * angle / math.pi
    return 2 / math.pi * (angle + sine * total) if degrees % 2 else sine * total


@cache
def critical(degrees: int, level: float = 0.95) -> float:
    """The t between whose negative and itself a variable lies with probability `level`, to 12 digits or so."""
    if not 0 < level < 1:
        raise ValueError(f"{level} is no level")
    low, high = 0.0, 1.0
    while within(high, degrees) < level:
        low, high = high, 2 * high
    for _ in range(100):
        middle = (low + high) / 2
        if within(middle, degrees) < level:
            low = middle
        else:
            high = middle
    return (low + high) / 2
