"""People, organisations and roles: who changes them, what stays impossible, and what the journal says of it."""

from __future__ import annotations

import json

import pytest

from clearinghouse.core.errors import Conflict, NotFound, Refused, UsageError
from clearinghouse.core.roles import OrganisationKind, OrganisationRole, Scope, SiteRole
from clearinghouse.core.visibility import LOCAL
from clearinghouse.journal.models import Entry
from clearinghouse.registry import services
from clearinghouse.registry.queries import actor_of, actor_of_token, members, organisations, people, tokens
from tests.registry.factories import NOW, organisation, person

pytestmark = pytest.mark.django_db
MANAGER, MEMBER = OrganisationRole.MANAGER, OrganisationRole.MEMBER


def _last() -> tuple[str, str, dict[str, object]]:
    entry = Entry.objects.filter(chain="registry").latest("seq")
    return entry.kind, entry.actor, json.loads(entry.body)


def test_an_organisation_is_created_by_an_admin_and_noted() -> None:
    admin = actor_of(person("Root", site=[SiteRole.ADMIN]))
    made = services.create_organisation("Lab Öne", OrganisationKind.LAB, actor=admin, at=NOW, embargo_days=45)
    assert (made.party.handle, made.party.kind, made.embargo_days) == ("lab-one", "organisation", 45)
    assert _last()[:2] == ("organisation created", "root")
    with pytest.raises(Refused, match="create an organisation"):
        services.create_organisation("Lab Two", OrganisationKind.LAB, actor=actor_of(person()), at=NOW)


def test_a_name_known_from_reports_becomes_an_organisation_only_when_that_is_said() -> None:
    finder = services.know_finder("Lab One", at=NOW)
    with pytest.raises(Conflict, match="known as a finder"):
        services.create_organisation("Lab One", OrganisationKind.LAB, actor=LOCAL, at=NOW)
    made = services.create_organisation("Lab One", OrganisationKind.LAB, actor=LOCAL, at=NOW, take_name=True)
    assert made.party.pk == finder.pk
    with pytest.raises(Conflict, match="is taken"):
        services.create_organisation("LAB ONE", OrganisationKind.LAB, actor=LOCAL, at=NOW, take_name=True)


@pytest.mark.parametrize("name", ["Coordinator", "system", "The public"])
def test_no_organisation_takes_a_name_of_the_house(name: str) -> None:
    with pytest.raises(Conflict, match="is taken"):
        services.create_organisation(name, OrganisationKind.LAB, actor=LOCAL, at=NOW, take_name=True)


def test_people_of_one_name_are_told_apart_and_take_no_finders_reports() -> None:
    services.know_finder("Ada", at=NOW)
    handles = [services.add_person(f"ada{n}@example.org", "Ada", actor=LOCAL, at=NOW).party.handle for n in (1, 2)]
    assert handles == ["ada-2", "ada-3"]
    assert services.add_person("li@example.org", "李", actor=LOCAL, at=NOW).party.handle == "person"
    assert services.add_person("c@example.org", "Coordinator", actor=LOCAL, at=NOW).party.handle == "coordinator-2"


def test_one_address_is_one_account_however_it_is_spelt() -> None:
    services.add_person("Ada@Example.org", "Ada", actor=LOCAL, at=NOW)
    with pytest.raises(Conflict, match="account with this address"):
        services.add_person("ada@example.ORG", "Ada", actor=LOCAL, at=NOW)
    with pytest.raises(UsageError, match="no e-mail address"):
        services.add_person("ada", "Ada", actor=LOCAL, at=NOW)


def test_an_admin_gives_roles_to_others_and_none_to_itself() -> None:
    root, ada = person("Root", site=[SiteRole.ADMIN]), person()
    services.grant(ada, SiteRole.COORDINATOR, actor=actor_of(root), at=NOW)
    assert actor_of(ada).roles == {SiteRole.COORDINATOR}
    assert _last() == ("site role granted", "root", {"person": "ada", "role": "coordinator"})
    with pytest.raises(Refused):
        services.grant(root, SiteRole.COORDINATOR, actor=actor_of(root), at=NOW)
    with pytest.raises(Refused):
        services.grant(root, SiteRole.COORDINATOR, actor=actor_of(ada), at=NOW)


def test_the_last_admin_stays() -> None:
    root, ada = person("Root", site=[SiteRole.ADMIN]), person("Ada", site=[SiteRole.ADMIN])
    services.revoke(ada, SiteRole.ADMIN, actor=actor_of(ada), at=NOW)
    for _ in range(2):
        with pytest.raises(Refused, match="last admin"):
            services.revoke(root, SiteRole.ADMIN, actor=actor_of(root), at=NOW)
    with pytest.raises(Refused, match="last admin"):
        services.deactivate(root, actor=actor_of(root), at=NOW)
    with pytest.raises(Conflict, match="is no publisher"):
        services.revoke(root, SiteRole.PUBLISHER, actor=actor_of(root), at=NOW)
    services.deactivate(root, actor=LOCAL, at=NOW)  # a stolen account is shut out from the machine, last or not
    assert not root.is_active


def test_an_admin_that_was_deactivated_does_not_count() -> None:
    root, ada = person("Root", site=[SiteRole.ADMIN]), person("Ada", site=[SiteRole.ADMIN])
    services.deactivate(ada, actor=actor_of(root), at=NOW)
    with pytest.raises(Refused, match="last admin"):
        services.revoke(root, SiteRole.ADMIN, actor=actor_of(root), at=NOW)


def test_who_is_deactivated_has_nothing_from_then_on() -> None:
    lab = organisation()
    ada = person(of=lab, role=MANAGER, site=[SiteRole.TRIAGER])
    own = services.create_token(ada.party, "mine", [Scope.CASES_READ], actor=actor_of(ada), at=NOW)
    labs = services.create_token(lab.party, "ours", [Scope.CASES_READ], actor=actor_of(ada), at=NOW)
    before = ada.get_session_auth_hash()
    services.deactivate(ada, actor=LOCAL, at=NOW)
    assert ada.get_session_auth_hash() != before
    assert actor_of_token(own.secret, NOW) is None
    assert actor_of_token(labs.secret, NOW) is None
    assert (actor_of(ada).roles, actor_of(ada).parties) == (frozenset(), frozenset())
    assert not any(row.works for row in tokens(LOCAL, at=NOW))
    with pytest.raises(Conflict, match="before"):
        services.deactivate(ada, actor=LOCAL, at=NOW)
    with pytest.raises(Refused, match="deactivated"):
        services.grant(ada, SiteRole.TRIAGER, actor=LOCAL, at=NOW)


def test_who_is_let_in_again_has_its_organisations_and_neither_roles_nor_tokens_nor_sessions_of_before() -> None:
    lab = organisation()
    ada, eve = person(of=lab, site=[SiteRole.TRIAGER]), person("Eve")
    own = services.create_token(ada.party, "mine", [Scope.CASES_READ], actor=actor_of(ada), at=NOW)
    services.deactivate(ada, actor=LOCAL, at=NOW)
    before = ada.get_session_auth_hash()
    with pytest.raises(Refused):
        services.reactivate(ada, actor=actor_of(eve), at=NOW)
    services.reactivate(ada, actor=LOCAL, at=NOW)
    assert _last()[0] == "person reactivated"
    assert ada.is_active
    assert ada.get_session_auth_hash() != before
    assert actor_of_token(own.secret, NOW) is None
    assert (actor_of(ada).roles, actor_of(ada).parties) == (frozenset(), {ada.party.key, lab.party.key})
    with pytest.raises(Conflict, match="is active"):
        services.reactivate(ada, actor=LOCAL, at=NOW)


def test_an_organisation_keeps_a_manager() -> None:
    lab = organisation()
    boss, ada = person("Boss", of=lab, role=MANAGER), person("Ada", of=lab)
    with pytest.raises(Refused, match="last manager"):
        services.remove_member(boss, lab, actor=actor_of(boss), at=NOW)
    with pytest.raises(Refused, match="last manager"):
        services.change_role(boss, lab, MEMBER, actor=LOCAL, at=NOW)
    services.change_role(ada, lab, MANAGER, actor=actor_of(boss), at=NOW)
    services.remove_member(boss, lab, actor=actor_of(boss), at=NOW)
    assert [(row.handle, row.role) for row in members(lab, LOCAL)] == [("ada", MANAGER)]
    with pytest.raises(NotFound, match="no member"):
        services.remove_member(boss, lab, actor=actor_of(ada), at=NOW)


def test_a_member_may_leave_and_manage_nobody() -> None:
    lab = organisation()
    boss, ada = person("Boss", of=lab, role=MANAGER), person("Ada", of=lab)
    with pytest.raises(Refused):
        services.remove_member(boss, lab, actor=actor_of(ada), at=NOW)
    with pytest.raises(Refused):
        services.change_role(ada, lab, MANAGER, actor=actor_of(ada), at=NOW)
    with pytest.raises(Refused):
        services.add_member(person("Eve"), lab, MEMBER, actor=actor_of(boss), at=NOW)
    services.remove_member(ada, lab, actor=actor_of(ada), at=NOW)
    assert actor_of(ada).parties == {ada.party.key}


def test_managers_rule_over_their_own_organisation_alone() -> None:
    lab, other = organisation(), organisation("Lab Two")
    boss, eve = person("Boss", of=lab, role=MANAGER), person("Eve", of=other)
    with pytest.raises(Refused):
        services.remove_member(eve, other, actor=actor_of(boss), at=NOW)
    with pytest.raises(Refused):
        services.create_token(other.party, "theirs", [Scope.CASES_READ], actor=actor_of(boss), at=NOW)
    assert members(other, actor_of(boss)) == []
    assert tokens(actor_of(boss), at=NOW, owner=other.party) == []
    assert [row.handle for row in organisations(actor_of(boss))] == ["lab-one"]
    assert people(actor_of(boss)) == []


def test_the_tokens_that_a_person_made_for_an_organisation_end_when_it_leaves() -> None:
    lab = organisation()
    boss, ada = person("Boss", of=lab, role=MANAGER), person("Ada", of=lab, role=MANAGER)
    hers = services.create_token(lab.party, "scanner", [Scope.REPORTS_SUBMIT], actor=actor_of(ada), at=NOW)
    his = services.create_token(lab.party, "scanner", [Scope.REPORTS_SUBMIT], actor=actor_of(boss), at=NOW)
    services.remove_member(ada, lab, actor=actor_of(boss), at=NOW)
    assert actor_of_token(hers.secret, NOW) is None
    assert actor_of_token(his.secret, NOW) is not None
