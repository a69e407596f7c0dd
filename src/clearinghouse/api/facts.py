"""What became known of a case, and how far each participant is: facts, steps, deployments, status reports."""

from __future__ import annotations

from django.http import HttpRequest

from clearinghouse.api.case_inputs import NewDeployment, NewFact, NewStatus, NewStep
from clearinghouse.api.case_schemas import FactItem, Facts, Letters, LineOf, Managed, ManagementState, StatusTaken
from clearinghouse.api.cases import as_read, checked, router
from clearinghouse.api.operations import Reply, actor_in, reads, writes
from clearinghouse.bootstrap import wiring
from clearinghouse.cases import services
from clearinghouse.cases.coordination import coordination
from clearinghouse.core.errors import NotFound
from clearinghouse.core.roles import Scope

_WRITE = Scope.CASES_WRITE


@reads(router, "/cases/{case}/facts", scope=Scope.CASES_READ, gives=Facts)
def get_facts(request: HttpRequest, case: str) -> Facts:
    """Read which facts hold, how far vendors' fixes and participants are, and what people are asked to decide."""
    found = coordination(checked(case), actor=actor_in(request))
    if found is None or not found.letters:
        raise NotFound("no case")
    return Facts(
        letters=found.letters,
        facts=[FactItem.model_validate(one) for one in found.facts],
        lines=[LineOf.model_validate(one) for one in found.lines],
        management=[Managed(party=handle, management=state) for handle, state in found.management],
        asks=list(found.asks),
    )


@writes(router, "/cases/{case}/facts", scope=_WRITE, gives=Letters, current=as_read)
def state_fact(request: HttpRequest, case: str, sent: NewFact) -> Reply:
    """State that a fact holds, with what it forces.

    Vendor aware, fix ready and fix deployed are a vendor's, for one release line or for all it has. The public
    knowing, a public exploit and a fix deployed everywhere end an embargo at once.
    """
    facts = services.state_fact(
        checked(case),
        sent.fact,
        actor=actor_in(request),
        at=wiring.clock(),
        because=sent.because or "",
        party=sent.party,
        line=sent.line,
    )
    return Reply(Letters(letters=str(facts)), status=201)


@writes(router, "/cases/{case}/steps", scope=_WRITE, gives=ManagementState, current=as_read)
def take_step(request: HttpRequest, case: str, sent: NewStep) -> Reply:
    """Say what a participant makes of the case: validate, invalidate, accept, defer or close it."""
    state = services.take_step(
        checked(case),
        sent.step,
        actor=actor_in(request),
        at=wiring.clock(),
        party=sent.party,
        because=sent.because or "",
    )
    return Reply(ManagementState(management=state), status=201)


@writes(router, "/cases/{case}/deployment", scope=_WRITE, gives=Letters, current=as_read)
def declare_deployment(request: HttpRequest, case: str, sent: NewDeployment) -> Reply:
    """Say, as an operator, whether what you run has the fix; the last word counts."""
    facts = services.declare_deployment(
        checked(case),
        deployed=sent.deployed,
        weight=sent.weight,
        actor=actor_in(request),
        at=wiring.clock(),
        party=sent.party,
    )
    return Reply(Letters(letters=str(facts)), status=201)


@writes(router, "/cases/{case}/status", scope=_WRITE, gives=StatusTaken, current=as_read)
def report_status(request: HttpRequest, case: str, sent: NewStatus) -> Reply:
    """Report how far a participant is, in one go: what fits is taken over, what does not is named with the reason."""
    taken = services.report_status(
        checked(case),
        actor=actor_in(request),
        at=wiring.clock(),
        party=sent.party,
        facts=sent.facts,
        management=sent.management,
        lines=sent.lines,
        because=sent.because or "",
    )
    return Reply(StatusTaken(adopted=list(taken.adopted), refused=list(taken.refused)), status=201)
