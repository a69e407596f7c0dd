"""How well disclosure went, against luck: twelve orders of events that one wants, and how often chance gives each.

The baseline is a case in which whatever can happen next is equally likely. Skill 1 means always, 0 means no better than
that, below 0 worse (Householder and Spring, CMU/SEI-2021-SR-021).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from clearinghouse.core.protocol.case_facts import CaseFacts, Fact

History = Sequence[Fact]


@dataclass(frozen=True, slots=True)
class Order:
    """One event wanted before another."""

    first: Fact
    second: Fact

    def __str__(self) -> str:
        return f"{self.first.letter}<{self.second.letter}"

    def holds(self, history: History) -> bool | None:
        """Whether a history, complete or not, has it; None while neither event has happened."""
        if self.first in history:
            return self.second not in history or history.index(self.first) < history.index(self.second)
        return False if self.second in history else None


# The fix's own path is good early, what the public and attackers do is good late; of X and P, P should be first.
DESIRED = (
    *(
        Order(first, second)
        for first in (Fact.VENDOR_AWARE, Fact.FIX_READY, Fact.DEPLOYED)
        for second in (Fact.PUBLIC, Fact.EXPLOIT, Fact.ATTACKS)
    ),
    Order(Fact.PUBLIC, Fact.EXPLOIT),
    Order(Fact.PUBLIC, Fact.ATTACKS),
    Order(Fact.EXPLOIT, Fact.ATTACKS),
)


@dataclass(frozen=True, slots=True)
class Skill:
    """How one order did: `observed` is the share of the `cases` that decided it, None when there were none."""

    order: Order
    cases: int
    observed: Fraction | None
    luck: Fraction

    @property
    def alpha(self) -> Fraction | None:
        """(observed - luck) / (1 - luck): 1 is always, 0 is luck; None without cases."""
        return None if self.observed is None else (self.observed - self.luck) / (1 - self.luck)


@cache
def luck(order: Order) -> Fraction:
    """How likely an order is when every event that can come next is equally likely."""
    return _chance(order, CaseFacts())


@cache
def _chance(order: Order, facts: CaseFacts) -> Fraction:
    if order.first in facts or order.second in facts:
        return Fraction(order.first in facts)
    chances = [_chance(order, facts.flip(fact)) for fact in facts.possible]
    return sum(chances, Fraction()) / len(chances)


def skill(observed: Sequence[History]) -> tuple[Skill, ...]:
    """The twelve orders over the histories of cases; a case counts where it has decided the order."""
    found = []
    for order in DESIRED:
        decided = [held for history in observed if (held := order.holds(history)) is not None]
        share = Fraction(sum(decided), len(decided)) if decided else None
        found.append(Skill(order, len(decided), share, luck(order)))
    return tuple(found)
