"""Agree on an embargo: propose terms, say yes or no to them, decide which hold, go without one, end one early.

The shortest proposal wins; the longer ones become revisions of it, decided from the earliest end on until one is
rejected. Owners decide, everybody signs for itself: whoever did not agree to new terms is a signatory no more.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from clearinghouse.cases.docket import HOUSE, Docket, anchors_of, opened
from clearinghouse.cases.models import EmbargoProposal, Opinion, ProposalState
from clearinghouse.cases.proposals import on_the_table, proposal_of, to_be_decided
from clearinghouse.cases.services.participation import deliver, resign
from clearinghouse.core.errors import Conflict, NotFound, UsageError
from clearinghouse.core.protocol import moves
from clearinghouse.core.protocol.case_facts import Fact
from clearinghouse.core.protocol.consent import Consent, ConsentStep
from clearinghouse.core.protocol.embargo import Embargo, EmbargoStep, hold_for_trailing
from clearinghouse.core.protocol.embargo_proposals import accepted_by_silence, with_defaults
from clearinghouse.core.protocol.embargo_terms import (
    PRESETS,
    Preset,
    Terms,
    check_new,
    ends_at,
    terms_document,
    terms_from,
)
from clearinghouse.core.protocol.events import embargo_event
from clearinghouse.core.protocol.vendor_path import ready_vendors, trailing_vendors
from clearinghouse.core.storable import storable
from clearinghouse.core.visibility import Action, can
from clearinghouse.journal.repeating import repeated
from clearinghouse.registry.queries import embargo_defaults

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

    from clearinghouse.core.visibility import Actor

MAX_REASON = 2000  # characters of a reason


@repeated
def propose_embargo(
    case: str,
    terms: Terms | Preset,
    *,
    actor: Actor,
    at: datetime,
    because: str = "",
    party: str | None = None,
    despite_fix: bool = False,
) -> str:
    """Want these terms for a case; the proposal's key. A participant's later proposal replaces its earlier one.

    What participants publish as their default stands beside it as their proposal, unless they make one themselves.
    While an embargo holds it is a revision. To ask for an early end, propose `ai-found-public`. `despite_fix` starts an
    embargo although a vendor has a fix; that takes who may decide, and a reason. Raises Conflict where no embargo may
    be proposed any more, and when the proposer has not received the case.
    """
    wanted = PRESETS[terms] if isinstance(terms, Preset) else terms
    reason = _reason(because, needed=despite_fix)
    with opened(case, actor, Action.PROPOSE_EMBARGO, at=at) as docket:
        check_new(wanted, anchors_of(docket.case), at)
        if despite_fix and not can(actor, Action.DECIDE_EMBARGO, docket.seen()):
            raise Conflict("a vendor has a fix", advice="whoever leads the case decides whether an embargo starts now")
        who = docket.acting(party)
        _refuse_after_the_world_knows(docket)
        row = submit(docket, who, wanted, because=reason, decided=despite_fix)
        if isinstance(terms, Preset):
            row.preset = terms
            row.save(update_fields=["preset"])
        return row.key


def submit(docket: Docket, who: str, terms: Terms, *, because: str, decided: bool = False) -> EmbargoProposal:
    """Put terms on the table for `who` (a party's key, or `HOUSE`) and note it; within the docket's transaction."""
    before = docket.now.embargo
    moved = moves.propose(docket.now, who, decided=decided)
    party = None if who == HOUSE else docket.participant(who).party
    if party is not None:
        _close(docket.case.proposals.filter(state=ProposalState.OPEN, party=party), ProposalState.SETTLED, docket)
    row = EmbargoProposal.objects.create(
        case=docket.case,
        party=party,
        terms=terms_document(terms),
        because=because,
        proposed_at=docket.at,
        proposed_by=docket.actor.name,
    )
    if party is not None:
        Opinion.objects.create(proposal=row, party=party, yes=True, at=docket.at)
    docket.note(
        embargo_event(before, EmbargoStep.PROPOSE),
        proposal=row.key,
        by=docket.called(who),
        terms=terms_document(terms),
        words=str(terms),
        because=because,
    )
    docket.take(moved)
    if before is Embargo.NONE:
        _stand_defaults(docket)
    return row


@repeated
def answer_proposal(
    case: str, proposal: str, *, yes: bool, actor: Actor, at: datetime, party: str | None = None
) -> None:
    """Say whether these terms suit a participant. A yes signs them, should they come to hold; it decides nothing.

    Raises NotFound for no such open proposal in the case.
    """
    with opened(case, actor, Action.PROPOSE_EMBARGO, at=at) as docket:
        row = _open_proposal(docket, proposal)
        who = docket.participant(docket.acting_participant(party)).party
        Opinion.objects.update_or_create(proposal=row, party=who, defaults={"yes": yes, "at": at})
        docket.note("embargo terms answered", proposal=row.key, party=who.handle, yes=yes)


@repeated
def decide_embargo(
    case: str, *, accept: bool, actor: Actor, at: datetime, proposal: str | None = None, because: str = ""
) -> Embargo:
    """Accept or reject what is on the table, for the case as a whole; the state of its embargo afterwards.

    Before an embargo holds: to accept is to accept the shortest of all proposals, and the others become revisions; to
    reject rejects all of them. Afterwards: the revision with the earliest end is decided, and a rejection drops the
    later ones. `proposal` makes sure which one it is: Conflict when it is not that one's turn.
    """
    reason = _reason(because)
    with opened(case, actor, Action.DECIDE_EMBARGO, at=at) as docket:
        if docket.now.embargo is Embargo.PROPOSED:
            _stand_defaults(docket)
        row = _next(docket)
        if proposal is not None and proposal != row.key:
            raise Conflict(
                f"proposal {proposal} is not to be decided now",
                advice=f"the shortest comes first: {row.key} ({terms_from(row.terms)})",
            )
        if not accept:
            _reject(docket, row, reason)
        elif terms_from(row.terms).public:
            _at_once(docket, row, reason)
        else:
            _hold(docket, row, reason)
        return docket.now.embargo


@repeated
def go_without(case: str, *, because: str, actor: Actor, at: datetime) -> None:
    """Decide that there is to be no embargo, with the reason; raises Conflict where one is proposed or was agreed."""
    with opened(case, actor, Action.DECIDE_EMBARGO, at=at) as docket:
        moved, reason = moves.go_without(docket.now), _reason(because, needed=True)
        docket.note("no embargo", because=reason)
        docket.take(moved)


@repeated
def end_embargo(case: str, *, because: str, actor: Actor, at: datetime) -> None:
    """End the embargo now, before its instant; raises Conflict when none is in force."""
    with opened(case, actor, Action.DECIDE_EMBARGO, at=at) as docket:
        terminate(docket, _reason(because, needed=True))


def terminate(docket: Docket, because: str) -> None:
    """The embargo is over: every signature with it, and what was proposed; within the docket's transaction."""
    before = docket.now.embargo
    docket.take(moves.terminate(docket.now), because=because)
    docket.closed(before, because)


def _reject(docket: Docket, row: EmbargoProposal, because: str) -> None:
    before = docket.now.embargo
    _close(docket.case.proposals.filter(pk=row.pk), ProposalState.REJECTED, docket)
    later = ProposalState.REJECTED if before is Embargo.PROPOSED else ProposalState.SETTLED
    _close(docket.case.proposals.filter(state=ProposalState.OPEN), later, docket)
    docket.take(moves.reject(docket.now), because=because)
    docket.note(embargo_event(before, EmbargoStep.REJECT), proposal=row.key, because=because)


def _at_once(docket: Docket, row: EmbargoProposal, because: str) -> None:
    """To be public at once is the shortest there is: no embargo begins, or the one in force ends."""
    _close(docket.case.proposals.filter(pk=row.pk), ProposalState.AGREED, docket)
    words = because or "agreed to be public at once"
    if docket.now.embargo.in_force:
        terminate(docket, words)
        return
    _close(docket.case.proposals.filter(state=ProposalState.OPEN), ProposalState.SETTLED, docket)
    docket.note(embargo_event(docket.now.embargo, EmbargoStep.REJECT), proposal=row.key, because=words)
    docket.take(moves.go_without(moves.reject(docket.now)), because=words)


def _hold(docket: Docket, row: EmbargoProposal, because: str) -> None:
    """These terms hold from now on. Who agreed is bound, everybody else is asked; what is longer is a revision."""
    anchors, before, case = anchors_of(docket.case), docket.now.embargo, docket.case
    terms = terms_from(row.terms)
    end = ends_at(terms, anchors)
    if end <= docket.at:
        raise Conflict(f"these terms ended {end:%Y-%m-%d %H:%M} UTC", advice="reject them, or end the embargo")
    agreed = _agreed(docket, row, terms)
    if before.in_force and case.ends_at is not None and end > case.ends_at:
        _check_extension(docket, agreed)
    _close(case.proposals.filter(pk=row.pk), ProposalState.AGREED, docket)
    same = [one.pk for one in on_the_table(docket.case) if ends_at(terms_from(one.terms), anchors) == end]
    _close(case.proposals.filter(pk__in=same), ProposalState.SETTLED, docket)
    case.terms, case.ends_at = terms_document(terms), end
    docket.note(
        embargo_event(before, EmbargoStep.ACCEPT),
        proposal=row.key,
        terms=terms_document(terms),
        words=str(terms),
        ends_at=end.isoformat(),
        because=because,
    )
    docket.take(moves.accept(docket.now, agreed), because="new terms hold" if before.in_force else "the embargo began")
    _invite_the_unbound(docket)
    for party in sorted(agreed):
        resign(docket, party)
        deliver(docket, party)
    if left := [one.key for one in on_the_table(docket.case)]:
        event = embargo_event(docket.now.embargo, EmbargoStep.PROPOSE)
        docket.note(event, standing=left, because="longer than what holds, so revisions of it")
        docket.take(moves.propose(docket.now, HOUSE, decided=True))


def _invite_the_unbound(docket: Docket) -> None:
    """Everybody who takes part and is bound by nothing is offered the terms, with a date to answer by."""
    for one in docket.now.participants:
        if one.consent is Consent.NO_EMBARGO:
            docket.take(moves.consent(docket.now, one.party, ConsentStep.INVITE), because="the embargo began")


def _agreed(docket: Docket, row: EmbargoProposal, terms: Terms) -> frozenset[str]:
    """The participants who proposed exactly these terms, said yes to them, or publish them as their default."""
    yes = row.opinions.filter(yes=True).values_list("party__key", flat=True)
    no = row.opinions.filter(yes=False).values_list("party__key", flat=True)
    alike = [
        one for one in (row, *on_the_table(docket.case)) if terms_from(one.terms) == terms and one.party is not None
    ]
    proposers = {one.party.key for one in alike if one.party is not None}
    agreed = {*yes, *proposers, *accepted_by_silence(proposal_of(row), _defaults(docket))} - set(no)
    return frozenset(agreed & docket.now.consents.keys())


def _check_extension(docket: Docket, agreed: frozenset[str]) -> None:
    """A later end keeps vendors with a fix waiting for those without: more than half of them must agree."""
    ready, trailing = ready_vendors(docket.now.lines), trailing_vendors(docket.now.lines)
    if ready:
        names = {party: docket.called(party) for party in ready | trailing | agreed}
        hold_for_trailing(
            docket.now.facts,
            {names[party] for party in ready},
            {names[party] for party in trailing},
            {names[party] for party in agreed},
        )


def _refuse_after_the_world_knows(docket: Docket) -> None:
    lost = [str(fact) for fact in (Fact.PUBLIC, Fact.EXPLOIT) if fact in docket.now.facts]
    if Fact.ATTACKS in docket.now.facts and not docket.now.embargo.in_force:
        lost.append(str(Fact.ATTACKS))
    if lost:
        raise Conflict(f"no embargo any more: {', '.join(lost)}", advice="publish what helps to defend")


def _stand_defaults(docket: Docket) -> None:
    """What participants publish as their default is on the table, unless they proposed something themselves."""
    anchors, made = anchors_of(docket.case), [proposal_of(row) for row in on_the_table(docket.case)]
    for one in with_defaults(made, _defaults(docket)):
        over = not one.terms.public and ends_at(one.terms, anchors) <= docket.at
        if one not in made and not over:
            party = docket.participant(one.by).party
            EmbargoProposal.objects.create(
                case=docket.case,
                party=party,
                terms=terms_document(one.terms),
                because="published default",
                standing=True,
                proposed_at=docket.at,
                proposed_by=party.handle,
            )


def _defaults(docket: Docket) -> dict[str, Terms]:
    keys = [one.party for one in docket.now.participants]
    return embargo_defaults(keys)


def _next(docket: Docket) -> EmbargoProposal:
    """The proposal that is to be decided now."""
    row = to_be_decided(on_the_table(docket.case), anchors_of(docket.case))
    if row is None:
        raise Conflict("nothing is proposed", advice="propose terms first")
    return row


def _open_proposal(docket: Docket, key: str) -> EmbargoProposal:
    row = docket.case.proposals.filter(key=key, state=ProposalState.OPEN).first()
    if row is None:
        raise NotFound(f"no open proposal {key} in this case", advice="see what is on the table")
    return row


def _close(rows: QuerySet[EmbargoProposal], state: ProposalState, docket: Docket) -> None:
    rows.update(state=state, answered_at=docket.at, answered_by=docket.actor.name)


def _reason(because: str, *, needed: bool = False) -> str:
    if needed and not because.strip():
        raise UsageError("this needs a reason", advice="say why, for those who read the journal")
    if len(because) > MAX_REASON:
        raise UsageError(f"a reason of {len(because)} characters", advice=f"at most {MAX_REASON}")
    return storable(because.strip())
