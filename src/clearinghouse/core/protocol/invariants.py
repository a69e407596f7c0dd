"""What must hold across the machines of one case, each rule with a name, and what the rules leave to a person.

A rule is broken by a situation, whoever brought it about. Two rules are about a step and not about where it leads:
`start_faults` knows them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from clearinghouse.core.protocol.case_facts import Fact
from clearinghouse.core.protocol.embargo import Embargo, early_end
from clearinghouse.core.protocol.report_management import Management
from clearinghouse.core.protocol.vendor_path import VendorPath, rolled_up

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from clearinghouse.core.protocol.situation import Situation


class Invariant(StrEnum):
    """A rule across the machines, in words."""

    STORED_FACTS = "a fact that forces another never stands without it"
    FIX_BY_WHO_TOOK_IT_ON = "a vendor with a fix has accepted, deferred or closed the case"
    ROLLED_UP = "what holds for the vendors' lines stands in the case's facts"
    NOTHING_PUBLIC_KEPT = "no embargo is in force or proposed once the public knows or an exploit is public"
    NO_START_UNDER_ATTACK = "no embargo is proposed once attacks were seen"
    OVER_WHEN_DEPLOYED = "no embargo is in force or proposed once the fix is deployed"
    CONSENT_BEFORE_CONTENT = "under an embargo, content is open to signatories only"
    PROPOSER_KNOWS = "who proposes terms has received the case and not put it aside"
    NO_START_WITH_FIX = "no embargo starts once a vendor has a fix, unless a person decides so"


@dataclass(frozen=True, slots=True)
class Breach:
    """A broken rule, and where: a participant, a line, the facts."""

    invariant: Invariant
    place: str

    def __str__(self) -> str:
        return f"{self.place}: {self.invariant}"


_KEPT = frozenset({Embargo.PROPOSED, Embargo.ACTIVE, Embargo.REVISE})
_TOOK_ON = frozenset({Management.ACCEPTED, Management.DEFERRED, Management.CLOSED})
_MAY_START = frozenset({Management.RECEIVED, Management.VALID, Management.ACCEPTED})
_MAY_REVISE = frozenset({Management.VALID, Management.ACCEPTED, Management.DEFERRED})


def _stored_facts(now: Situation) -> list[str]:
    places = [f"facts {now.facts}"] if now.facts.forced else []
    if Fact.PUBLIC in now.facts:
        places += [f"{line.vendor} {line.line}".strip() for line in now.lines if line.path is VendorPath.UNAWARE]
    return places


def _fix_by_who_took_it_on(now: Situation) -> list[str]:
    fixed = {line.vendor for line in now.lines if line.path.fixed}
    people = {one.party: one.management for one in now.participants}
    return sorted(vendor for vendor in fixed if people.get(vendor) not in _TOOK_ON)


def _rolled_up(now: Situation) -> list[str]:
    return [f"facts {now.facts} without {fact}" for fact in rolled_up(now.lines, now.share) if fact not in now.facts]


def _kept_despite(now: Situation, *facts: Fact) -> list[str]:
    return [f"embargo {now.embargo}, {fact}" for fact in facts if fact in now.facts and now.embargo in _KEPT]


def _no_start_under_attack(now: Situation) -> list[str]:
    attacked = Fact.ATTACKS in now.facts and now.embargo is Embargo.PROPOSED
    return [f"embargo {now.embargo}"] if attacked else []


RULES: Mapping[Invariant, Callable[[Situation], list[str]]] = MappingProxyType(
    {
        Invariant.STORED_FACTS: _stored_facts,
        Invariant.FIX_BY_WHO_TOOK_IT_ON: _fix_by_who_took_it_on,
        Invariant.ROLLED_UP: _rolled_up,
        Invariant.NOTHING_PUBLIC_KEPT: lambda now: _kept_despite(now, Fact.PUBLIC, Fact.EXPLOIT),
        Invariant.NO_START_UNDER_ATTACK: _no_start_under_attack,
        Invariant.OVER_WHEN_DEPLOYED: lambda now: _kept_despite(now, Fact.DEPLOYED),
        Invariant.CONSENT_BEFORE_CONTENT: lambda now: sorted(now.readers - now.may_read),
    }
)


def broken(now: Situation) -> tuple[Breach, ...]:
    """Every rule that a situation breaks, with the place; nothing when all hold."""
    return tuple(Breach(invariant, place) for invariant, rule in RULES.items() for place in rule(now))


def start_faults(now: Situation, proposer: str) -> tuple[Breach, ...]:
    """What speaks against `proposer` proposing terms now. NO_START_WITH_FIX a person may set aside, with a reason."""
    may = _MAY_REVISE if now.embargo.in_force else _MAY_START
    faults = []
    if now.of(proposer).management not in may:
        faults.append(Breach(Invariant.PROPOSER_KNOWS, f"{proposer} is {now.of(proposer).management}"))
    if not now.embargo.in_force and now.some_fix:
        faults.append(Breach(Invariant.NO_START_WITH_FIX, f"facts {now.facts}"))
    return tuple(faults)


def asked_of_people(now: Situation) -> tuple[str, ...]:
    """The decisions that the rules leave to a person in this situation, as questions to the case's owner."""
    questions = []
    if asked := early_end(now.embargo, now.facts).asks:
        questions.append(asked)
    undecided = now.embargo is Embargo.NONE and not now.no_embargo_decided
    if undecided and now.untouched and Fact.VENDOR_AWARE in now.facts:
        questions.append("a vendor knows and there is no embargo: propose one, or record that there is to be none?")
    if now.embargo.in_force and now.untouched and now.some_fix:
        questions.append("a vendor has a fix: when does the embargo end, and who still trails?")
    return tuple(questions)
