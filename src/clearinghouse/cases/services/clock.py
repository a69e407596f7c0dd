"""What comes due: embargoes end at their instant and silent invitations become refusals, each exactly once.

A row is taken under its lock and only while it is still due, and its journal entry is written in the same transaction:
of two workers one finds it done, and what a crash broke off is due as before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from clearinghouse.cases.docket import Docket
from clearinghouse.cases.models import Case, CaseState, Participant
from clearinghouse.cases.services.embargo import terminate
from clearinghouse.core.protocol import moves
from clearinghouse.core.protocol.consent import Consent, ConsentStep, is_overdue
from clearinghouse.core.protocol.embargo import Embargo
from clearinghouse.core.visibility import Actor
from clearinghouse.journal.repeating import repeated

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

CLOCK = Actor("clock")  # what no person did; it passes no gate, and nothing here asks for one
_IN_FORCE = [embargo for embargo in Embargo if embargo.in_force]


def end_due(*, at: datetime) -> tuple[str, ...]:
    """End every embargo whose instant has come, then decline every invitation that nobody answered in time.

    Returns what was done, a line each. Called at each look of each worker; may run anywhere, any number of times.
    """
    done = [_end(pk, at) for pk in _over(at).order_by("ends_at", "pk").values_list("pk", flat=True)]
    silent = _silent(at).order_by("rsvp_by", "pk").values_list("pk", "case_id")
    done += [_decline(pk, case, at) for pk, case in silent]
    return tuple(line for line in done if line is not None)


def _over(at: datetime) -> QuerySet[Case]:
    return Case.objects.filter(embargo__in=_IN_FORCE, ends_at__lte=at).exclude(state=CaseState.MERGED)


def _silent(at: datetime) -> QuerySet[Participant]:
    found = Participant.objects.filter(consent=Consent.INVITED, rsvp_by__lte=at, case__embargo__in=_IN_FORCE)
    return found.exclude(case__state=CaseState.MERGED)


@repeated
def _end(pk: int, at: datetime) -> str | None:
    with transaction.atomic():
        case = _over(at).select_for_update().filter(pk=pk).first()
        if case is None:
            return None
        terminate(Docket(case, CLOCK, at), f"its instant came: {case.ends_at:%Y-%m-%d %H:%M:%S} UTC")
        return f"{case.public_id}: embargo ended"


@repeated
def _decline(pk: int, case_pk: int, at: datetime) -> str | None:
    with transaction.atomic():
        case = Case.objects.select_for_update().get(pk=case_pk)
        row = _silent(at).select_related("party").filter(pk=pk, case=case).first()
        if row is None or not is_overdue(Consent(row.consent), row.rsvp_by, at):
            return None
        docket = Docket(case, CLOCK, at)
        docket.take(
            moves.consent(docket.now, row.party.key, ConsentStep.DECLINE),
            because=f"no answer by {row.rsvp_by:%Y-%m-%d %H:%M:%S} UTC",
        )
        return f"{case.public_id}: {row.party.handle} did not answer"
