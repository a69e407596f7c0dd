"""Add a person, give and take roles on the site, help who lost its second factors, and shut a person out at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import F, Q

from clearinghouse.core.errors import Conflict, Refused, UsageError
from clearinghouse.core.permissions import AccountAction
from clearinghouse.core.roles import PartyKind, SiteRole
from clearinghouse.core.visibility import LOCAL
from clearinghouse.journal.repeating import repeated
from clearinghouse.registry.models import ApiToken, Person, SiteGrant
from clearinghouse.registry.queries.standing import about
from clearinghouse.registry.services.names import new_party
from clearinghouse.registry.services.permission import demand, note

if TYPE_CHECKING:
    from datetime import datetime

    from clearinghouse.core.visibility import Actor


@repeated
def add_person(email: str, name: str, *, actor: Actor, at: datetime) -> Person:
    """A new person without a password: an invitation to the address lets it set one.

    Raises Refused, UsageError for no address or an unusable name, Conflict for a known address.
    """
    address = usable_address(email)
    with transaction.atomic():
        demand(actor, AccountAction.ADD_PERSON)
        made = make_person(address, name, password=None, at=at)
        note("person added", actor=actor, at=at, body={"person": made.party.handle, "name": made.party.name})
    return made


def make_person(address: str, name: str, *, password: str | None, at: datetime) -> Person:
    """The rows of a new person, within the caller's transaction. `password` is hashed already."""
    made = Person(party=new_party(name, PartyKind.PERSON, at=at), email=address)
    if password is None:
        made.set_unusable_password()
    else:
        made.password = password
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError:
        raise Conflict(
            "there is an account with this address", advice="`clearinghouse user list` shows all accounts"
        ) from None
    return made


def usable_address(email: str) -> str:
    """An e-mail address in small letters. Raises UsageError for text that is none."""
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        raise UsageError(f"{email[:100]!r} is no e-mail address", advice="give one, as ada@example.org") from None
    return address


@repeated
def grant(person: Person, role: SiteRole, *, actor: Actor, at: datetime) -> None:
    """Give a person a role on the site; nobody gives one to itself. Once it has the role, nothing changes."""
    with transaction.atomic():
        demand(actor, AccountAction.GRANT, about(person=person.party))
        if not person.is_active:
            raise Refused(f"{person.party.handle} was deactivated", advice="only active people have roles")
        _, new = SiteGrant.objects.get_or_create(person=person, role=role, defaults={"since": at})
        if new:
            note("site role granted", actor=actor, at=at, body={"person": person.party.handle, "role": role.value})


@repeated
def revoke(person: Person, role: SiteRole, *, actor: Actor, at: datetime) -> None:
    """Take a role on the site away. Raises Refused for the last admin's own, Conflict where the person lacks it."""
    with transaction.atomic():
        demand(actor, AccountAction.REVOKE, about(person=person.party))
        if role is SiteRole.ADMIN:
            _keep_an_admin(person)
        gone, _ = SiteGrant.objects.filter(person=person, role=role).delete()
        if not gone:
            raise Conflict(f"{person.party.handle} is no {role} of the site", advice="nothing was changed")
        note("site role revoked", actor=actor, at=at, body={"person": person.party.handle, "role": role.value})


@repeated
def deactivate(person: Person, *, actor: Actor, at: datetime) -> None:
    """Shut a person out: its sessions and its tokens, also those that it made for organisations, end with this.

    Its roles on the site are gone; that it was a member of organisations stays on record. Raises Refused for the last
    admin, unless it is said at the machine.
    """
    with transaction.atomic():
        demand(actor, AccountAction.DEACTIVATE, about(person=person.party))
        if actor != LOCAL:
            _keep_an_admin(person)
        if not Person.objects.filter(pk=person.pk, is_active=True).update(is_active=False, epoch=F("epoch") + 1):
            raise Conflict(f"{person.party.handle} was deactivated before", advice="nothing was changed")
        roles = sorted(SiteGrant.objects.filter(person=person).values_list("role", flat=True))
        SiteGrant.objects.filter(person=person).delete()
        tokens = ApiToken.objects.filter(Q(owner=person.party) | Q(created_by=person), revoked_at__isnull=True)
        prefixes = sorted(tokens.values_list("prefix", flat=True))
        tokens.update(revoked_at=at)
        body = {"person": person.party.handle, "roles": roles, "tokens": prefixes}
        note("person deactivated", actor=actor, at=at, body=body)
    person.refresh_from_db()


@repeated
def reactivate(person: Person, *, actor: Actor, at: datetime) -> None:
    """Let a person in again who was shut out, by its password and factors of before.

    Roles on the site and tokens stay gone: they are given anew, each by itself. What it was in organisations holds.
    Raises Refused, Conflict for one who is active.
    """
    with transaction.atomic():
        demand(actor, AccountAction.ADD_PERSON)
        if not Person.objects.filter(pk=person.pk, is_active=False).update(is_active=True, epoch=F("epoch") + 1):
            raise Conflict(f"{person.party.handle} is active", advice="nothing was changed")
        note("person reactivated", actor=actor, at=at, body={"person": person.party.handle})
    person.refresh_from_db()


@repeated
def reset_factors(person: Person, *, actor: Actor, at: datetime) -> None:
    """Remove the second factors of a person who lost them; its sessions end. The password stays, and is asked for.

    Raises Refused, Conflict where there are none.
    """
    with transaction.atomic():
        demand(actor, AccountAction.RESET_FACTORS, about(person=person.party))
        factors = Authenticator.objects.filter(user=person)
        kinds = sorted(factors.values_list("type", flat=True))
        if not kinds:
            raise Conflict(f"{person.party.handle} has no second factor", advice="nothing was changed")
        factors.delete()
        Person.objects.filter(pk=person.pk).update(epoch=F("epoch") + 1)
        body = {"person": person.party.handle, "factors": kinds}
        note("second factors removed", actor=actor, at=at, body=body)
    person.refresh_from_db()


def _keep_an_admin(person: Person) -> None:
    """Refuse what would leave the site without an admin. The rows are locked: two admins cannot both go at once."""
    admins = SiteGrant.objects.select_for_update().filter(role=SiteRole.ADMIN, person__is_active=True).order_by("pk")
    if {grant.person_id for grant in admins} == {person.pk}:
        raise Refused(f"{person.party.handle} is the last admin", advice="make somebody else an admin first")
