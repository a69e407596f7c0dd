"""The embargo of a case: read it, propose terms, answer and decide proposals, end it; and what a priority rests on."""

from __future__ import annotations

from django.http import HttpRequest

from clearinghouse.api.case_inputs import Answer, Because, Decision, NewAssessment, NewProposal
from clearinghouse.api.case_schemas import Done, Embargo, EmbargoState, Priority, Proposal, Proposed
from clearinghouse.api.cases import as_read, checked, proposal_key, router
from clearinghouse.api.operations import Reply, actor_in, reads, writes
from clearinghouse.bootstrap import wiring
from clearinghouse.cases import services
from clearinghouse.cases.coordination import coordination
from clearinghouse.core.errors import NotFound
from clearinghouse.core.roles import Scope

_WRITE = Scope.CASES_WRITE


@reads(router, "/cases/{case}/embargo", scope=Scope.CASES_READ, gives=Embargo)
def get_embargo(request: HttpRequest, case: str) -> Embargo:
    """Read what holds a case back, when that ends, and what is proposed.

    Whoever was invited reads this before anything else: it is what is to be signed.
    """
    found = coordination(checked(case), actor=actor_in(request))
    if found is None:
        raise NotFound("no case")
    return Embargo(
        state=found.embargo,
        tlp=found.tlp,
        words=found.terms,
        ends_at=found.ends_at,
        proposals=[Proposal.model_validate(one) for one in found.proposals],
    )


@writes(router, "/cases/{case}/embargo/proposals", scope=_WRITE, gives=Proposed, current=as_read)
def propose_embargo(request: HttpRequest, case: str, sent: NewProposal) -> Reply:
    """Propose terms. A later proposal of the same party replaces its earlier one; the shortest wins.

    While an embargo holds it is a revision; to ask for an early end, propose `ai-found-public`.
    """
    key = services.propose_embargo(
        checked(case),
        sent.wanted(),
        actor=actor_in(request),
        at=wiring.clock(),
        because=sent.because or "",
        party=sent.party,
        despite_fix=sent.despite_fix,
    )
    return Reply(Proposed(proposal=key), status=201)


@writes(router, "/cases/{case}/embargo/proposals/{proposal}/answers", scope=_WRITE, gives=Done)
def answer_proposal(request: HttpRequest, case: str, proposal: str, sent: Answer) -> Reply:
    """Say whether proposed terms suit a participant: a yes signs them, should they come to hold."""
    services.answer_proposal(
        checked(case),
        proposal_key(proposal),
        yes=sent.yes,
        actor=actor_in(request),
        at=wiring.clock(),
        party=sent.party,
    )
    return Reply(Done(), status=201)


@writes(router, "/cases/{case}/embargo/decisions", scope=_WRITE, gives=EmbargoState, current=as_read)
def decide_embargo(request: HttpRequest, case: str, sent: Decision) -> Reply:
    """Accept or reject what is on the table, for the case as a whole."""
    state = services.decide_embargo(
        checked(case),
        accept=sent.accept,
        proposal=sent.proposal,
        because=sent.because or "",
        actor=actor_in(request),
        at=wiring.clock(),
    )
    return Reply(EmbargoState(state=state), status=201)


@writes(router, "/cases/{case}/embargo/none", scope=_WRITE, gives=Done, current=as_read)
def go_without_embargo(request: HttpRequest, case: str, sent: Because) -> Reply:
    """Decide that there is to be no embargo, with the reason."""
    services.go_without(checked(case), because=sent.because, actor=actor_in(request), at=wiring.clock())
    return Reply(Done(), status=201)


@writes(router, "/cases/{case}/embargo/end", scope=_WRITE, gives=Done, current=as_read)
def end_embargo(request: HttpRequest, case: str, sent: Because) -> Reply:
    """End the embargo now, before its instant, with the reason."""
    services.end_embargo(checked(case), because=sent.because, actor=actor_in(request), at=wiring.clock())
    return Reply(Done(), status=201)


@writes(router, "/cases/{case}/assessments", scope=_WRITE, gives=Priority, current=as_read)
def assess(request: HttpRequest, case: str, sent: NewAssessment) -> Reply:
    """State one input of a case's priority, with the reason; it replaces what was stated before."""
    priority = services.assess(
        checked(case),
        name=sent.name,
        value=sent.value,
        actor=actor_in(request),
        because=sent.because,
        at=wiring.clock(),
    )
    return Reply(Priority(label=priority.label), status=201)
