"""Invite an e-mail address, and accept an invitation: once, in time, and while the inviter still may invite."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.contrib.auth.hashers import make_password
from django.db import transaction

from clearinghouse.core.errors import Conflict, NotFound, Refused, UsageError
from clearinghouse.core.permissions import AccountAction
from clearinghouse.core.roles import OrganisationRole, SiteRole
from clearinghouse.journal.repeating import repeated
from clearinghouse.registry.models import Invitation, Person, SiteGrant
from clearinghouse.registry.queries.actors import actor_of, hash_of
from clearinghouse.registry.queries.standing import about, still_given
from clearinghouse.registry.services.members import join
from clearinghouse.registry.services.people import make_person, usable_address
from clearinghouse.registry.services.permission import demand, note, person_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from clearinghouse.core.visibility import Actor
    from clearinghouse.registry.models import Organisation

DAYS, MAX_DAYS = 7, 30
MAX_OPEN = 200  # invitations of one person that were not answered: a stolen account must not become a mail cannon


@dataclass(frozen=True, slots=True)
class MadeInvitation:
    """A new invitation. `secret` goes into one mail's link and is kept nowhere."""

    key: str
    email: str
    secret: str
    expires_at: datetime


@repeated
def invite(
    email: str,
    *,
    actor: Actor,
    at: datetime,
    organisation: Organisation | None = None,
    role: OrganisationRole = OrganisationRole.MEMBER,
    site_roles: Iterable[SiteRole] = (),
    days: int = DAYS,
) -> MadeInvitation:
    """Invite an address into an organisation as `role`, to the site with `site_roles`, or both.

    The answer is the same whether or not the address has an account. Raises Refused, UsageError.
    """
    address = usable_address(email)
    roles = tuple(sorted(set(site_roles)))
    if not 1 <= days <= MAX_DAYS:
        raise UsageError(f"an invitation cannot last {days} days", advice=f"choose 1 to {MAX_DAYS}")
    secret = secrets.token_urlsafe(32)
    with transaction.atomic():
        _demand(actor, organisation, roles)
        inviter = person_of(actor)
        mine = Invitation.objects.filter(invited_by=inviter, used_at__isnull=True, expires_at__gt=at)
        if inviter is not None and mine.count() >= MAX_OPEN:
            raise Conflict(f"{MAX_OPEN} of your invitations are open", advice="wait until some are answered or expire")
        made = Invitation.objects.create(
            email=address,
            organisation=organisation,
            role=role.value if organisation else "",
            site_roles=[one.value for one in roles],
            hash=hash_of(secret),
            invited_by=inviter,
            invited_at=at,
            expires_at=at + timedelta(days=days),
        )
        note("invited", actor=actor, at=at, body=_body(made))
    return MadeInvitation(made.key, address, secret, made.expires_at)


@repeated
def accept(secret: str, *, name: str, password: str, at: datetime) -> Person:
    """Make the account of who was invited, or give one that was added without a password its first.

    Raises NotFound for an invitation that is unknown, used, expired or not its inviter's to give any more, Refused
    where the address has an account with a password: that one signs in and accepts by itself.
    """
    hashed = make_password(password)  # takes its time, so before the database is held
    with transaction.atomic():
        invitation = _take(secret, at)
        known = Person.objects.select_for_update().filter(email=invitation.email).first()
        if known is not None and (known.has_usable_password() or not known.is_active):
            raise Refused("there is an account with this address", advice="sign in, then open the link again")
        if known is None:
            person = make_person(invitation.email, name, password=hashed, at=at)
        else:
            person = known
            person.password = hashed
            person.save(update_fields=["password"])
        _give(invitation, person, at)
    return person


@repeated
def accept_as(secret: str, person: Person, *, at: datetime) -> None:
    """Accept as a person who signed in with the invited address. Raises NotFound as `accept`, and for another's."""
    with transaction.atomic():
        invitation = _take(secret, at)
        if invitation.email != person.email or not person.is_active or invitation.invited_by_id == person.pk:
            raise _gone()
        _give(invitation, person, at)


def _demand(actor: Actor, organisation: Organisation | None, roles: tuple[SiteRole, ...]) -> None:
    if organisation is not None:
        demand(actor, AccountAction.INVITE_MEMBER, about(organisation=organisation))
    if roles or organisation is None:
        demand(actor, AccountAction.INVITE_TO_SITE)


def _take(secret: str, at: datetime) -> Invitation:
    """The invitation, used up by this transaction: of two that come at once, one finds it used."""
    found = Invitation.objects.filter(hash=hash_of(secret), used_at__isnull=True, expires_at__gt=at)
    invitation = found.select_related("organisation__party", "invited_by__party").first()
    if invitation is None or not still_given(invitation) or not found.update(used_at=at):
        raise _gone()
    return invitation


def _give(invitation: Invitation, person: Person, at: datetime) -> None:
    """What the invitation offers, and that it was accepted."""
    Invitation.objects.filter(pk=invitation.pk).update(used_by=person)
    actor = actor_of(person)
    note("invitation accepted", actor=actor, at=at, body=_body(invitation) | {"person": person.party.handle})
    organisation = invitation.organisation
    if organisation is not None and not person.memberships.filter(organisation=organisation).exists():
        join(person, organisation, OrganisationRole(invitation.role), actor=actor, at=at)
    for role in invitation.site_roles:
        _, new = SiteGrant.objects.get_or_create(person=person, role=role, defaults={"since": at})
        if new:
            note("site role granted", actor=actor, at=at, body={"person": person.party.handle, "role": role})


def _body(invitation: Invitation) -> dict[str, object]:
    organisation = invitation.organisation
    return {
        "invitation": invitation.key,
        "organisation": organisation.party.handle if organisation else None,
        "role": invitation.role or None,
        "site_roles": invitation.site_roles,
    }


def _gone() -> NotFound:
    return NotFound("this invitation does not work", advice="it was used or has expired; ask for a new one")
