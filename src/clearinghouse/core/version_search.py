"""Decides which release to try next, and what the answers so far say of a history of releases.

A history is a row of releases, oldest first, each affected, unaffected or unknown (it cannot be installed, or the proof
breaks there: that is no silence). Most have one affected stretch, so the search bisects between unlike answers and
then samples where a second stretch would hide: at the next release line, in the line before, in the widest stretch
not looked at. With one boundary, and nothing unknown, it tries at most log2(n) + 6 of n releases.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping, Sequence

SPARE = 6  # beside log2(n): the releases that the bundle names, the oldest, the newest, and samples
MOST_SAMPLES = 4  # while nothing contradicts one affected stretch
MORE_SAMPLES = 3  # for each further stretch found
MOST_UNKNOWN = 6  # answers in a row that say nothing, before a boundary is left open


class Answer(StrEnum):
    """What trying a release came to."""

    AFFECTED = "affected"
    UNAFFECTED = "unaffected"
    UNKNOWN = "unknown"  # never taken for unaffected


@dataclass(frozen=True, slots=True)
class Stretch:
    """Releases from `first` to `last` on which every try that said something said affected; indices.

    `before` and `after` are the nearest releases known to be unaffected; None where there is none on that side.
    """

    first: int
    last: int
    before: int | None
    after: int | None


def affected_stretches(answers: Mapping[int, Answer]) -> tuple[Stretch, ...]:
    """The affected stretches, oldest first. What was not tried between two equal answers counts as they do."""
    decided = sorted(index for index, answer in answers.items() if answer is not Answer.UNKNOWN)
    found: list[Stretch] = []
    before: int | None = None
    inside: list[int] = []
    for index in decided:
        if answers[index] is Answer.AFFECTED:
            inside.append(index)
            continue
        if inside:
            found.append(Stretch(inside[0], inside[-1], before, index))
        inside, before = [], index
    if inside:
        found.append(Stretch(inside[0], inside[-1], before, None))
    return tuple(found)


@dataclass(slots=True)
class Search:
    """One search through `count` releases. `anchors` are tried first: those that are known, the oldest, the newest.

    `lines` tells which releases belong to one release line (1.2.x), in their order. `budget` is the most releases to
    try, None for as many as it takes; `everything` tries them all.
    """

    count: int
    anchors: Sequence[int]
    lines: Sequence[Hashable] = ()
    budget: int | None = None
    everything: bool = False
    answers: dict[int, Answer] = field(default_factory=dict)
    samples: int = 0

    @property
    def bound(self) -> int:
        """The most releases that a history with one boundary and nothing unknown takes."""
        return math.floor(math.log2(max(self.count, 1))) + SPARE

    def record(self, index: int, answer: Answer) -> None:
        """Note what trying a release came to."""
        self.answers[index] = answer

    def next(self) -> int | None:
        """The release to try next, None when there is nothing more to learn within the bounds."""
        if len(self.answers) >= (self.count if self.budget is None else min(self.budget, self.count)):
            return None
        for index in self.anchors:
            if index not in self.answers:
                return index
        for choose in (self._between, self._edge):
            chosen = choose()
            if chosen is not None:
                return chosen
        if self.everything:
            return next(index for index in range(self.count) if index not in self.answers)
        if not self._may_sample():
            return None
        self.samples += 1
        return next(self._where_to_sample(), None)

    def open_boundaries(self) -> tuple[tuple[int, int], ...]:
        """Pairs of releases with unlike answers between which something was not decided."""
        return tuple((low, high) for low, high in self._unlike() if high - low > 1)

    def _decided(self) -> list[int]:
        return sorted(index for index, answer in self.answers.items() if answer is not Answer.UNKNOWN)

    def _unlike(self) -> Iterator[tuple[int, int]]:
        return ((low, high) for low, high in pairwise(self._decided()) if self.answers[low] is not self.answers[high])

    def _untried(self, low: int, high: int) -> list[range]:
        """The untried stretches strictly between two releases, the widest first."""
        tried = [low, *sorted(index for index in self.answers if low < index < high), high]
        stretches = [range(start + 1, end) for start, end in pairwise(tried) if end - start > 1]
        return sorted(stretches, key=lambda stretch: (-len(stretch), stretch.start))

    def _between(self) -> int | None:
        """The middle between two unlike answers."""
        for low, high in self._unlike():
            stretches = self._untried(low, high)
            said_nothing = sum(low < index < high for index in self.answers)
            if stretches and said_nothing < MOST_UNKNOWN:
                return _middle(stretches[0])
        return None

    def _edge(self) -> int | None:
        """The middle between an end of which nothing is known and the next release that says something."""
        decided = self._decided()
        if not decided:
            return None
        below = [index for index in self.answers if index < decided[0]]
        above = [index for index in self.answers if index > decided[-1]]
        if below and decided[0] - max(below) > 1:
            return _middle(range(max(below) + 1, decided[0]))
        if above and min(above) - decided[-1] > 1:
            return _middle(range(decided[-1] + 1, min(above)))
        return None

    def _may_sample(self) -> bool:
        further = max(0, len(affected_stretches(self.answers)) - 1)
        if self.samples >= MOST_SAMPLES + MORE_SAMPLES * further:
            return False
        return bool(further) or len(self.answers) < self.bound

    def _where_to_sample(self) -> Iterator[int]:
        """Untried releases that could show another stretch, the likeliest first."""
        yield from self._at_other_lines()
        ends = (-1, self.count) if not self._decided() else (min(self.answers), max(self.answers))
        for stretch in self._untried(*ends):
            yield _middle(stretch)

    def _at_other_lines(self) -> Iterator[int]:
        """The start of the line after each fix, and the end of the line before each affected stretch.

        A fix goes into one line first; whether it came to the next, or was carried back, shows there.
        """
        if not self.lines:
            return
        for stretch in reversed(affected_stretches(self.answers)):
            if stretch.after is not None:
                line = self.lines[stretch.after]
                later = next((i for i in range(stretch.after, self.count) if self.lines[i] != line), None)
                if later is not None and later not in self.answers:
                    yield later
            line = self.lines[stretch.last]
            earlier = next((i for i in range(stretch.last, -1, -1) if self.lines[i] != line), None)
            if earlier is not None and earlier not in self.answers:
                yield earlier


def _middle(stretch: range) -> int:
    return stretch[(len(stretch) - 1) // 2]
