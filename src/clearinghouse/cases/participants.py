"""Who takes part in a case by what happened to its proofs: finders join, a merge carries over, a split takes along.

None of it opens what somebody else brought while an embargo is in force: that takes a signature. Call everything here
inside the transaction that moves the proofs or answers the report.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from clearinghouse.cases.models import Case, CaseState, Participant
from clearinghouse.core.protocol.consent import Consent, rsvp_by
from clearinghouse.core.protocol.embargo import Embargo
from clearinghouse.core.protocol.report_management import entering
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
_STRICTER = tuple(Tlp)  # from the widest label to the narrowest


def enrol_finder(case: Case, party: Party, *, by: str, at: datetime) -> Participant:
    """A party whose report was attached takes part as its finder; under an embargo it is invited to sign, no more."""
    return _join(case, party, FINDERS, _first_consent(case), by=by, at=at)


def cover_all(participant: Participant) -> None:
    """A signature was given: it extends to everything that is in the case at this moment."""
    origins = participant.case.memberships.values_list("brought_to", flat=True)
    participant.covers.set({participant.case_id, *origins})


def merge(before: Case, case: Case, *, at: datetime) -> None:
    """Proofs went from `before` to `case`, which was there already: their finders follow, all others if nothing stays.

    The earlier end and the stricter label hold for both. A signature keeps its reach: it extends to what it extended
    to, and not to what the other side brought.
    """
    _inherit_embargo(case, before)
    whole = not before.memberships.exists()
    finders = _finders_of(case)
    for old in before.participants.select_related("party").order_by("id"):
        if whole or old.party_id in finders:
            _carry(old, case, at=at)
    if not whole:
        _leave(before, finders, at=at)


def split(before: Case, case: Case, *, at: datetime) -> None:
    """Proofs went from `before` to `case`, newly opened for them: it inherits label, embargo and whom they concern.

    These are the finders of these proofs, and whoever takes part as anything else; finders of other proofs do not
    follow.
    """
    if before.state != CaseState.PUBLISHED and not case.participants.exists():
        case.tlp = before.tlp
    _inherit_embargo(case, before)
    finders = _finders_of(case)
    for old in before.participants.select_related("party").order_by("id"):
        if old.party_id in finders or set(old.roles) - FINDERS:
            new = _carry(old, case, at=at)
            if old.covers.filter(pk=before.pk).exists():
                new.covers.add(case)
    _leave(before, finders, at=at)


def _first_consent(case: Case) -> Consent:
    return Consent.INVITED if Embargo(case.embargo).in_force else Consent.NO_EMBARGO


def _inherit_embargo(case: Case, before: Case) -> None:
    """What was held back stays so, until the earlier of two ends; a published case takes no embargo on."""
    if case.state == CaseState.PUBLISHED:
        return
    if before.state != CaseState.PUBLISHED:
        case.tlp = max(Tlp(case.tlp), Tlp(before.tlp), key=_STRICTER.index)
    if Embargo(before.embargo).in_force:
        if Embargo(case.embargo).in_force:
            case.ends_at = min((end for end in (case.ends_at, before.ends_at) if end is not None), default=None)
        else:
            case.embargo, case.ends_at = Embargo.ACTIVE, before.ends_at
            case.participants.filter(consent=Consent.NO_EMBARGO).update(consent=Consent.INVITED)
    case.save(update_fields=["tlp", "embargo", "ends_at"])


def _carry(old: Participant, case: Case, *, at: datetime) -> Participant:
    """Let a participant of another case take part in this one, with as much access as before and no more."""
    signed = Consent(old.consent).adheres
    consent = Consent.SIGNATORY if signed and Embargo(case.embargo).in_force else _first_consent(case)
    new = _join(case, old.party, {CaseRole(role) for role in old.roles}, consent, by=MATCHER, at=at)
    new.named = new.named or old.named
    if signed and new.consent == Consent.INVITED:
        new.consent = Consent.SIGNATORY
    if signed:
        new.covers.add(*old.covers.all())
    new.rsvp_by, new.answered_at = new.rsvp_by or old.rsvp_by, new.answered_at or old.answered_at
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
