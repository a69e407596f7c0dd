"""Who may change accounts: the whole table, row by row."""

from __future__ import annotations

import pytest

from clearinghouse.core.permissions import ALLOWED, About, AccountAction, may
from clearinghouse.core.roles import Scope, SiteRole
from clearinghouse.core.visibility import LOCAL, PUBLIC, Actor

LAB = About(organisation="lab", managers=frozenset({"boss"}))
ADA = About(person="ada")

ADMIN = Actor("admin", person="admin", parties=frozenset({"admin"}), roles=frozenset({SiteRole.ADMIN}))
BOSS = Actor("boss", person="boss", parties=frozenset({"boss", "lab"}))
MEMBER = Actor("ada", person="ada", parties=frozenset({"ada", "lab"}))
STRANGER = Actor("eve", person="eve", parties=frozenset({"eve", "other"}))
OTHERS = [
    Actor(role.value, person="eve", parties=frozenset({"eve"}), roles=frozenset({role}))
    for role in SiteRole
    if role is not SiteRole.ADMIN
]

ABOUT = {
    AccountAction.ADD_MEMBER: About(person="ada", organisation="lab", managers=LAB.managers),
    AccountAction.CHANGE_MEMBER: About(person="ada", organisation="lab", managers=LAB.managers),
    AccountAction.REMOVE_MEMBER: About(person="ada", organisation="lab", managers=LAB.managers),
    AccountAction.SEE_MEMBERS: LAB,
    AccountAction.INVITE_MEMBER: LAB,
    AccountAction.SEE_TOKENS: LAB,
    AccountAction.CREATE_TOKEN: LAB,
    AccountAction.REVOKE_TOKEN: LAB,
}
EXPECTED = {  # action: whether an admin, a manager of the organisation, and the member ada may
    AccountAction.SEE_ACCOUNTS: (True, False, False),
    AccountAction.ADD_PERSON: (True, False, False),
    AccountAction.DEACTIVATE: (True, False, False),
    AccountAction.RESET_FACTORS: (True, False, False),
    AccountAction.GRANT: (True, False, False),
    AccountAction.REVOKE: (True, False, False),
    AccountAction.INVITE_TO_SITE: (True, False, False),
    AccountAction.CREATE_ORGANISATION: (True, False, False),
    AccountAction.SEE_MEMBERS: (True, True, True),
    AccountAction.ADD_MEMBER: (True, False, False),
    AccountAction.INVITE_MEMBER: (True, True, False),
    AccountAction.CHANGE_MEMBER: (True, True, False),
    AccountAction.REMOVE_MEMBER: (True, True, True),
    AccountAction.SEE_TOKENS: (True, True, False),
    AccountAction.CREATE_TOKEN: (False, True, False),
    AccountAction.REVOKE_TOKEN: (True, True, False),
}


@pytest.mark.parametrize("action", AccountAction)
def test_each_action_is_for_those_whom_the_table_names_and_for_nobody_else(action: AccountAction) -> None:
    about = ABOUT.get(action, ADA)
    assert (may(ADMIN, action, about), may(BOSS, action, about), may(MEMBER, action, about)) == EXPECTED[action]
    assert may(LOCAL, action, about)
    assert not any(may(actor, action, about) for actor in (PUBLIC, STRANGER, *OTHERS))


@pytest.mark.parametrize("action", AccountAction)
def test_no_token_may_do_anything_to_accounts(action: AccountAction) -> None:
    for actor in (ADMIN, BOSS, MEMBER):
        token = Actor(actor.name, actor.person, actor.parties, actor.roles, scopes=frozenset(Scope))
        assert not may(token, action, ABOUT.get(action, ADA))
    service = Actor("lab", parties=frozenset({"lab"}), scopes=frozenset(Scope))
    assert not may(service, action, LAB)


def test_every_action_has_its_row() -> None:
    assert set(ALLOWED) == set(AccountAction) == set(EXPECTED)


@pytest.mark.parametrize("action", [AccountAction.GRANT, AccountAction.ADD_MEMBER, AccountAction.CHANGE_MEMBER])
def test_an_admin_gives_itself_no_role_and_no_organisation(action: AccountAction) -> None:
    itself = About(person="admin", organisation="lab", managers=LAB.managers)
    assert not may(ADMIN, action, itself)
    assert may(ADMIN, AccountAction.REVOKE, itself)


def test_a_person_sees_makes_and_revokes_its_own_tokens_only() -> None:
    for action in (AccountAction.SEE_TOKENS, AccountAction.CREATE_TOKEN, AccountAction.REVOKE_TOKEN):
        assert may(MEMBER, action, ADA)
        assert not may(BOSS, action, ADA)


def test_whoever_is_called_as_the_one_at_the_machine_is_not_it() -> None:
    assert not may(Actor("coordinator", person="p", roles=LOCAL.roles), AccountAction.GRANT, ADA)
    assert not may(Actor("coordinator", parties=frozenset({"p"})), AccountAction.GRANT, ADA)
