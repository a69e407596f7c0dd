"""Read the embargo of a case: its state, its terms, and what is on the table, as far as the actor may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clearinghouse.cases.access import seen
from clearinghouse.cases.docket import HOUSE
from clearinghouse.cases.models import CaseState, ProposalState
from clearinghouse.cases.queries import called, visible_to
from clearinghouse.core.protocol.embargo import Embargo
from clearinghouse.core.protocol.embargo_terms import terms_from
from clearinghouse.core.roles import Tlp
from clearinghouse.core.visibility import Action, can

if TYPE_CHECKING:
    from datetime import datetime

    from clearinghouse.cases.models import EmbargoProposal
    from clearinghouse.core.visibility import Actor


@dataclass(frozen=True, slots=True)
class ProposalView:
    """Terms on the table. `by` is whose they are, "clearinghouse" for the house; empty where that may not be seen."""

    key: str
    by: str
    words: str
    terms: dict[str, Any]
    standing: bool  # a published default, which nobody put there by hand
    proposed_at: datetime
    because: str
    yes: int
    no: int


@dataclass(frozen=True, slots=True)
class EmbargoView:
    """What holds a case back: also for an invited participant, who decides on it before reading anything else."""

    state: Embargo
    tlp: Tlp
    words: str
    terms: dict[str, Any] | None
    ends_at: datetime | None
    proposals: tuple[ProposalView, ...]


def embargo(name: str, *, actor: Actor) -> EmbargoView | None:
    """The embargo of the case by that name, or None when there is none to see."""
    cases = visible_to(actor, Action.SEE_CASE).exclude(state=CaseState.MERGED)
    case = cases.filter(called(name, actor)).first()
    if case is None:
        return None
    facts = seen(case)
    inside, everyone = can(actor, Action.READ_CASE, facts), can(actor, Action.READ_PARTICIPANTS, facts)
    open_ones = case.proposals.filter(state=ProposalState.OPEN).select_related("party").prefetch_related("opinions")
    return EmbargoView(
        state=Embargo(case.embargo),
        tlp=Tlp(case.tlp),
        words=str(terms_from(case.terms)) if case.terms else "",
        terms=case.terms,
        ends_at=case.ends_at,
        proposals=tuple(
            _proposal(row, actor, inside=inside, everyone=everyone) for row in open_ones.order_by("proposed_at", "id")
        ),
    )


def _proposal(row: EmbargoProposal, actor: Actor, *, inside: bool, everyone: bool) -> ProposalView:
    own = row.party is not None and row.party.key in actor.parties
    opinions = [one.yes for one in row.opinions.all()] if inside else []
    return ProposalView(
        key=row.key,
        by=(row.party.handle if row.party else HOUSE) if everyone or own else "",
        words=str(terms_from(row.terms)),
        terms=row.terms,
        standing=row.standing,
        proposed_at=row.proposed_at,
        because=row.because if inside or own else "",
        yes=opinions.count(True),
        no=opinions.count(False),
    )
