"""What this room can be asked: who acts, and what accounts there are for those who may see them."""

from __future__ import annotations

from clearinghouse.registry.queries.accounts import (
    InvitationView,
    MemberRow,
    OrganisationRow,
    PersonRow,
    TokenRow,
    invitation,
    members,
    organisation,
    organisations,
    people,
    person,
    token,
    token_of,
    tokens,
)
from clearinghouse.registry.queries.actors import actor_of, actor_of_token, hash_of
from clearinghouse.registry.queries.policies import bodies, embargo_defaults
from clearinghouse.registry.queries.standing import needs_second_factor

__all__ = [
    "InvitationView",
    "MemberRow",
    "OrganisationRow",
    "PersonRow",
    "TokenRow",
    "actor_of",
    "actor_of_token",
    "bodies",
    "embargo_defaults",
    "hash_of",
    "invitation",
    "members",
    "needs_second_factor",
    "organisation",
    "organisations",
    "people",
    "person",
    "token",
    "token_of",
    "tokens",
]
