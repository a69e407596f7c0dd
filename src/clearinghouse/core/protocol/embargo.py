"""Embargo management: the states of a case's embargo and the steps between them, and which facts end one early.

One embargo per case. What its terms may say stands in `embargo_terms`, who agreed to it in `consent`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from clearinghouse.core.errors import Conflict
from clearinghouse.core.protocol.case_facts import CaseFacts, Fact
from clearinghouse.core.protocol.machine import machine

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Embargo(StrEnum):
    """Where the embargo of one case stands."""

    NONE = "none"
    PROPOSED = "proposed"
    ACTIVE = "active"
    REVISE = "revise"  # in force, with other terms proposed
    EXITED = "exited"

    @property
    def in_force(self) -> bool:
        """Whether the case's content is held back."""
        return self in {Embargo.ACTIVE, Embargo.REVISE}


class EmbargoStep(StrEnum):
    """What can happen to a case's embargo."""

    PROPOSE = "propose"
    ACCEPT = "accept"
    REJECT = "reject"
    TERMINATE = "terminate"


EMBARGO = machine(
    "the embargo",
    Embargo.NONE,
    (
        (Embargo.NONE, EmbargoStep.PROPOSE, Embargo.PROPOSED),
        (Embargo.PROPOSED, EmbargoStep.PROPOSE, Embargo.PROPOSED),
        (Embargo.PROPOSED, EmbargoStep.REJECT, Embargo.NONE),
        (Embargo.PROPOSED, EmbargoStep.ACCEPT, Embargo.ACTIVE),
        (Embargo.ACTIVE, EmbargoStep.PROPOSE, Embargo.REVISE),
        (Embargo.REVISE, EmbargoStep.PROPOSE, Embargo.REVISE),
        (Embargo.REVISE, EmbargoStep.ACCEPT, Embargo.ACTIVE),  # the new terms hold
        (Embargo.REVISE, EmbargoStep.REJECT, Embargo.ACTIVE),  # the old terms hold
        (Embargo.ACTIVE, EmbargoStep.TERMINATE, Embargo.EXITED),
        (Embargo.REVISE, EmbargoStep.TERMINATE, Embargo.EXITED),
    ),
)


@dataclass(frozen=True, slots=True)
class Ending:
    """What the facts of a case do to its embargo.

    `steps` belong into the transaction that records the fact. `asks` is what a person must decide, empty if nothing.
    """

    steps: tuple[EmbargoStep, ...] = ()
    reason: str = ""
    asks: str = ""


_SHUT: Mapping[Embargo, tuple[EmbargoStep, ...]] = MappingProxyType(
    {
        Embargo.PROPOSED: (EmbargoStep.REJECT,),
        Embargo.ACTIVE: (EmbargoStep.TERMINATE,),
        Embargo.REVISE: (EmbargoStep.TERMINATE,),
    }
)
_ENDS: Mapping[Fact, str] = MappingProxyType(
    {
        Fact.PUBLIC: "the public knows",
        Fact.EXPLOIT: "an exploit is public",
        Fact.DEPLOYED: "the fix is deployed",
    }
)


def early_end(embargo: Embargo, facts: CaseFacts) -> Ending:
    """What the facts of a case do to its embargo before its instant comes.

    Public knowledge, a public exploit and a fix deployed everywhere end it by themselves: nothing is left to keep.
    Attacks call for an end, but whether silence still protects more than it hides is a person's judgement.
    """
    for fact, reason in _ENDS.items():
        if fact in facts and embargo in _SHUT:
            return Ending(_SHUT[embargo], reason)
    if Fact.ATTACKS in facts and embargo is Embargo.PROPOSED:
        return Ending(_SHUT[embargo], "attacks were seen: no new embargo begins")
    if Fact.ATTACKS in facts and embargo.in_force:
        return Ending(asks="attacks were seen: end the embargo now?")
    return Ending()


def quorum_agrees(ready: Iterable[str], agreeing: Iterable[str]) -> bool:
    """Whether more than half of the vendors with a fix ready agree; without any there is no quorum."""
    voters = frozenset(ready)
    return 2 * len(voters & frozenset(agreeing)) > len(voters) > 0


def hold_for_trailing(facts: CaseFacts, ready: Iterable[str], trailing: Iterable[str], agreeing: Iterable[str]) -> None:
    """Whether the embargo may be extended for vendors that have no fix yet; raises Conflict naming what is missing.

    Args:
        facts: of the case; the public, exploits and attacks must all be unaware, absent and unseen.
        ready: the vendors with a fix for every supported line.
        trailing: the vendors the extension is for.
        agreeing: the vendors that agree to it; more than half of the ready ones must.
    """
    ready, trailing = frozenset(ready), frozenset(trailing)
    lost = [str(fact) for fact in (Fact.PUBLIC, Fact.EXPLOIT, Fact.ATTACKS) if fact in facts]
    if lost:
        raise Conflict(f"no extension: {', '.join(lost)}", advice="publish, and tell the trailing vendors at once")
    if not trailing - ready:
        raise Conflict("no extension: no vendor is without a fix", advice="let the embargo end as agreed")
    if ready and not quorum_agrees(ready, agreeing):
        raise Conflict(
            "no extension: fewer than half, or just half, of the vendors with a fix agree",
            advice=f"ask {', '.join(sorted(ready - frozenset(agreeing)))}",
        )
