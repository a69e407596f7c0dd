"""Delta debugging: reduces a set that passes a test to one from which no single member can be dropped.

The minimising algorithm of Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input", IEEE TSE 28(2),
2002. It asks and is told; whoever drives it runs the tests, several at a time if it likes.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

Unit = TypeVar("Unit")
Candidate = tuple[Unit, ...]


def reduce_set(
    units: Sequence[Unit],
) -> Generator[tuple[Candidate[Unit], ...], int | None, Candidate[Unit]]:
    """Yields batches of candidates, the likeliest first; send the index of the first that passes, or None.

    All of `units` must be known to pass, and the empty set to fail. A candidate after the first that passes counts as
    untested; no tested one is asked for again. Returns a set that passes, in the order of `units`, where every set with
    one member less was tested and failed.
    """
    current = tuple(units)
    failed: set[frozenset[Unit]] = set()
    parts = 2
    while len(current) > 1:
        parts = min(parts, len(current))
        subsets = _split(current, parts)
        complements = [tuple(unit for unit in current if unit not in set(subset)) for subset in subsets]
        batch = _unknown([*subsets, *complements], failed)
        hit = (yield batch) if batch else None
        failed.update(frozenset(candidate) for candidate in batch[:hit])
        if hit is not None:
            parts = 2 if batch[hit] in subsets else max(parts - 1, 2)
            current = batch[hit]
        elif parts == len(current):
            break
        else:
            parts *= 2
    return current


def _split(units: Candidate[Unit], parts: int) -> list[Candidate[Unit]]:
    """Nearly equal consecutive parts, none empty."""
    bounds = [len(units) * index // parts for index in range(parts + 1)]
    return [units[low:high] for low, high in pairwise(bounds)]


def _unknown(candidates: Sequence[Candidate[Unit]], failed: set[frozenset[Unit]]) -> tuple[Candidate[Unit], ...]:
    """Those that have not failed yet, each set once."""
    fresh: dict[frozenset[Unit], Candidate[Unit]] = {}
    for candidate in candidates:
        fresh.setdefault(frozenset(candidate), candidate)
    return tuple(candidate for key, candidate in fresh.items() if key not in failed)


def drive(
    steps: Generator[tuple[Candidate[Unit], ...], int | None, Candidate[Unit]],
    first_passing: Callable[[tuple[Candidate[Unit], ...]], int | None],
) -> Candidate[Unit]:
    """Run a reduction to its end with a function that tests a batch and gives the index of the first that passes."""
    try:
        batch = next(steps)
        while True:
            batch = steps.send(first_passing(batch))
    except StopIteration as end:
        found: Candidate[Unit] = end.value
        return found
