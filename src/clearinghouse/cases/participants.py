"""Who takes part in a case by what happened to its proofs: finders join, a merge carries over, a split takes along.

None of it opens what somebody else brought while an embargo is in force: that takes a signature. Call everything here
inside the transaction that moves the proofs or answers the report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from clearinghouse.cases.models import Case, CaseState, Participant, ProposalState
from clearinghouse.core.protocol.case_facts import Fact
from clearinghouse.core.protocol.consent import Consent, rsvp_by
from clearinghouse.core.protocol.embargo import Embargo
from clearinghouse.core.protocol.embargo_proposals import merged_end
from clearinghouse.core.protocol.embargo_terms import Anchor, Terms, terms_document
from clearinghouse.core.protocol.report_management import PROGRESS, Management, entering
from clearinghouse.core.report import ReportState
from clearinghouse.core.roles import CaseRole, Tlp
from clearinghouse.intake.models import Report
from clearinghouse.journal import services as journal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from clearinghouse.registry.models import Party

MATCHER = "matcher"
FINDERS = frozenset({CaseRole.FINDER, CaseRole.REPORTER})
_ANSWERED = (Consent.SIGNATORY, Consent.DECLINED)  # a yes keeps its reach, a refusal stays one
_STRICTER = tuple(Tlp)  # from the widest label to the narrowest


def enrol_finder(case: Case, party: Party, *, by: str, at: datetime) -> Participant:
    """A party whose report was attached takes part as its finder; under an embargo it is invited to sign, no more.

    Not for a published case: who comes to that later reads its own report and what is public, and no more.
    """
    return _join(case, party, FINDERS, _first_consent(case), by=by, at=at)


def cover_all(participant: Participant) -> None:
    """A signature was given: it extends to everything that is in the case at this moment."""
    origins = participant.case.memberships.values_list("brought_to", flat=True)
    participant.covers.set({participant.case_id, *origins})


def merge(before: Case, case: Case, *, by: str = MATCHER, at: datetime) -> None:
    """Proofs went from `before` to `case`, which was there already: their finders follow, all others if nothing stays.

    The earlier end and the stricter label hold for both. A signature keeps its reach: it extends to what it extended
    to, and not to what the other side brought.
    """
    _inherit_embargo(case, before, by=by, at=at)
    whole = not before.memberships.exists()
    finders = _finders_of(case)
    public = case.state == CaseState.PUBLISHED
    for old in before.participants.select_related("party").order_by("id"):
        if public and set(old.roles) <= FINDERS:
            continue  # as if its report had come after publication
        if whole or old.party_id in finders:
            _carry(old, case, at=at)
    if not whole:
        _leave(before, finders, at=at)


def split(before: Case, case: Case, *, by: str = MATCHER, at: datetime) -> None:
    """Proofs went from `before` to `case`, newly opened for them: it inherits label, embargo and whom they concern.

    These are the finders of these proofs, and whoever takes part as anything else; finders of other proofs do not
    follow.
    """
    if before.state != CaseState.PUBLISHED and not case.participants.exists():
        case.tlp = before.tlp
    _inherit_embargo(case, before, by=by, at=at)
    finders = _finders_of(case)
    for old in before.participants.select_related("party").order_by("id"):
        if old.party_id in finders or set(old.roles) - FINDERS:
            new = _carry(old, case, at=at)
            if old.covers.filter(pk=before.pk).exists():
                new.covers.add(case)
    _leave(before, finders, at=at)


def narrow(old: Case, case: Case) -> None:
    """A case is open again that was merged into `case`: who left or lost consent there has no more of it here."""
    now = {row.party_id: row for row in case.participants.all()}
    for row in old.participants.all():
        after = now.get(row.party_id)
        if after is None and case.state == CaseState.PUBLISHED and set(row.roles) <= FINDERS:
            continue  # it was not carried there
        if after is None:
            old.lines.filter(party=row.party_id).delete()
            row.delete()
        elif Embargo(old.embargo).in_force and not Consent(after.consent).adheres:
            row.consent, row.rsvp_by = after.consent, after.rsvp_by
            row.save(update_fields=["consent", "rsvp_by"])


def _first_consent(case: Case) -> Consent:
    return Consent.INVITED if Embargo(case.embargo).in_force else Consent.NO_EMBARGO


def _inherit_embargo(case: Case, before: Case, *, by: str, at: datetime) -> None:
    """What was held back stays so, until the earlier of two ends; what the public knows is held back no more."""
    if case.state == CaseState.PUBLISHED:
        return
    if before.state != CaseState.PUBLISHED:
        case.tlp = max(Tlp(case.tlp), Tlp(before.tlp), key=_STRICTER.index)
    known = {str(Fact.PUBLIC), str(Fact.EXPLOIT), str(Fact.DEPLOYED)}
    if Embargo(before.embargo).in_force and not case.status.filter(fact__in=known).exists():
        if Embargo(case.embargo).in_force:
            end = merged_end((case.ends_at, before.ends_at))
            if end is not None and end != case.ends_at:
                end_at(case, end)
        else:
            proposed = case.proposals.filter(state=ProposalState.OPEN).exists()
            case.embargo = Embargo.REVISE if proposed else Embargo.ACTIVE
            case.terms, case.ends_at = before.terms, before.ends_at
            waiting = {"consent": Consent.INVITED, "rsvp_by": rsvp_by(at), "answered_at": None}
            case.participants.filter(consent=Consent.NO_EMBARGO).update(**waiting)
        body = {"case": before.public_id, "ends_at": case.ends_at and case.ends_at.isoformat()}
        journal.append(f"case/{case.public_id}", "embargo inherited", actor=by, at=at, body=body)
    case.save(update_fields=["tlp", "embargo", "terms", "ends_at"])


def end_at(case: Case, end: datetime) -> None:
    """An accepted date from now on is an instant, whatever it counted from."""
    case.terms, case.ends_at = terms_document(Terms(Anchor.DATE, until=end)), end


def _carry(old: Participant, case: Case, *, at: datetime) -> Participant:
    """Let a participant of another case take part in this one, with as much access as before and no more."""
    signed = Consent(old.consent).adheres
    in_force = Embargo(case.embargo).in_force
    consent = Consent(old.consent) if in_force and old.consent in _ANSWERED else _first_consent(case)
    new = _join(case, old.party, {CaseRole(role) for role in old.roles}, consent, by=MATCHER, at=at)
    new.named = new.named or old.named
    if signed and new.consent == Consent.INVITED:
        new.consent = Consent.SIGNATORY
    if signed:
        new.covers.add(*old.covers.all())
    new.rsvp_by, new.answered_at = new.rsvp_by or old.rsvp_by, new.answered_at or old.answered_at
    new.management = max((new.management, old.management), key=lambda state: PROGRESS[Management(state)])
    new.save()
    return new


def _join(
    case: Case, party: Party, roles: Iterable[CaseRole], consent: Consent, *, by: str, at: datetime
) -> Participant:
    """The party's place in the case with these roles added to it; noted in the journal when anything changed."""
    defaults = {
        "consent": consent,
        "management": entering(roles),
        "invited_at": at,
        "invited_by": by,
        "rsvp_by": rsvp_by(at) if consent is Consent.INVITED else None,
    }
    row, new = Participant.objects.get_or_create(case=case, party=party, defaults=defaults)
    wanted = sorted({*row.roles, *roles})
    if row.roles != wanted:
        row.roles = wanted
        row.save(update_fields=["roles"])
    elif not new:
        return row
    body = {"party": party.handle, "roles": wanted, "consent": row.consent}
    journal.append(f"case/{case.public_id}", "participant joined", actor=by, at=at, body=body)
    return row


def _leave(case: Case, moved: set[int], *, at: datetime) -> None:
    """Finders whose every proof left take part no more: what stays was never theirs."""
    gone = case.participants.select_related("party").filter(party__in=moved - _finders_of(case)).order_by("id")
    for row in gone:
        if set(row.roles) <= FINDERS:
            row.delete()
            body = {"party": row.party.handle, "roles": row.roles}
            journal.append(f"case/{case.public_id}", "participant left", actor=MATCHER, at=at, body=body)


def _finders_of(case: Case) -> set[int]:
    attached = Report.objects.filter(state=ReportState.ATTACHED, proof__membership__case=case)
    return set(attached.values_list("finder_id", flat=True))
