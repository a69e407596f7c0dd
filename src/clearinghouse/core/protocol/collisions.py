"""Collisions: independent finders of one bug. What two found others will, so the case is more urgent by one step.

What they do to the embargo stands in `embargo_proposals.shortened_for_another_finder`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from clearinghouse.core.priority import Fact, Flip, Priority
from clearinghouse.core.ssvc import Decision

if TYPE_CHECKING:
    from collections.abc import Iterable

COLLISION = 2  # independent finders


def independent_finders(finders: Iterable[tuple[str, str | None]]) -> int:
    """How many found it independently, of (finder, organisation or None): colleagues count once."""
    return len({("organisation", house) if house else ("finder", finder) for finder, house in finders})


def raised_by_collision(priority: Priority, independent: int) -> Priority:
    """The priority one step up when two or more found the bug independently, with the reason among its facts.

    One step however many they are; "act" is the highest there is. With fewer finders nothing changes.
    """
    if independent < COLLISION:
        return priority
    reason = Fact("collision", "one step up", "cases", f"{independent} independent finders")
    flips = tuple(
        Flip(flip.name, tuple((value, _up(decisions)) for value, decisions in flip.outcomes)) for flip in priority.flips
    )
    return replace(priority, reachable=_up(priority.reachable), facts=(*priority.facts, reason), flips=flips)


def _up(decisions: tuple[Decision, ...]) -> tuple[Decision, ...]:
    order = tuple(Decision)
    raised = {order[min(decision.rank + 1, len(order) - 1)] for decision in decisions}
    return tuple(sorted(raised, key=lambda decision: decision.rank))
