"""Who takes part: invite, answer, leave, change roles, name a person, set the label. Consent comes before content."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django.db.models import Q

from clearinghouse.cases.docket import Docket, opened, situation_of
from clearinghouse.cases.models import CaseState, Participant
from clearinghouse.core.errors import Conflict, NotFound, Refused, UsageError
from clearinghouse.core.protocol import consent as consents
from clearinghouse.core.protocol import moves
from clearinghouse.core.protocol.case_facts import Fact
from clearinghouse.core.protocol.consent import CONSENT, Consent, ConsentStep
from clearinghouse.core.protocol.events import Event
from clearinghouse.core.protocol.report_management import Management, ManagementStep
from clearinghouse.core.protocol.vendor_path import Line, VendorPath, VendorStep
from clearinghouse.core.roles import CaseRole, PartyKind, Tlp
from clearinghouse.core.storable import storable
from clearinghouse.core.visibility import CHIEFS, Action, can
from clearinghouse.journal.repeating import repeated
from clearinghouse.registry.models import Party

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime, timedelta

    from clearinghouse.core.visibility import Actor

MAX_LINES, MAX_LINE = 50, 100  # release lines of one vendor, and characters of a name


@repeated
def invite(
    case: str,
    party: str,
    roles: Iterable[CaseRole],
    *,
    actor: Actor,
    at: datetime,
    lines: Iterable[str] = ("",),
    wait: timedelta = consents.RSVP,
) -> Consent:
    """Have a party (its key or handle) take part, or invite one again that declined or whose signature lapsed.

    While an embargo is in force it is offered the terms first, and reads nothing until it signs; silence until `wait`
    is over is a no. Without one it reads at once what its roles may. `lines` are the release lines that a vendor
    supports. Raises NotFound for no such case or party, Conflict for one that takes part and has nothing to answer.
    """
    wanted = frozenset(roles)
    if not wanted:
        raise UsageError("an invitation needs a role", advice=f"one of {', '.join(CaseRole)}")
    with opened(case, actor, Action.INVITE, at=at) as docket:
        found = _party(party)
        row = docket.case.participants.filter(party=found).first()
        _may_appoint(docket, wanted)
        if row is None:
            _join(docket, found, wanted, _lines(wanted, lines))
        elif not docket.now.embargo.in_force or not CONSENT.allows(Consent(row.consent), ConsentStep.INVITE):
            raise Conflict(f"{found.handle} takes part already", advice="change its roles, or wait for its answer")
        else:
            docket.take(moves.consent(docket.now, found.key, ConsentStep.INVITE), because="invited again")
        consent = docket.now.of(found.key).consent
        if consent is Consent.INVITED:
            Participant.objects.filter(case=docket.case, party=found).update(
                rsvp_by=consents.rsvp_by(at, wait), invited_by=actor.name, invited_at=at, answered_at=None
            )
        deliver(docket, found.key)
    return consent


@repeated
def answer_invitation(case: str, *, yes: bool, actor: Actor, at: datetime, party: str | None = None) -> Consent:
    """Sign the embargo that is in force, or decline it; either may be taken back later, and a late yes is welcome.

    A signature extends to what is in the case at this moment and opens it; a refusal closes it at once.
    """
    with opened(case, actor, Action.ANSWER_INVITATION, at=at) as docket:
        key = docket.acting_participant(party)
        steps = consents.answer(docket.now.of(key).consent, yes=yes)
        if yes and not docket.now.embargo.in_force:
            raise Conflict("no embargo is in force", advice="there is nothing to sign; what is open to you is open now")
        if steps:
            docket.take(moves.consent(docket.now, key, *steps), because="signed" if yes else "declined")
            docket.case.participants.filter(party__key=key).update(answered_at=at)
        elif yes:
            resign(docket, key)
        deliver(docket, key)
        return docket.now.of(key).consent


def resign(docket: Docket, party: str) -> None:
    """A signatory signs again: its signature extends to everything that is in the case by now, after a merge say."""
    row = docket.participant(party)
    origins = {docket.case.pk, *docket.case.memberships.values_list("brought_to", flat=True)}
    if origins - set(row.covers.values_list("pk", flat=True)):
        row.covers.set(origins)
        row.answered_at = docket.at
        row.save(update_fields=["answered_at"])
        docket.note("signature extended", party=row.party.handle)


@repeated
def leave(case: str, *, actor: Actor, at: datetime, party: str | None = None) -> None:
    """Take part no more. Own reports stay own; everything else of the case closes at once.

    A vendor's lines go with it: they hold up no case any more. What it had said stays in the journal and the facts.
    """
    with opened(case, actor, Action.ANSWER_INVITATION, at=at) as docket:
        row = docket.participant(docket.acting_participant(party))
        docket.note("participant left", party=row.party.handle, roles=row.roles)
        docket.case.lines.filter(party=row.party).delete()
        row.delete()


@repeated
def change_roles(case: str, party: str, roles: Iterable[CaseRole], *, actor: Actor, at: datetime) -> None:
    """What a participant is in the case, from now on. A manager is a coordinator of the case too."""
    wanted = frozenset(roles)
    if not wanted:
        raise UsageError("a participant needs a role", advice=f"one of {', '.join(CaseRole)}, or have it leave")
    if CaseRole.MANAGER in wanted:
        wanted |= {CaseRole.COORDINATOR}
    with opened(case, actor, Action.INVITE, at=at) as docket:
        row = docket.participant(party)
        _may_appoint(docket, wanted ^ set(map(CaseRole, row.roles)))
        was, row.roles = row.roles, sorted(wanted)
        if was != row.roles:
            row.save(update_fields=["roles"])
            docket.note("roles changed", party=row.party.handle, roles=row.roles, was=was)
            docket.now = situation_of(docket.case)
            _add_lines(docket, row.party.key, wanted)
            deliver(docket, row.party.key)


@repeated
def name_person(case: str, party: str, *, actor: Actor, at: datetime, named: bool = True) -> None:
    """Name a participant individually, as TLP:RED asks of who may read; only people can be."""
    with opened(case, actor, Action.INVITE, at=at) as docket:
        row = docket.participant(party)
        if row.party.kind != PartyKind.PERSON:
            raise UsageError(f"{row.party.handle} is no person", advice="invite the people themselves, then name them")
        if row.named != named:
            row.named = named
            row.save(update_fields=["named"])
            docket.note("person named" if named else "person named no more", party=row.party.handle)


@repeated
def set_tlp(case: str, tlp: Tlp, *, because: str, actor: Actor, at: datetime) -> None:
    """How far the case may be passed on.

    Raises Conflict for one that reaches beyond it while an embargo holds, and for any but CLEAR once it is published.
    """
    if not because.strip():
        raise UsageError("a label needs a reason", advice="say why it may go further, or less far")
    with opened(case, actor, Action.RELABEL, at=at) as docket:
        if docket.now.embargo.in_force and tlp in {Tlp.CLEAR, Tlp.GREEN}:
            raise Conflict(
                f"TLP:{tlp} under an embargo", advice="end the embargo first: the label says who reads besides"
            )
        if docket.case.state == CaseState.PUBLISHED and tlp is not Tlp.CLEAR:
            raise Conflict("the case is published", advice="what the world has read is TLP:CLEAR and stays so")
        if docket.case.tlp != tlp:
            was, docket.case.tlp = docket.case.tlp, tlp
            docket.case.save(update_fields=["tlp"])
            docket.note("label changed", tlp=tlp, was=was, because=storable(because, 2000))


def deliver(docket: Docket, party: str) -> None:
    """The case reached whoever may read it now: it has received it, and a vendor is aware."""
    if party not in docket.now.may_read:
        return
    if docket.now.of(party).management is Management.START:
        docket.take(moves.manage(docket.now, party, ManagementStep.RECEIVE))
        docket.note(Event.RS, party=docket.called(party))
    for line in docket.now.lines:
        if line.vendor == party and line.path is VendorPath.UNAWARE:
            docket.take(moves.advance(docket.now, party, line.line, VendorStep.LEARN), because="received the case")


def _join(docket: Docket, party: Party, roles: frozenset[CaseRole], lines: tuple[str, ...]) -> None:
    if CaseRole.MANAGER in roles:
        roles |= {CaseRole.COORDINATOR}
    moved = moves.join(docket.now, party.key, roles, lines)
    one = moved.of(party.key)
    docket.case.participants.create(
        party=party,
        roles=sorted(roles),
        consent=one.consent,
        management=one.management,
        invited_at=docket.at,
        invited_by=docket.actor.name,
    )
    docket.note("participant invited", party=party.handle, roles=sorted(roles), consent=one.consent)
    docket.take(moved)


def _add_lines(docket: Docket, party: str, roles: frozenset[CaseRole]) -> None:
    """Who becomes a vendor has one release line, until it says which; who is none any more has none."""
    mine = any(line.vendor == party for line in docket.now.lines)
    if CaseRole.VENDOR not in roles and mine:
        docket.case.lines.filter(party__key=party).delete()
        docket.now = situation_of(docket.case)
    elif CaseRole.VENDOR in roles and not mine:
        path = VendorPath.AWARE if Fact.PUBLIC in docket.now.facts else VendorPath.UNAWARE
        docket.take(replace(docket.now, lines=(*docket.now.lines, Line(party, "", path))))


def _may_appoint(docket: Docket, roles: frozenset[CaseRole]) -> None:
    """Only who leads the case as its owner or manager, or for the clearinghouse, makes others that, or no longer that.

    `roles` are those that somebody gets or loses.
    """
    if roles & CHIEFS and not can(docket.actor, Action.RELABEL, docket.seen()):
        raise Refused("only an owner or manager of a case makes others that, or unmakes", advice="ask one of them")


def _lines(roles: frozenset[CaseRole], lines: Iterable[str]) -> tuple[str, ...]:
    if CaseRole.VENDOR not in roles:
        return ()
    named = tuple(dict.fromkeys(line.strip() for line in lines)) or ("",)
    if len(named) > MAX_LINES or any(len(line) > MAX_LINE or not line.isprintable() for line in named):
        raise UsageError(
            "these release lines are no usable names", advice=f"up to {MAX_LINES} of {MAX_LINE} printable characters"
        )
    return named


def _party(name: str) -> Party:
    found = Party.objects.filter(Q(key=name) | Q(handle=name)).first()
    if found is None:
        raise NotFound(f"no party {name}", advice="give the handle or the key of an organisation or a person")
    return found
