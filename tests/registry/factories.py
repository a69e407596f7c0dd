"""People, organisations and tokens, made as plain rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from django.utils.text import slugify

from clearinghouse.core.roles import OrganisationKind, OrganisationRole, PartyKind, Scope, SiteRole
from clearinghouse.registry.models import ApiToken, Membership, Organisation, Party, Person, SiteGrant

if TYPE_CHECKING:
    from collections.abc import Iterable

NOW = datetime(2026, 6, 2, 12, tzinfo=UTC)
PASSWORD = "a long walk in the rain"


def party(name: str, kind: PartyKind = PartyKind.NAME) -> Party:
    return Party.objects.create(name=name, handle=slugify(name), kind=kind, known_since=NOW)


def organisation(name: str = "Lab One", kind: OrganisationKind = OrganisationKind.LAB) -> Organisation:
    return Organisation.objects.create(party=party(name, PartyKind.ORGANISATION), kind=kind)


def person(
    name: str = "Ada",
    *,
    of: Organisation | None = None,
    role: OrganisationRole = OrganisationRole.MEMBER,
    site: Iterable[SiteRole] = (),
) -> Person:
    """Ada signs in as ada@example.org with PASSWORD."""
    made = Person(party=party(name, PartyKind.PERSON), email=f"{slugify(name)}@example.org")
    made.set_password(PASSWORD)
    made.save()
    if of is not None:
        Membership.objects.create(person=made, organisation=of, role=role, since=NOW)
    for one in site:
        SiteGrant.objects.create(person=made, role=one, since=NOW)
    return made


def token(
    owner: Party,
    *,
    by: Person | None = None,
    scopes: Iterable[Scope] = (Scope.REPORTS_READ,),
    secret: str = "clh_secret",
    days: int = 30,
) -> ApiToken:
    return ApiToken.objects.create(
        owner=owner,
        created_by=by,
        name="scanner",
        prefix=secret[:12],
        hash=sha256(secret.encode()).hexdigest(),
        scopes=[scope.value for scope in scopes],
        created_at=NOW,
        expires_at=NOW + timedelta(days=days),
    )
