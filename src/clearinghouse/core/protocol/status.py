"""A status report from elsewhere: several statements in one message, each adopted or refused by itself.

A step that the report management refuses must not swallow the news beside it that the bug is public.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from clearinghouse.core.errors import ClearinghouseError
from clearinghouse.core.protocol.case_facts import Fact, Learned
from clearinghouse.core.protocol.moves import observe
from clearinghouse.core.protocol.report_management import Management, adopt

if TYPE_CHECKING:
    from clearinghouse.core.protocol.situation import Situation


@dataclass(frozen=True, slots=True)
class Status:
    """What a participant says of itself and of the world; None and nothing where it says nothing."""

    management: Management | None = None
    facts: frozenset[Fact] = frozenset()


@dataclass(frozen=True, slots=True)
class Adopted:
    """The situation after a status report, the facts that it made true, and what was refused, with the reasons."""

    now: Situation
    learned: tuple[Learned, ...] = ()
    refused: tuple[str, ...] = ()


def adopt_status(now: Situation, party: str, status: Status) -> Adopted:
    """Takes over what can be taken over, facts of the world first; raises NotFound for one who takes no part."""
    one = now.of(party)
    learned: tuple[Learned, ...] = ()
    waiting = [fact for fact in Fact if fact in status.facts]
    # One fact of the message may be what another lacks: what is possible goes first, until nothing more is.
    while possible := [fact for fact in waiting if fact in now.facts or fact in now.facts.possible]:
        waiting.remove(possible[0])
        outcome = observe(now, possible[0])
        now, learned = outcome.now, (*learned, *outcome.learned)
    refused = [f'"{fact}" cannot hold yet in {now.facts}' for fact in waiting]
    if status.management is not None:
        try:
            now = now.having(replace(one, management=adopt(one.management, status.management)))
        except ClearinghouseError as problem:
            refused.append(str(problem))
    return Adopted(now, learned, tuple(refused))
