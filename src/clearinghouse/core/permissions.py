"""Decides who may change accounts: people, organisations, roles, tokens, invitations. Pure; cases are another matter.

Whoever runs commands at the machine may do all of it. A person may do what one of its relations to the object allows.
A token may do nothing of it, whatever its owner may: who administers signs in.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from clearinghouse.core.roles import SiteRole
from clearinghouse.core.visibility import LOCAL

if TYPE_CHECKING:
    from clearinghouse.core.visibility import Actor


# Whoever has one of these reaches nothing with a password alone.
NEED_SECOND_FACTOR = frozenset(
    {
        SiteRole.ADMIN,
        SiteRole.AUDITOR,
        SiteRole.TRIAGER,
        SiteRole.COORDINATOR,
        SiteRole.PUBLISHER,
        SiteRole.EVALUATOR,
    }
)


class AccountAction(StrEnum):
    """What can be done to accounts."""

    SEE_ACCOUNTS = "see all accounts"
    ADD_PERSON = "add a person"
    DEACTIVATE = "deactivate a person"
    RESET_FACTORS = "remove a person's second factors"
    GRANT = "grant a site role"
    REVOKE = "revoke a site role"
    INVITE_TO_SITE = "invite to the site"
    CREATE_ORGANISATION = "create an organisation"
    SEE_MEMBERS = "see an organisation's members"
    ADD_MEMBER = "add a member"
    INVITE_MEMBER = "invite a member"
    CHANGE_MEMBER = "change a member's role"
    REMOVE_MEMBER = "remove a member"
    SEE_TOKENS = "see tokens"
    CREATE_TOKEN = "create a token"  # noqa: S105  # no secret: words for an action
    REVOKE_TOKEN = "revoke a token"  # noqa: S105


class Relation(StrEnum):
    """What somebody is to the object of an action."""

    ADMIN = "an admin of the site, and not the person it is about"
    ADMIN_ITSELF = "an admin of the site, and the person it is about"
    MANAGER = "a manager of the organisation"
    MEMBER = "a member of the organisation"
    ITSELF = "the person it is about"


@dataclass(frozen=True, slots=True)
class About:
    """The object of an action: a person, an organisation or both, by their parties' keys; and who is in the latter."""

    person: str | None = None
    organisation: str | None = None
    managers: frozenset[str] = frozenset()


_ADMINS = frozenset({Relation.ADMIN, Relation.ADMIN_ITSELF})
_ADMIN_OF_OTHERS = frozenset({Relation.ADMIN})
_MANAGES = frozenset({Relation.MANAGER})

# An admin gives itself neither a role nor an organisation, and makes no token that acts for one: with them would come
# the cases that it is to know nothing of.
ALLOWED: dict[AccountAction, frozenset[Relation]] = {
    AccountAction.SEE_ACCOUNTS: _ADMINS,
    AccountAction.ADD_PERSON: _ADMINS,
    AccountAction.DEACTIVATE: _ADMINS,
    AccountAction.RESET_FACTORS: _ADMIN_OF_OTHERS,
    AccountAction.GRANT: _ADMIN_OF_OTHERS,
    AccountAction.REVOKE: _ADMINS,
    AccountAction.INVITE_TO_SITE: _ADMINS,
    AccountAction.CREATE_ORGANISATION: _ADMINS,
    AccountAction.SEE_MEMBERS: _ADMINS | _MANAGES | {Relation.MEMBER},
    AccountAction.ADD_MEMBER: _ADMIN_OF_OTHERS,
    AccountAction.INVITE_MEMBER: _ADMINS | _MANAGES,
    AccountAction.CHANGE_MEMBER: _ADMIN_OF_OTHERS | _MANAGES,
    AccountAction.REMOVE_MEMBER: _ADMINS | _MANAGES | {Relation.ITSELF},
    AccountAction.SEE_TOKENS: _ADMINS | _MANAGES | {Relation.ITSELF},
    AccountAction.CREATE_TOKEN: _MANAGES | {Relation.ITSELF},
    AccountAction.REVOKE_TOKEN: _ADMINS | _MANAGES | {Relation.ITSELF},
}


def may(actor: Actor, action: AccountAction, about: About | None = None) -> bool:
    """Whether that actor may do that to the object; what no relation allows is forbidden."""
    if actor == LOCAL:
        return True
    if actor.person is None or actor.scopes is not None:
        return False
    return bool(relations(actor, about or About()) & ALLOWED[action])


def relations(actor: Actor, about: About) -> frozenset[Relation]:
    """Everything that a signed-in person is to the object."""
    itself = actor.person is not None and actor.person == about.person
    found: set[Relation] = set()
    if itself:
        found.add(Relation.ITSELF)
    if SiteRole.ADMIN in actor.roles:
        found.add(Relation.ADMIN_ITSELF if itself else Relation.ADMIN)
    if about.organisation is not None and about.organisation in actor.parties:
        found.add(Relation.MEMBER)
        if actor.person in about.managers:
            found.add(Relation.MANAGER)
    return frozenset(found)
