"""How urgent a case is, and why: the CISA coordinator table over stored facts, and an explained order within a class.

A fact that nobody knows stays unknown: the answer is then the set of decisions still reachable, with the single facts
that would settle or change it. Proof facts fill what a proof can show; everything else waits for a person.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from clearinghouse.core.proof import Grade, OracleName
from clearinghouse.core.ssvc import ROWS, TABLE, Automatable, Decision, Exploitation, Mission, TechnicalImpact

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ORDER = "order@2026-11-23"

INPUTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "exploitation": tuple(Exploitation),
        "automatable": tuple(Automatable),
        "technical_impact": tuple(TechnicalImpact),
        "mission": tuple(Mission),
    },
)

_TOTAL = frozenset({OracleName.EXEC, OracleName.WRITE})
_ORACLE_WEIGHT: Mapping[str, int] = MappingProxyType(
    {
        "exec": 6,
        "write": 5,
        "read": 4,
        "connect": 4,
        "signal": 3,
        "sanitizer": 3,
        "predicate": 2,
        "recursion": 1,
        "cpu": 1,
        "memory": 1,
        "exception": 1,
    },
)
_GRADE_WEIGHT: Mapping[str, int] = MappingProxyType({"A": 3, "B": 2, "C": 1, "D": 0})


@dataclass(frozen=True, slots=True)
class Fact:
    """One input of a decision. `value` is None while unknown; `source` says who or what set it, `evidence` on what."""

    name: str
    value: str | None
    source: str
    evidence: str


@dataclass(frozen=True, slots=True)
class Flip:
    """An unknown input that alone changes the outcome: each value with the decisions reachable then."""

    name: str
    outcomes: tuple[tuple[str, tuple[Decision, ...]], ...]


@dataclass(frozen=True, slots=True)
class OrderReason:
    """One part of the order within a class; higher comes first."""

    name: str
    weight: int
    words: str


@dataclass(frozen=True, slots=True)
class Priority:
    """The decisions still reachable (rising), what they rest on, and the order within the class."""

    reachable: tuple[Decision, ...]
    facts: tuple[Fact, ...]
    flips: tuple[Flip, ...]
    order: tuple[OrderReason, ...]
    table: str = TABLE
    order_version: str = ORDER

    @property
    def label(self) -> str:
        """In words: "attend", or "track to attend" while something is unknown."""
        first, last = self.reachable[0], self.reachable[-1]
        return str(first) if first is last else f"{first} to {last}"

    @property
    def sort_key(self) -> tuple[int, ...]:
        """Greater is more urgent: the worst reachable decision first, then the certain part, then the order."""
        return (self.reachable[-1].rank, self.reachable[0].rank, *(reason.weight for reason in self.order))


@dataclass(frozen=True, slots=True)
class ProvenFact:
    """What one proof of a case contributes: its id, grade and oracle."""

    id: str
    grade: Grade | None
    oracle: str


def facts_from_proofs(proofs: Iterable[ProvenFact]) -> tuple[Fact, ...]:
    """What the proofs themselves show. Exploitation is "none" while no evidence is held: a stated alias is a claim."""
    proofs = sorted(proofs, key=lambda proof: proof.id)
    exploitation = Fact("exploitation", Exploitation.NONE, "no evidence held", "a stated alias alone is a claim")
    automatable = Fact("automatable", None, "proofs", "no proof in which our own harness made the call")
    for proof in proofs:
        if proof.grade is Grade.A:
            words = f"proof {proof.id[:12]} runs unattended, with no user and no script of the finder's"
            automatable = Fact("automatable", Automatable.YES, "proof", words)
            break
    return (
        exploitation,
        automatable,
        _impact(proofs),
        Fact("mission", None, "nobody yet", "what depends on it is not known"),
    )


def _impact(proofs: list[ProvenFact]) -> Fact:
    for proof in proofs:
        if proof.oracle in _TOTAL:
            return Fact(
                "technical_impact", TechnicalImpact.TOTAL, "proof", f"{proof.oracle} seen in proof {proof.id[:12]}"
            )
    seen = sorted({proof.oracle for proof in proofs})
    known = [oracle for oracle in seen if oracle in set(OracleName)]
    if not known:
        return Fact("technical_impact", None, "proofs", "no effect of a known class")
    return Fact("technical_impact", TechnicalImpact.PARTIAL, "proof", f"only {', '.join(known)} seen so far")


def order_within_class(proofs: Iterable[ProvenFact], finders: int) -> tuple[OrderReason, ...]:
    """Independent finders first (others will find it too), then whose word the proof is, then the gravest effect."""
    proofs = list(proofs)
    grade = max((proof.grade for proof in proofs if proof.grade), key=lambda g: _GRADE_WEIGHT[g], default=Grade.D)
    oracle = max((proof.oracle for proof in proofs), key=lambda o: _ORACLE_WEIGHT.get(o, 0), default="none")
    return (
        OrderReason("finders", finders, f"{finders} independent finder{'s' if finders != 1 else ''}"),
        OrderReason("grade", _GRADE_WEIGHT[grade], f"best proof is grade {grade}"),
        OrderReason("effect", _ORACLE_WEIGHT.get(oracle, 0), f"gravest effect shown: {oracle}"),
    )


def evaluate(facts: Iterable[Fact], order: tuple[OrderReason, ...] = ()) -> Priority:
    """Every decision that the known facts still allow, and which single unknown would change the set."""
    by_name = {fact.name: fact for fact in facts}
    ordered = tuple(by_name.get(name, Fact(name, None, "nobody yet", "")) for name in INPUTS)
    known = {fact.name: fact.value for fact in ordered if fact.value is not None}
    reachable = _reachable(known)
    flips = []
    for fact in ordered:
        if fact.value is None:
            outcomes = tuple((value, _reachable({**known, fact.name: value})) for value in INPUTS[fact.name])
            if any(outcome != reachable for _, outcome in outcomes):
                flips.append(Flip(fact.name, outcomes))
    return Priority(reachable, ordered, tuple(flips), order)


def _reachable(known: Mapping[str, str]) -> tuple[Decision, ...]:
    choices = [(known[name],) if name in known else values for name, values in INPUTS.items()]
    rows = {tuple(map(str, row)): decision for row, decision in ROWS.items()}
    found = {rows[tuple(map(str, point))] for point in itertools.product(*choices)}
    return tuple(sorted(found, key=lambda decision: decision.rank))
