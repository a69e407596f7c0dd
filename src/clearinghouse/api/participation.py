"""Taking part in a case: invite, answer, leave, roles, names, the label."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest

from clearinghouse.api.case_inputs import Answer, Leaving, Naming, NewLabel, NewParticipant, NewRoles
from clearinghouse.api.case_schemas import Consent, Done
from clearinghouse.api.cases import as_read, checked, party_name, router
from clearinghouse.api.operations import Reply, actor_in, writes
from clearinghouse.bootstrap import wiring
from clearinghouse.cases import services
from clearinghouse.core.roles import Scope

_WRITE = Scope.CASES_WRITE


@writes(router, "/cases/{case}/participants", scope=_WRITE, gives=Consent, current=as_read)
def invite(request: HttpRequest, case: str, sent: NewParticipant) -> Reply:
    """Invite a party to a case, or again one that declined or whose signature lapsed.

    While an embargo is in force it is offered the terms first and reads nothing until it signs. Without one it reads
    at once what its roles may.
    """
    consent = services.invite(
        checked(case),
        sent.party,
        sent.roles,
        actor=actor_in(request),
        at=wiring.clock(),
        lines=sent.lines or ("",),
        wait=timedelta(days=sent.wait_days),
    )
    return Reply(Consent(party=sent.party, consent=consent), status=201)


@writes(router, "/cases/{case}/participants/{party}/roles", scope=_WRITE, gives=Done, current=as_read)
def change_roles(request: HttpRequest, case: str, party: str, sent: NewRoles) -> Reply:
    """Say what a participant is in the case from now on."""
    services.change_roles(checked(case), party_name(party), sent.roles, actor=actor_in(request), at=wiring.clock())
    return Reply(Done(), status=201)


@writes(router, "/cases/{case}/participants/{party}/naming", scope=_WRITE, gives=Done, current=as_read)
def name_participant(request: HttpRequest, case: str, party: str, sent: Naming) -> Reply:
    """Name a person individually, as TLP:RED asks of who may read, or take that back."""
    services.name_person(checked(case), party_name(party), actor=actor_in(request), at=wiring.clock(), named=sent.named)
    return Reply(Done(), status=201)


@writes(router, "/cases/{case}/label", scope=_WRITE, gives=Done, current=as_read)
def set_label(request: HttpRequest, case: str, sent: NewLabel) -> Reply:
    """Set the TLP label of a case: how far it may be passed on."""
    services.set_tlp(checked(case), sent.tlp, because=sent.because, actor=actor_in(request), at=wiring.clock())
    return Reply(Done(), status=201)


@writes(router, "/cases/{case}/consent", scope=_WRITE, gives=Consent)
def answer_invitation(request: HttpRequest, case: str, sent: Answer) -> Reply:
    """Sign the embargo that is in force, or decline it.

    A signature opens what is in the case at this moment; a refusal closes it at once. Either may be taken back later.
    """
    consent = services.answer_invitation(
        checked(case), yes=sent.yes, actor=actor_in(request), at=wiring.clock(), party=sent.party
    )
    return Reply(Consent(party=sent.party, consent=consent), status=201)


@writes(router, "/cases/{case}/leave", scope=_WRITE, gives=Done)
def leave(request: HttpRequest, case: str, sent: Leaving) -> Reply:
    """Take part no more: own reports stay own, everything else of the case closes at once."""
    services.leave(checked(case), actor=actor_in(request), at=wiring.clock(), party=sent.party)
    return Reply(Done(), status=201)
