"""Says on whose behalf somebody asks: a person who signed in, or a program with a token."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from django.db.models import Q

from clearinghouse.core.roles import Scope, SiteRole
from clearinghouse.core.visibility import Actor
from clearinghouse.registry.models import ApiToken, Membership, Person, SiteGrant

if TYPE_CHECKING:
    from datetime import datetime


def actor_of(person: Person, token: ApiToken | None = None) -> Actor:
    """A person with its organisations and site roles, within the token's scopes if there is one.

    A person who was deactivated has nothing: no parties, no roles.
    """
    scopes = _scopes(token)
    if not person.is_active:
        return Actor(person.party.handle, scopes=scopes)
    organisations = Membership.objects.filter(person=person).values_list("organisation__party__key", flat=True)
    grants = SiteGrant.objects.filter(person=person).values_list("role", flat=True)
    return Actor(
        name=person.party.handle,
        person=person.party.key,
        parties=frozenset({person.party.key, *organisations}),
        roles=frozenset(SiteRole(role) for role in grants),
        scopes=scopes,
    )


def actor_of_token(text: str, at: datetime) -> Actor | None:
    """Who asks with that token; None for one that is unknown, expired, revoked, or of somebody who was deactivated.

    The look-up is by the secret's hash, so how long it takes tells nothing of any secret. An organisation's token acts
    for the organisation alone, and only as long as the person who made it is active.
    """
    found = (
        ApiToken.objects.filter(hash=hash_of(text), revoked_at__isnull=True, expires_at__gt=at)
        .filter(Q(created_by__isnull=True) | Q(created_by__is_active=True))
        .select_related("owner", "owner__person", "owner__organisation")
        .first()
    )
    if found is None:
        return None
    person: Person | None = getattr(found.owner, "person", None)
    if person is not None:
        return actor_of(person, found) if person.is_active else None
    if getattr(found.owner, "organisation", None) is None:
        return None
    return Actor(found.owner.handle, parties=frozenset({found.owner.key}), scopes=_scopes(found))


def hash_of(secret: str) -> str:
    """What is kept of a secret. Secrets are 256 bits of chance, so a plain hash cannot be reversed by guessing."""
    return sha256(secret.encode("utf-8", "replace")).hexdigest()


def _scopes(token: ApiToken | None) -> frozenset[Scope] | None:
    return None if token is None else frozenset(Scope(scope) for scope in token.scopes)
