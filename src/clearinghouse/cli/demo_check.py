"""Compares what a demo came to with what its inputs demand, and names every difference. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clearinghouse.cli.demo_inputs import Expected


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a demo came to: counts by name, and each report's case by its key (None: in no case)."""

    counts: Mapping[str, int]
    cases: Mapping[str, str | None]


def differences(expected: Expected, outcome: Outcome) -> list[str]:
    """One line for each expectation that does not hold; none when all do."""
    found = [
        f"{name}: {outcome.counts.get(name, 0)} instead of {count}"
        for name, count in expected.counts.items()
        if outcome.counts.get(name, 0) != count
    ]
    for group in expected.together:
        places = {key: outcome.cases.get(key) for key in group}
        if None in places.values() or len(set(places.values())) != 1:
            found.append(f"not in one case: {_where(places)}")
    for a, b in expected.apart:
        places = {a: outcome.cases.get(a), b: outcome.cases.get(b)}
        if None in places.values():
            found.append(f"not in a case each: {_where(places)}")
        elif places[a] == places[b]:
            found.append(f"in one case and should not be: {_where(places)}")
    return found


def _where(places: Mapping[str, str | None]) -> str:
    return ", ".join(f"{key} ({case or 'no case'})" for key, case in places.items())
