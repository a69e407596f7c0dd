"""When two proofs are one bug: fixing one stops the other, both ways, in the same function, seen by the same oracle.

A matcher has a date and never changes: better rules get a new date, so stored evidence keeps its meaning. The same
fixed release alone says nothing, since one release bundles many fixes. Every proof of a group is tried on *every*
fixed release that the group names, so that a release which stops one and not the other tells two bugs apart, whatever
the finders called fixed. The partition is a function of the set of proofs and of what was executed, never of the
order of arrival.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import combinations
from types import MappingProxyType
from typing import TYPE_CHECKING

from clearinghouse.core.proof import Signal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

EXECUTION = "execution@2026-11-23"
IDENTITY = "identity@2026-11-23"


class Relation(StrEnum):
    """What the evidence says of two proofs."""

    SAME = "same"
    DIFFERENT = "different"  # contradicted by execution
    PARENT_CHILD = "parent_child"  # one fix stops both, the other's only its own; not merged
    UNDECIDED = "undecided"

    @property
    def contradicts(self) -> bool:
        """Whether the two may never be in one case."""
        return self in {Relation.DIFFERENT, Relation.PARENT_CHILD}


class Strength(StrEnum):
    """What one piece of evidence does to the claim that two proofs are one bug."""

    DECIDES = "decides"
    SUPPORTS = "supports"
    NOMINATES = "nominates"  # a reason to look, never to merge
    CONTRADICTS = "contradicts"
    MISSING = "missing"  # what would be needed and is not there


@dataclass(frozen=True, slots=True)
class Evidence:
    """One line of the ledger of a pair."""

    kind: str
    value: str
    matcher: str
    strength: Strength


@dataclass(frozen=True, slots=True)
class Judgement:
    """What follows for a pair, with everything it follows from."""

    relation: Relation
    evidence: tuple[Evidence, ...]


Rulings = Mapping[frozenset[str], bool]  # by the two proofs' ids: whether a person said that they are one bug
NO_RULINGS: Rulings = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ProofFacts:
    """What matching may know of a proof that supports its claim. `ran` says what its trigger did on each release."""

    id: str
    package: str
    vulnerable: str
    fixed: str | None
    function: str | None
    oracle: str
    trigger: str = ""  # digest of input, oracle and vulnerable target; equal means the very same experiment
    aliases: tuple[str, ...] = ()
    ran: Mapping[str, Signal] = field(default_factory=dict)

    places: Mapping[str, str] = field(default_factory=dict)  # release -> function, when compared with that release

    def place_on(self, release: str) -> str | None:
        """The function that the effect belongs to, seen against `release` where that was looked at."""
        return self.places.get(release) or self.function

    @property
    def hints(self) -> tuple[str, ...]:
        """What nominates: proofs of one package and oracle that share any of these are looked at together."""
        named = [
            f"function {self.function}" if self.function else "",
            f"trigger {self.trigger}" if self.trigger else "",
        ]
        return (*filter(None, named), *(f"alias {alias}" for alias in self.aliases))


def fixes_of(proofs: Iterable[ProofFacts]) -> frozenset[str]:
    """Every release that one of the proofs names as fixed."""
    return frozenset(proof.fixed for proof in proofs if proof.fixed)


def missing_trials(proofs: Iterable[ProofFacts]) -> list[tuple[str, str]]:
    """What must still be executed before the proofs can be told apart: (proof id, release), sorted."""
    wanted = []
    for members in _groups(proofs):
        if len(members) > 1:
            wanted += [(p.id, fix) for p in members for fix in fixes_of(members) if fix not in p.ran]
    return sorted(wanted)


def judge(a: ProofFacts, b: ProofFacts, fixes: frozenset[str]) -> Judgement:
    """Decide one pair from what was executed on `fixes`, the fixed releases named in its group."""
    if a.id == b.id:
        return Judgement(Relation.SAME, (Evidence("bundle", a.id, IDENTITY, Strength.DECIDES),))
    if a.package != b.package:
        line = Evidence("package", f"{a.package} / {b.package}", IDENTITY, Strength.CONTRADICTS)
        return Judgement(Relation.DIFFERENT, (line,))
    if a.trigger and a.trigger == b.trigger:
        return Judgement(Relation.SAME, (Evidence("same input and target", a.trigger, IDENTITY, Strength.DECIDES),))
    lines = _nominations(a, b)
    alike = _same_place(a, b, lines)
    only_a, only_b = _stops_one_only(a, b, fixes, lines)
    if only_a or only_b:
        one_way = alike and not (only_a and only_b)
        return Judgement(Relation.PARENT_CHILD if one_way else Relation.DIFFERENT, tuple(lines))
    mutual = _silent_on(a, b, lines) & _silent_on(b, a, lines)
    return Judgement(Relation.SAME if mutual and alike else Relation.UNDECIDED, tuple(lines))


def partition(proofs: Iterable[ProofFacts], rulings: Rulings = NO_RULINGS) -> list[tuple[str, ...]]:
    """The cases: sets of proof ids, each and all sorted.

    A proof joins a case when it is the same as one member and contradicted with none. What a person ruled of a pair
    (True: one bug) goes before that, for the whole cases that the two are in.
    """
    proofs = list(proofs)
    cases: list[tuple[str, ...]] = []
    for members in _groups(proofs, rulings):
        fixes = fixes_of(members)
        clusters: list[list[ProofFacts]] = []
        for proof in sorted(members, key=lambda p: p.id):
            home = next((c for c in clusters if _one_bug([proof], c, fixes, rulings)), None)
            if home is None:
                clusters.append([proof])
            else:
                home.append(proof)
        cases += [tuple(p.id for p in cluster) for cluster in _joined(clusters, fixes, rulings)]
    return sorted(cases)


def group_of(proof_id: str, proofs: Iterable[ProofFacts]) -> list[ProofFacts]:
    """The proofs that are looked at together with one: those it is nominated with, and theirs in turn, sorted by id."""
    found = next((group for group in _groups(proofs) if any(member.id == proof_id for member in group)), [])
    return sorted(found, key=lambda p: p.id)


def _groups(proofs: Iterable[ProofFacts], rulings: Rulings = NO_RULINGS) -> list[list[ProofFacts]]:
    """Connected components of shared hints within one package and oracle: only inside one can proofs be one bug.

    A hint never merges; an alias that anyone may state costs a few trials at most.
    """
    groups: dict[int, list[ProofFacts]] = {}
    home: dict[tuple[str, ...], int] = {}
    for number, proof in enumerate(proofs):
        keys = _keys(proof, rulings)
        joined = sorted({home[key] for key in keys if key in home})
        members = [proof]
        for other in joined:
            members += groups.pop(other)
        groups[number] = members
        for member in members:
            home.update(dict.fromkeys(_keys(member, rulings), number))
    return list(groups.values())


def _keys(proof: ProofFacts, rulings: Rulings) -> list[tuple[str, ...]]:
    ruled = [tuple(sorted(pair)) for pair, same in rulings.items() if same and proof.id in pair]
    return [*((proof.package, proof.oracle, hint) for hint in proof.hints), *ruled]


def _one_bug(left: Sequence[ProofFacts], right: Sequence[ProofFacts], fixes: frozenset[str], rulings: Rulings) -> bool:
    ruled = {rulings.get(frozenset({a.id, b.id})) for a in left for b in right}
    if ruled - {None}:
        return False not in ruled
    relations = [judge(a, b, fixes).relation for a in left for b in right]
    return Relation.SAME in relations and not any(relation.contradicts for relation in relations)


def _joined(clusters: list[list[ProofFacts]], fixes: frozenset[str], rulings: Rulings) -> list[list[ProofFacts]]:
    """Clusters that a later proof showed to be one: the same rule between whole clusters, until nothing changes."""
    for left, right in combinations(clusters, 2):
        if _one_bug(left, right, fixes, rulings):
            both = sorted(left + right, key=lambda proof: proof.id)
            return _joined([both if c is left else c for c in clusters if c is not right], fixes, rulings)
    return clusters


def _nominations(a: ProofFacts, b: ProofFacts) -> list[Evidence]:
    lines = [
        Evidence("alias", alias, IDENTITY, Strength.NOMINATES) for alias in sorted(set(a.aliases) & set(b.aliases))
    ]
    if a.fixed and a.fixed == b.fixed:
        lines.append(Evidence("fixed release", a.fixed, IDENTITY, Strength.NOMINATES))
    return lines


def _same_place(a: ProofFacts, b: ProofFacts, lines: list[Evidence]) -> bool:
    """Whether both effects were attributed to one function and seen by one oracle; says so in `lines`."""
    place = _shared_place(a, b)
    if place:
        lines.append(Evidence("function", place, EXECUTION, Strength.SUPPORTS))
    else:
        value = f"{a.function or 'not attributed'} / {b.function or 'not attributed'}"
        lines.append(Evidence("function", value, EXECUTION, Strength.MISSING))
    if a.oracle == b.oracle:
        lines.append(Evidence("oracle", a.oracle, EXECUTION, Strength.SUPPORTS))
    else:
        lines.append(Evidence("oracle", f"{a.oracle} / {b.oracle}", EXECUTION, Strength.MISSING))
    return place is not None and a.oracle == b.oracle


def _shared_place(a: ProofFacts, b: ProofFacts) -> str | None:
    """The function both belong to; where it was found by comparing releases, with the same release for both."""
    if a.function and a.function == b.function:
        return a.function
    for fix in sorted(fixes_of([a, b])):
        place = a.place_on(fix)
        if place and place == b.place_on(fix):
            return f"{place} (compared with {fix})"
    return None


def _stops_one_only(a: ProofFacts, b: ProofFacts, fixes: frozenset[str], lines: list[Evidence]) -> tuple[bool, bool]:
    """Whether some fixed release stops only `a`, or only `b`; each such release is a contradiction in `lines`."""
    found = {a.id: False, b.id: False}
    for fix in sorted(fixes):
        for stopped, other in ((a, b), (b, a)):
            if stopped.ran.get(fix) is Signal.SILENT and other.ran.get(fix) is Signal.FIRED:
                found[stopped.id] = True
                value = f"{fix} stops {stopped.id[:12]}, {other.id[:12]} still fires"
                lines.append(Evidence("fix stops only one", value, EXECUTION, Strength.CONTRADICTS))
    return found[a.id], found[b.id]


def _silent_on(proof: ProofFacts, other: ProofFacts, lines: list[Evidence]) -> bool:
    """Whether `proof` is silent on the release that `other` names as fixed; says so in `lines`."""
    if other.fixed is None:
        lines.append(Evidence("fix", f"none known for {other.id[:12]}", EXECUTION, Strength.MISSING))
        return False
    signal = proof.ran.get(other.fixed)
    if signal is Signal.SILENT:
        value = f"{proof.id[:12]} is silent on {other.fixed}, the fix of {other.id[:12]}"
        lines.append(Evidence("silent on the other's fix", value, EXECUTION, Strength.SUPPORTS))
        return True
    value = f"{proof.id[:12]} on {other.fixed}: {signal or 'not run'}"
    lines.append(Evidence("silent on the other's fix", value, EXECUTION, Strength.MISSING))
    return False
