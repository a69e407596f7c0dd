"""Which of several proposed terms hold, and what other cases and other finders do to them.

The shortest proposal wins at once; the rest become revisions, decided from the earliest end on, until one is rejected.
Nothing here binds anybody: a signature does (`consent`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from clearinghouse.core.protocol.embargo_terms import Anchor, Anchors, Terms, ends_at, utc

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FAIR_NOTICE = timedelta(days=7)  # what a second finder's shortening leaves to act in, if that much was left


@dataclass(frozen=True, slots=True)
class Proposal:
    """Terms that `by` wants; `id` tells proposals apart. A published default is its owner's standing proposal."""

    id: str
    by: str
    terms: Terms


@dataclass(frozen=True, slots=True)
class Resolution:
    """What a set of proposals comes to. `winner` None means no embargo; `revisions` rise by their end."""

    winner: Proposal | None
    revisions: tuple[Proposal, ...] = ()


@dataclass(frozen=True, slots=True)
class Decided:
    """How far revisions are decided: what holds, whose turn it is, what the first rejection left behind."""

    holds: Proposal
    next: Proposal | None = None
    dropped: tuple[Proposal, ...] = ()


def resolve(proposals: Iterable[Proposal], anchors: Anchors) -> Resolution:
    """The shortest proposal wins, the longer ones become revisions of it; none at all is no embargo.

    A wish to be public at once is the shortest there is. Proposals with the winner's end are settled with it. Equal
    ends are told apart by id, so that the order of arrival decides nothing.
    """
    ranked = _ranked(proposals, anchors)
    if not ranked or ranked[0].terms.public:
        return Resolution(None)
    winner = ranked[0]
    longer = tuple(proposal for proposal in ranked if _end(proposal, anchors) > _end(winner, anchors))
    return Resolution(winner, longer)


def in_turn(proposals: Iterable[Proposal], anchors: Anchors) -> Proposal | None:
    """The one that is decided next: a wish to be public at once, else the earliest end, else the smallest id."""
    return next(iter(_ranked(proposals, anchors)), None)


def decide(resolution: Resolution, answers: Mapping[str, bool]) -> Decided:
    """Walks the revisions from the earliest end on by the answers given so far (by proposal id); stops at the first no.

    Raises ValueError when there is no winner to revise.
    """
    if resolution.winner is None:
        raise ValueError("there are no terms to revise")
    holds = resolution.winner
    for place, revision in enumerate(resolution.revisions):
        if revision.id not in answers:
            return Decided(holds, revision)
        if not answers[revision.id]:
            return Decided(holds, dropped=resolution.revisions[place:])
        holds = revision
    return Decided(holds)


def accepted_by_silence(proposal: Proposal, defaults: Mapping[str, Terms]) -> frozenset[str]:
    """The parties whose published default says exactly this: they need not answer."""
    return frozenset(party for party, default in defaults.items() if default == proposal.terms)


def with_defaults(proposals: Iterable[Proposal], defaults: Mapping[str, Terms]) -> tuple[Proposal, ...]:
    """The proposals, and the published default of each recipient that made none itself, as `default:<party>`."""
    made = tuple(proposals)
    spoke = {proposal.by for proposal in made}
    standing = (Proposal(f"default:{party}", party, terms) for party, terms in sorted(defaults.items()))
    return (*made, *(proposal for proposal in standing if proposal.by not in spoke))


def merged_end(ends: Iterable[datetime | None]) -> datetime | None:
    """When the embargo of merged cases ends: at the earliest accepted date; None when none of them had one."""
    return min((utc(end) for end in ends if end is not None), default=None)


def inherited_end(parent: datetime | None) -> datetime | None:
    """When the embargo of a case that was split off ends: with its parent's, until it agrees on its own."""
    return utc(parent) if parent is not None else None


def exposes(proposed: datetime, siblings: Iterable[datetime]) -> tuple[datetime, ...]:
    """The ends of sibling cases that an end proposed for one of them would come before: it may give them away.

    Siblings are told of every change; a later end is preferred; one that comes before theirs is a person's decision.
    """
    moment = utc(proposed)
    return tuple(sorted(end for sibling in siblings if moment < (end := utc(sibling))))


def shortened_for_another_finder(end: datetime, seen_at: datetime) -> Terms | None:
    """What the clearinghouse proposes when an independent finder brings the same bug: half the time that is left.

    What two found, others will. At least a week remains to act in; None when no more than that is left anyway.
    """
    end, seen_at = utc(end), utc(seen_at)
    earlier = seen_at + max((end - seen_at) / 2, FAIR_NOTICE)
    return Terms(Anchor.DATE, until=earlier.replace(microsecond=0)) if earlier < end else None


def _ranked(proposals: Iterable[Proposal], anchors: Anchors) -> list[Proposal]:
    return sorted(proposals, key=lambda one: (not one.terms.public, _end(one, anchors), one.id))


def _end(proposal: Proposal, anchors: Anchors) -> datetime:
    return ends_at(proposal.terms, anchors)
