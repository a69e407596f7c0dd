"""The terms on a case's table, as rows and as the protocol sees them: readers and verbs find the same one in turn."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clearinghouse.cases.docket import HOUSE
from clearinghouse.cases.models import ProposalState
from clearinghouse.core.protocol.embargo_proposals import Proposal, in_turn
from clearinghouse.core.protocol.embargo_terms import terms_from

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clearinghouse.cases.models import Case, EmbargoProposal
    from clearinghouse.core.protocol.embargo_terms import Anchors


def on_the_table(case: Case) -> list[EmbargoProposal]:
    """The proposals that wait for a decision, in the order in which they were made."""
    rows = case.proposals.filter(state=ProposalState.OPEN).select_related("party")
    return list(rows.order_by("proposed_at", "id"))


def proposal_of(row: EmbargoProposal) -> Proposal:
    """A row as the protocol sees it; the clearinghouse itself goes by `HOUSE`."""
    return Proposal(row.key, row.party.key if row.party else HOUSE, terms_from(row.terms))


def to_be_decided(rows: Iterable[EmbargoProposal], anchors: Anchors) -> EmbargoProposal | None:
    """Which of the proposals that wait is decided now; None where none waits."""
    waiting = {row.key: row for row in rows if row.state == ProposalState.OPEN}
    first = in_turn(map(proposal_of, waiting.values()), anchors)
    return waiting[first.id] if first else None
