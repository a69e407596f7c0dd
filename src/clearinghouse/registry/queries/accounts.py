"""Lists people, organisations, members and tokens to those who may see them; to others there are none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q

from clearinghouse.core.errors import NotFound
from clearinghouse.core.permissions import AccountAction, may
from clearinghouse.core.roles import OrganisationKind, OrganisationRole, Scope, SiteRole
from clearinghouse.registry.models import ApiToken, Invitation, Membership, Organisation, Person
from clearinghouse.registry.queries.actors import hash_of
from clearinghouse.registry.queries.standing import about, about_owner, still_given

if TYPE_CHECKING:
    from datetime import datetime

    from django.db.models import QuerySet

    from clearinghouse.core.visibility import Actor
    from clearinghouse.registry.models import Party


@dataclass(frozen=True, slots=True)
class PersonRow:
    """One account. `organisations` maps each organisation's handle to the role in it."""

    handle: str
    name: str
    email: str
    active: bool
    roles: tuple[SiteRole, ...]
    organisations: dict[str, OrganisationRole]
    last_login: datetime | None


@dataclass(frozen=True, slots=True)
class OrganisationRow:
    """One organisation. `embargo_days` is None where it publishes no default; `role` is the asker's in it, if any."""

    handle: str
    name: str
    kind: OrganisationKind
    contact: str
    embargo_days: int | None
    members: int
    role: OrganisationRole | None = None


@dataclass(frozen=True, slots=True)
class MemberRow:
    """One member of an organisation."""

    handle: str
    name: str
    email: str
    active: bool
    role: OrganisationRole
    since: datetime


@dataclass(frozen=True, slots=True)
class TokenRow:
    """One token, without its secret. `by` is the handle of who made it, None where that was done at the machine."""

    key: str
    name: str
    prefix: str
    owner: str
    by: str | None
    scopes: tuple[Scope, ...]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None
    last_used_at: datetime | None
    works: bool


@dataclass(frozen=True, slots=True)
class InvitationView:
    """What an invitation that still works offers. `known` says that the address has an account with a password."""

    email: str
    organisation: str | None
    role: OrganisationRole | None
    site_roles: tuple[SiteRole, ...]
    expires_at: datetime
    known: bool
    name: str  # of an account that was added without a password; else empty


def people(actor: Actor) -> list[PersonRow]:
    """Every account, by handle; none for who may not see them."""
    if not may(actor, AccountAction.SEE_ACCOUNTS):
        return []
    rows = Person.objects.select_related("party").prefetch_related("grants", "memberships__organisation__party")
    return [_person_row(row) for row in rows.order_by("party__handle")]


def person(name: str) -> Person:
    """The person of that e-mail address or handle. Raises NotFound. For verbs and commands; it asks no permission."""
    field = "email" if "@" in name else "party__handle"
    found = Person.objects.select_related("party").filter(**{field: name.lower()}).first()
    if found is None:
        raise NotFound(f"no person {name}", advice="`clearinghouse user list` shows all accounts")
    return found


def organisations(actor: Actor) -> list[OrganisationRow]:
    """Every organisation for an admin, its own for a person, by handle."""
    found = Organisation.objects.select_related("party").order_by("party__handle")
    if not may(actor, AccountAction.SEE_ACCOUNTS):
        found = found.filter(party__key__in=actor.parties)
    mine = dict(Membership.objects.filter(person__party__key=actor.person).values_list("organisation_id", "role"))
    return [_organisation_row(row, mine.get(row.pk)) for row in found.prefetch_related("memberships")]


def organisation(handle: str) -> Organisation:
    """The organisation of that handle. Raises NotFound. For verbs and commands; it asks no permission."""
    found = Organisation.objects.select_related("party").filter(party__handle=handle.lower()).first()
    if found is None:
        raise NotFound(f"no organisation {handle}", advice="`clearinghouse org list` shows all organisations")
    return found


def members(of: Organisation, actor: Actor) -> list[MemberRow]:
    """The members of an organisation, managers first, for who may see them."""
    if not may(actor, AccountAction.SEE_MEMBERS, about(organisation=of)):
        return []
    rows = Membership.objects.filter(organisation=of).select_related("person__party").order_by("role", "person__email")
    return [
        MemberRow(
            handle=row.person.party.handle,
            name=row.person.party.name,
            email=row.person.email,
            active=row.person.is_active,
            role=OrganisationRole(row.role),
            since=row.since,
        )
        for row in rows
    ]


def tokens(actor: Actor, *, at: datetime, owner: Party | None = None) -> list[TokenRow]:
    """The tokens of an owner, newest first, for who may see them; without an owner all, for an admin."""
    found: QuerySet[ApiToken] = ApiToken.objects.select_related("owner", "created_by__party").order_by("-created_at")
    if owner is not None:
        found = found.filter(owner=owner)
    seen = may(actor, AccountAction.SEE_TOKENS, about_owner(owner)) if owner else may(actor, AccountAction.SEE_ACCOUNTS)
    return [_token_row(row, at) for row in found] if seen else []


def token(name: str) -> ApiToken:
    """The token of that key or first characters. Raises NotFound, also where several begin so."""
    field = "prefix" if name.startswith("clh_") else "key"
    found = list(ApiToken.objects.select_related("owner").filter(**{field: name})[:2])
    if len(found) != 1:
        raise NotFound(f"no token {name}", advice="`clearinghouse token list` shows all tokens")
    return found[0]


def token_of(actor: Actor, key: str) -> ApiToken | None:
    """The token of that key, of the actor's own, of an organisation that it manages, or any for an admin; or None.

    One look-up, so another's token costs what an unknown one does.
    """
    found = ApiToken.objects.select_related("owner").filter(key=key)
    if not may(actor, AccountAction.SEE_ACCOUNTS):
        managed = Membership.objects.filter(person__party__key=actor.person, role=OrganisationRole.MANAGER)
        found = found.filter(Q(owner__key=actor.person) | Q(owner__organisation__in=managed.values("organisation")))
    return found.first()


def invitation(secret: str, *, at: datetime) -> InvitationView | None:
    """What the invitation of that secret offers; None for one that is unknown, used, expired or withdrawn."""
    row = (
        Invitation.objects.filter(hash=hash_of(secret), used_at__isnull=True, expires_at__gt=at)
        .select_related("organisation__party", "invited_by__party")
        .first()
    )
    if row is None or not still_given(row):
        return None
    known = Person.objects.select_related("party").filter(email=row.email).first()
    return InvitationView(
        email=row.email,
        organisation=row.organisation.party.name if row.organisation else None,
        role=OrganisationRole(row.role) if row.role else None,
        site_roles=tuple(SiteRole(role) for role in row.site_roles),
        expires_at=row.expires_at,
        known=known is not None and known.has_usable_password(),
        name=known.party.name if known is not None else "",
    )


def _person_row(row: Person) -> PersonRow:
    return PersonRow(
        handle=row.party.handle,
        name=row.party.name,
        email=row.email,
        active=row.is_active,
        roles=tuple(sorted(SiteRole(grant.role) for grant in row.grants.all())),
        organisations={m.organisation.party.handle: OrganisationRole(m.role) for m in row.memberships.all()},
        last_login=row.last_login,
    )


def _organisation_row(row: Organisation, role: str | None) -> OrganisationRow:
    return OrganisationRow(
        handle=row.party.handle,
        name=row.party.name,
        kind=OrganisationKind(row.kind),
        contact=row.contact,
        embargo_days=row.embargo_days,
        members=len(row.memberships.all()),
        role=OrganisationRole(role) if role else None,
    )


def _token_row(row: ApiToken, at: datetime) -> TokenRow:
    return TokenRow(
        key=row.key,
        name=row.name,
        prefix=row.prefix,
        owner=row.owner.handle,
        by=row.created_by.party.handle if row.created_by else None,
        scopes=tuple(Scope(scope) for scope in row.scopes),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
        works=row.revoked_at is None and row.expires_at > at and (row.created_by is None or row.created_by.is_active),
    )
