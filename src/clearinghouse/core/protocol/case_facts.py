"""Case facts: what is true of the world about one bug. Six one-way facts, of which some force the next.

V a vendor is aware, F a fix is ready, D it is deployed, P the public is aware, X an exploit is public, A attacks were
seen. V, F, D come in this order; P, X, A come in any. What is public every vendor knows, and a public exploit is public
knowledge: so X forces P and P forces V within the same transaction. Of the 32 combinations 12 never outlive it; the
other 20 are stored.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

from clearinghouse.core.errors import Conflict, InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator


class Fact(StrEnum):
    """One of the six facts, in words."""

    VENDOR_AWARE = "vendor aware"
    FIX_READY = "fix ready"
    DEPLOYED = "fix deployed"
    PUBLIC = "public aware"
    EXPLOIT = "exploit public"
    ATTACKS = "attacks observed"

    @property
    def letter(self) -> str:
        """V, F, D, P, X or A."""
        return _LETTERS[list(Fact).index(self)]


_LETTERS = "VFDPXA"
_NEEDS = {Fact.FIX_READY: Fact.VENDOR_AWARE, Fact.DEPLOYED: Fact.FIX_READY}


@dataclass(frozen=True, slots=True)
class Learned:
    """One fact that became true, and the fact that forced it, if one did."""

    fact: Fact
    cause: Fact | None = None


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """Which facts hold. Raises Conflict for what cannot be: a fix before its vendor knows, deployed before ready."""

    facts: frozenset[Fact] = frozenset()

    def __post_init__(self) -> None:
        for fact, needed in _NEEDS.items():
            if fact in self.facts and needed not in self.facts:
                raise Conflict(f'"{fact}" cannot hold without "{needed}"', advice=f'record "{needed}" first')

    def __contains__(self, fact: Fact) -> bool:
        return fact in self.facts

    def __str__(self) -> str:
        return "".join(fact.letter if fact in self.facts else fact.letter.lower() for fact in Fact)

    @property
    def forced(self) -> Learned | None:
        """The fact that must follow before anything else may, with its cause; None in the 20 states that are stored."""
        if Fact.EXPLOIT in self.facts and Fact.PUBLIC not in self.facts:
            return Learned(Fact.PUBLIC, Fact.EXPLOIT)
        if Fact.PUBLIC in self.facts and Fact.VENDOR_AWARE not in self.facts:
            return Learned(Fact.VENDOR_AWARE, Fact.PUBLIC)
        return None

    @property
    def possible(self) -> tuple[Fact, ...]:
        """The facts that may come next: the forced one alone, or each that does not hold yet and lacks nothing."""
        if self.forced:
            return (self.forced.fact,)
        return tuple(f for f in Fact if f not in self.facts and (f not in _NEEDS or _NEEDS[f] in self.facts))

    def flip(self, fact: Fact) -> CaseFacts:
        """One fact more, and no fact less; raises Conflict when it cannot come next."""
        if fact in self.facts:
            raise Conflict(f'"{fact}" holds already', advice="a fact is recorded once and never taken back")
        if fact not in self.possible:
            words = " or ".join(f'"{possible}"' for possible in self.possible)
            raise Conflict(f'"{fact}" cannot come next in {self}', advice=f"record {words} first")
        return CaseFacts(self.facts | {fact})


def learn(facts: CaseFacts, fact: Fact) -> tuple[CaseFacts, tuple[Learned, ...]]:
    """The stored state after a fact became true, and what to append to the journal for it, in order, with causes.

    A fact that holds already changes nothing and appends nothing. Raises Conflict for one that comes too early.
    """
    if fact in facts:
        return facts, ()
    told = [Learned(fact)]
    facts = facts.flip(fact)
    while following := facts.forced:
        told.append(following)
        facts = facts.flip(following.fact)
    return facts, tuple(told)


def parse_facts(code: str) -> CaseFacts:
    """The facts from their six letters, "VFdpXa"; raises InvalidInput for anything else."""
    if code.upper() != _LETTERS:
        raise InvalidInput(f"{code[:20]!r} is no state of a case", advice="write vfdpxa, with what holds in capitals")
    return CaseFacts(frozenset(fact for fact, letter in zip(Fact, code, strict=True) if letter.isupper()))


@cache
def compound_states() -> tuple[CaseFacts, ...]:
    """The 32 combinations that can be, each once, from nothing to everything."""
    chain = ((), (Fact.VENDOR_AWARE,), (Fact.VENDOR_AWARE, Fact.FIX_READY), tuple(Fact)[:3])
    free = (Fact.PUBLIC, Fact.EXPLOIT, Fact.ATTACKS)
    cube = [some for size in range(len(free) + 1) for some in itertools.combinations(free, size)]
    return tuple(CaseFacts(frozenset((*vendor, *world))) for vendor in chain for world in cube)


def histories(facts: CaseFacts | None = None) -> Iterator[tuple[Fact, ...]]:
    """Every order in which the facts that do not hold yet can become true; from nothing there are 70."""
    facts = facts or CaseFacts()
    if not facts.possible:
        yield ()
    for fact in facts.possible:
        for rest in histories(facts.flip(fact)):
            yield (fact, *rest)
