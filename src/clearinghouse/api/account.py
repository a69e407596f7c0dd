"""Who a token is."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router

from clearinghouse.api.operations import actor_in, reads
from clearinghouse.api.schemas import Me

router = Router(tags=["account"])


@reads(router, "/me", scope=None, gives=Me)
def me(request: HttpRequest) -> Me:
    """Say on whose behalf the token acts, and what it may be used for."""
    actor = actor_in(request)
    return Me(
        name=actor.name,
        person=actor.person,
        parties=sorted(actor.parties),
        roles=sorted(actor.roles),
        scopes=None if actor.scopes is None else sorted(actor.scopes),
    )
