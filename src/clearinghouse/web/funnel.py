"""Draws the funnel: figures in, shapes and a table with the same figures out. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, HEIGHT = 1000, 200  # of the drawing, in its own units
_COLUMN = WIDTH / 5
_BAR = 0.42 * _COLUMN  # the level part of a stage; the rest slopes to the next
_LEAST = 4.0  # a stage that holds anything can be seen


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage: `share` is its count as a part of the reports, None where the count is of another kind."""

    name: str
    count: int
    meaning: str
    x: float  # the middle of its column
    share: float | None
    bar: float  # the share in hundredths, for the table's own bars

    @property
    def figure(self) -> str:
        """The count as people read it: 12,345."""
        return f"{self.count:,}"


@dataclass(frozen=True, slots=True)
class Drawing:
    """The stages, and the outline as an SVG path; the path is empty while there is nothing to draw."""

    stages: tuple[Stage, ...]
    path: str
    summary: str


def draw(*, reports: int, proofs: int, runs: int, proven: int, cases: int, published: int) -> Drawing:
    """The drawing of these figures: heights to the scale of the reports; the runs lie on the way and have no height."""
    named = (
        ("reports", reports, "what finders sent, kept as it came", True),
        ("runs", runs, f"executions in the sandbox, of {proofs:,} distinct proofs; not to scale", False),
        ("proven", proven, "reports whose claim was shown by execution", True),
        ("cases", cases, "distinct bugs among them", True),
        ("published", published, "cases that the world may read", True),
    )
    stages = tuple(
        Stage(
            name=name,
            count=count,
            meaning=meaning,
            x=(i + 0.5) * _COLUMN,
            share=min(1.0, count / reports) if reports and scaled else (0.0 if scaled else None),
            bar=round(100 * min(1.0, count / reports), 1) if reports and scaled else 0.0,
        )
        for i, (name, count, meaning, scaled) in enumerate(named)
    )
    words = ", ".join(f"{stage.count:,} {stage.name}" for stage in stages)
    return Drawing(stages, _outline(stages) if reports else "", f"From reports to publication: {words}.")


def _outline(stages: Sequence[Stage]) -> str:
    """Along the upper edge from left to right, and back along the lower one."""
    upper = []
    for stage in stages:
        if stage.share is None:
            continue
        half = max(stage.share * HEIGHT, _LEAST if stage.count else 0.0) / 2
        upper += [(stage.x - _BAR, half), (stage.x + _BAR, half)]
    middle = HEIGHT / 2
    points = [(x, middle - half) for x, half in upper] + [(x, middle + half) for x, half in reversed(upper)]
    return "M" + " L".join(f"{x:.1f},{y:.1f}" for x, y in points) + " Z"
