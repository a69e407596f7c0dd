"""Participant embargo consent: whether a participant agreed to keep the embargo; the gate to a case's content.

Consent comes before content. A change of what was agreed to, be it the terms or who else is bound, lapses every
signature but of those who asked for it; silence is never a yes.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from clearinghouse.core.protocol.machine import machine
from clearinghouse.core.roles import CaseRole

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

RSVP = timedelta(days=7)  # how long an invitation waits for an answer, unless it says otherwise

# Who brought the bug and who leads the case are bound from the first moment.
BOUND_FROM_THE_START = frozenset({CaseRole.REPORTER, CaseRole.OWNER})


class Consent(StrEnum):
    """Where one participant stands towards the embargo of one case."""

    NO_EMBARGO = "no_embargo"
    INVITED = "invited"
    SIGNATORY = "signatory"
    DECLINED = "declined"
    LAPSED = "lapsed"  # the terms changed, and the participant has not agreed to the new ones

    @property
    def adheres(self) -> bool:
        """Whether the participant is bound: derived, never stored, and anything but a signature is no."""
        return self is Consent.SIGNATORY


class ConsentStep(StrEnum):
    """What can happen to a participant's consent."""

    INVITE = "invite"
    ACCEPT = "accept"
    DECLINE = "decline"
    REVISE = "revise"  # what was signed changed
    RESET = "reset"  # the embargo is over, or the participant begins anew


CONSENT = machine(
    "the participant's consent",
    Consent.NO_EMBARGO,
    (
        (Consent.NO_EMBARGO, ConsentStep.INVITE, Consent.INVITED),
        (Consent.LAPSED, ConsentStep.INVITE, Consent.INVITED),
        (Consent.DECLINED, ConsentStep.INVITE, Consent.INVITED),
        (Consent.NO_EMBARGO, ConsentStep.ACCEPT, Consent.SIGNATORY),
        (Consent.INVITED, ConsentStep.ACCEPT, Consent.SIGNATORY),
        (Consent.LAPSED, ConsentStep.ACCEPT, Consent.SIGNATORY),
        (Consent.NO_EMBARGO, ConsentStep.DECLINE, Consent.DECLINED),
        (Consent.INVITED, ConsentStep.DECLINE, Consent.DECLINED),
        (Consent.LAPSED, ConsentStep.DECLINE, Consent.DECLINED),
        (Consent.SIGNATORY, ConsentStep.REVISE, Consent.LAPSED),
        *((consent, ConsentStep.RESET, Consent.NO_EMBARGO) for consent in Consent),
    ),
)

# A yes after a no counts: it is a new invitation, taken up at once. A signatory who leaves passes through lapsed: the
# table knows no way from a signature to a refusal, and each step is recorded.
_YES: Mapping[Consent, tuple[ConsentStep, ...]] = MappingProxyType(
    {Consent.SIGNATORY: (), Consent.DECLINED: (ConsentStep.INVITE, ConsentStep.ACCEPT)}
)
_NO: Mapping[Consent, tuple[ConsentStep, ...]] = MappingProxyType(
    {Consent.DECLINED: (), Consent.SIGNATORY: (ConsentStep.REVISE, ConsentStep.DECLINE)}
)


def answer(consent: Consent, *, yes: bool) -> tuple[ConsentStep, ...]:
    """The steps that a participant's own answer takes, in one transaction; none when it says what holds already."""
    return _YES.get(consent, (ConsentStep.ACCEPT,)) if yes else _NO.get(consent, (ConsentStep.DECLINE,))


def seeded(roles: Iterable[CaseRole], *, in_force: bool) -> Consent:
    """Where a participant stands as an embargo begins: bound with it only as reporter or owner."""
    return Consent.SIGNATORY if in_force and BOUND_FROM_THE_START & set(roles) else Consent.NO_EMBARGO


def late(roles: Iterable[CaseRole], *, in_force: bool) -> Consent:
    """Where one who comes later stands: invited to the embargo that holds, another reporter too; an owner is bound."""
    if not in_force:
        return Consent.NO_EMBARGO
    return Consent.SIGNATORY if CaseRole.OWNER in roles else CONSENT.after(Consent.NO_EMBARGO, ConsentStep.INVITE)


def rsvp_by(invited_at: datetime, wait: timedelta = RSVP) -> datetime:
    """Until when an invitation waits for its answer."""
    return invited_at + wait


def is_overdue(consent: Consent, answer_by: datetime | None, now: datetime) -> bool:
    """Whether silence has become a no: invited, and the instant to answer by has come."""
    return consent is Consent.INVITED and answer_by is not None and answer_by <= now


def after_revision(consents: Mapping[str, Consent], agreed: Iterable[str]) -> Mapping[str, Consent]:
    """Everybody's consent once new terms hold: a signature lapses, but of those who proposed or accepted them.

    Args:
        consents: by participant.
        agreed: the participants who proposed or accepted these terms.
    """
    agreeing = frozenset(agreed)
    return MappingProxyType(
        {
            party: CONSENT.after(consent, ConsentStep.REVISE) if consent.adheres and party not in agreeing else consent
            for party, consent in consents.items()
        }
    )


def after_merge(
    kept: Mapping[str, Consent], absorbed: Mapping[str, Consent], owners: Iterable[str]
) -> Mapping[str, Consent]:
    """Everybody's consent when one case takes in another under embargo: by the merge itself nobody is given anything.

    Signatures of either case were given for that case's content alone. They lapse, those who come in are invited, and
    owners stay bound because the merge is theirs. A refusal stays a refusal.
    """
    bound = frozenset(owners)
    merged = dict(after_revision(kept, bound))
    for party, consent in absorbed.items():
        if party not in merged:
            refused = consent is Consent.DECLINED
            merged[party] = Consent.DECLINED if refused else CONSENT.after(Consent.NO_EMBARGO, ConsentStep.INVITE)
    return MappingProxyType({party: Consent.SIGNATORY if party in bound else now for party, now in merged.items()})


def after_end(consents: Mapping[str, Consent]) -> Mapping[str, Consent]:
    """Everybody's consent once no embargo holds any more: there is nothing left to consent to."""
    return MappingProxyType({party: CONSENT.after(consent, ConsentStep.RESET) for party, consent in consents.items()})
