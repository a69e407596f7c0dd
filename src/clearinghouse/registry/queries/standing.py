"""How people stand to organisations, tokens and invitations, as the rules of `core.permissions` want to know it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clearinghouse.core.permissions import NEED_SECOND_FACTOR, About, AccountAction, may
from clearinghouse.core.roles import OrganisationRole, PartyKind
from clearinghouse.registry.models import Membership, SiteGrant
from clearinghouse.registry.queries.actors import actor_of

if TYPE_CHECKING:
    from clearinghouse.registry.models import Invitation, Organisation, Party, Person


def about(*, person: Party | None = None, organisation: Organisation | None = None) -> About:
    """The object of an action as the rules see it, as of now."""
    return About(
        person=person.key if person else None,
        organisation=organisation.party.key if organisation else None,
        managers=managers(organisation) if organisation else frozenset(),
    )


def managers(organisation: Organisation) -> frozenset[str]:
    """The keys of the people who manage it and may sign in."""
    rows = Membership.objects.filter(
        organisation=organisation, role=OrganisationRole.MANAGER, person__is_active=True
    ).values_list("person__party__key", flat=True)
    return frozenset(rows)


def about_owner(owner: Party) -> About:
    """The object of what is done to a token, as the rules see it."""
    if owner.kind == PartyKind.ORGANISATION:
        return about(organisation=owner.organisation)
    return about(person=owner)


def still_given(invitation: Invitation) -> bool:
    """Whether its inviter may still give what it offers; one made at the machine always is."""
    if invitation.invited_by is None:
        return True
    inviter = actor_of(invitation.invited_by)
    organisation = invitation.organisation
    if organisation is not None and not may(inviter, AccountAction.INVITE_MEMBER, about(organisation=organisation)):
        return False
    return bool(organisation and not invitation.site_roles) or may(inviter, AccountAction.INVITE_TO_SITE)


def needs_second_factor(person: Person) -> bool:
    """Whether a password alone must not open anything to this person."""
    return SiteGrant.objects.filter(person=person, role__in=NEED_SECOND_FACTOR).exists()
