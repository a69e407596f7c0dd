"""What the visibility rules need to know of a case, and of what somebody brought to it, read from the tables.

And what every verb on a case begins with: the case under a lock, for who may do that with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q

from clearinghouse.cases.models import Case, CaseState, Membership
from clearinghouse.core.errors import NotFound
from clearinghouse.core.protocol.consent import Consent
from clearinghouse.core.protocol.embargo import Embargo
from clearinghouse.core.roles import CaseRole, Tlp
from clearinghouse.core.visibility import Action, Brought, CaseFacts, Seat, can
from clearinghouse.registry.access import where

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from clearinghouse.core.visibility import Actor
    from clearinghouse.intake.models import Report
    from clearinghouse.proofs.models import Proof


def seen(case: Case) -> CaseFacts:
    """A case as `core.visibility.can` asks about it, with everyone's part in it. Origins go by their opaque keys."""
    seats = case.participants.select_related("party").prefetch_related("covers").order_by("id")
    return CaseFacts(
        published=case.state == CaseState.PUBLISHED,
        embargo=Embargo(case.embargo),
        tlp=Tlp(case.tlp),
        origins=frozenset(case.memberships.values_list("brought_to__key", flat=True)),
        seats=tuple(
            Seat(
                party=row.party.key,
                roles=frozenset(CaseRole(role) for role in row.roles),
                consent=Consent(row.consent),
                named=row.named,
                covers=frozenset(covered.key for covered in row.covers.all()),
            )
            for row in seats
        ),
    )


def called(name: str, actor: Actor) -> Q:
    """The case that goes by that name: its key, or its public id, no name outside the house before publication."""
    numbered = Q(public_id=name)
    return Q(key=name) | (numbered if can(actor, Action.READ_FIGURES) else numbered & Q(state=CaseState.PUBLISHED))


def open_to(actor: Actor, action: Action) -> QuerySet[Case]:
    """The cases with which the actor may do that.

    A look-up among these costs the same queries for what is not there and for what is and may not be seen.
    """
    return Case.objects.filter(pk__in=Case.objects.filter(where(actor, action)).values("pk"))


def locked(name: str, action: Action, *, actor: Actor) -> Case:
    """The case of that name (see `called`), locked until the caller's transaction ends.

    Raises NotFound when there is none and when the actor may not: it never learns which.
    """
    # What the actor may not is left out by the look-up itself: it costs the same queries as what is not there.
    case = open_to(actor, action).select_for_update().filter(called(name, actor)).first()
    if case is None or not can(actor, action, seen(case)):
        raise no_case(name)
    return case


def hold(name: str, *, actor: Actor) -> None:
    """Keep a case that the actor reads as it is until the caller's transaction ends; raises NotFound."""
    locked(name, Action.READ_CASE, actor=actor)


def no_case(name: str) -> NotFound:
    """The one error for a case that is not there and for one that may not be seen."""
    return NotFound(f"no case {name}", advice="`clearinghouse case list` shows the cases")


def proof_to(actor: Actor, proof: Proof) -> Brought:
    """A proof as the actor stands to it: a report of its own that carries it makes it its own too."""
    own = proof.reports.filter(finder__key__in=actor.parties).exists()
    return _brought(own, proof, attached=True, published=True)


def report_to(actor: Actor, report: Report) -> Brought:
    """A report as the actor stands to it; it is part of its proof's case once it is attached."""
    own, published = report.finder.key in actor.parties, report.published_at is not None
    return _brought(own, report.proof, attached=report.is_attached, published=published)


def _brought(own: bool, proof: Proof | None, *, attached: bool, published: bool) -> Brought:
    found = Membership.objects.select_related("case", "brought_to").filter(proof=proof).first() if proof else None
    if found is None or not attached:
        return Brought(own=own)
    taken_along = published and found.published_in_id == found.case_id
    return Brought(own=own, case=seen(found.case), origin=found.brought_to.key, published=taken_along)
