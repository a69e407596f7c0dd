"""Create and revoke API tokens. The secret is shown once; what is kept of it is a hash and its first characters."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q

from clearinghouse.core.errors import Conflict, UsageError
from clearinghouse.core.permissions import AccountAction
from clearinghouse.core.roles import PartyKind, Scope
from clearinghouse.journal.repeating import repeated
from clearinghouse.registry.models import ApiToken
from clearinghouse.registry.queries.actors import actor_of_token, hash_of
from clearinghouse.registry.queries.standing import about_owner
from clearinghouse.registry.services.names import shown_name
from clearinghouse.registry.services.permission import demand, note, person_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from clearinghouse.core.visibility import Actor
    from clearinghouse.registry.models import Party

START = "clh_"  # tells what it is to a person, and to programs that look for leaked secrets
SHOWN = 12  # characters that stay known, START among them
DAYS, MAX_DAYS = 90, 366
MAX_TOKENS = 50  # that work at the same time, of one owner


@dataclass(frozen=True, slots=True)
class MadeToken:
    """A new token. `secret` is to be shown once and kept nowhere."""

    key: str
    name: str
    owner: str
    secret: str
    scopes: tuple[Scope, ...]
    expires_at: datetime


@repeated
def create_token(
    owner: Party, name: str, scopes: Iterable[Scope], *, actor: Actor, at: datetime, days: int = DAYS
) -> MadeToken:
    """A token that acts for `owner`, a person or an organisation, within `scopes`, for `days` days from `at` on.

    Raises Refused, UsageError for no scope, an unusable name or number of days, or an owner that nobody can act for.
    """
    shown = shown_name(name, "token")
    wanted = tuple(sorted(set(scopes)))
    if not wanted:
        raise UsageError("a token without a scope is of no use", advice=f"choose from {', '.join(Scope)}")
    if not 1 <= days <= MAX_DAYS:
        raise UsageError(f"a token cannot last {days} days", advice=f"choose 1 to {MAX_DAYS}")
    if owner.kind == PartyKind.NAME:
        raise UsageError(f"{owner.handle} is a mere name", advice="create it as an organisation first")
    secret = START + secrets.token_urlsafe(32)
    with transaction.atomic():
        demand(actor, AccountAction.CREATE_TOKEN, about_owner(owner))
        working = ApiToken.objects.filter(owner=owner, revoked_at__isnull=True, expires_at__gt=at).count()
        if working >= MAX_TOKENS:
            raise Conflict(f"{owner.handle} has {working} tokens", advice="revoke one that is not used")
        made = ApiToken.objects.create(
            owner=owner,
            created_by=person_of(actor),
            name=shown,
            prefix=secret[:SHOWN],
            hash=hash_of(secret),
            scopes=[scope.value for scope in wanted],
            created_at=at,
            expires_at=at + timedelta(days=days),
        )
        body = {"scopes": made.scopes, "expires_at": made.expires_at.isoformat(), "name": shown}
        note("token created", actor=actor, at=at, body=_body(made) | body)
    return MadeToken(made.key, shown, owner.handle, secret, wanted, made.expires_at)


@repeated
def revoke_token(token: ApiToken, *, actor: Actor, at: datetime) -> None:
    """End a token now. Raises Refused, Conflict for one that was revoked before."""
    with transaction.atomic():
        demand(actor, AccountAction.REVOKE_TOKEN, about_owner(token.owner))
        if not ApiToken.objects.filter(pk=token.pk, revoked_at__isnull=True).update(revoked_at=at):
            raise Conflict(f"token {token.prefix}… was revoked before", advice="nothing was changed")
        note("token revoked", actor=actor, at=at, body=_body(token))


def use_token(text: str, *, at: datetime) -> Actor | None:
    """Who asks with that token, as `queries.actor_of_token` has it; that it was used is noted, to the hour."""
    actor = actor_of_token(text, at)
    if actor is not None:
        stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=at - timedelta(hours=1))
        ApiToken.objects.filter(stale, hash=hash_of(text)).update(last_used_at=at)
    return actor


def _body(token: ApiToken) -> dict[str, object]:
    return {"token": token.key, "prefix": token.prefix, "owner": token.owner.handle}
