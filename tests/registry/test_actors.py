"""Who asks: what a person has, what a token leaves of it, and when a token is worth nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clearinghouse.core.roles import PartyKind, Scope, SiteRole
from clearinghouse.registry.queries import actor_of, actor_of_token
from tests.registry.factories import NOW, organisation, party, person, token

pytestmark = pytest.mark.django_db


def test_a_person_acts_for_itself_and_its_organisations_with_its_roles_on_the_site() -> None:
    lab = organisation()
    organisation("Lab Two")
    ada = person(of=lab, site=[SiteRole.TRIAGER])
    actor = actor_of(ada)
    assert (actor.name, actor.person) == ("ada", ada.party.key)
    assert actor.parties == {ada.party.key, lab.party.key}
    assert actor.roles == {SiteRole.TRIAGER}
    assert actor.scopes is None


def test_a_token_of_a_person_is_that_person_within_its_scopes() -> None:
    ada = person(of=organisation(), site=[SiteRole.COORDINATOR])
    token(ada.party, by=ada, scopes=[Scope.CASES_READ])
    actor = actor_of_token("clh_secret", NOW)
    assert actor is not None
    assert actor.scopes == {Scope.CASES_READ}
    assert (actor.person, actor.parties, actor.roles) == (
        ada.party.key,
        actor_of(ada).parties,
        {SiteRole.COORDINATOR},
    )


def test_a_token_of_an_organisation_acts_for_it_alone_whoever_made_it() -> None:
    lab = organisation()
    ada = person(of=lab, site=[SiteRole.COORDINATOR])
    token(lab.party, by=ada)
    actor = actor_of_token("clh_secret", NOW)
    assert actor is not None
    assert (actor.name, actor.person, actor.parties, actor.roles) == ("lab-one", None, {lab.party.key}, frozenset())


def test_a_token_is_worth_nothing_from_its_end_on_once_revoked_and_unknown() -> None:
    ada = person()
    made = token(ada.party, by=ada, days=1)
    assert actor_of_token("clh_secret", made.expires_at - timedelta(seconds=1)) is not None
    assert actor_of_token("clh_secret", made.expires_at) is None
    assert actor_of_token("clh_secre", NOW) is None
    assert actor_of_token("", NOW) is None
    assert actor_of_token("\ud800", NOW) is None
    made.revoked_at = NOW
    made.save()
    assert actor_of_token("clh_secret", NOW) is None


def test_tokens_of_who_was_deactivated_and_those_it_made_are_worth_nothing() -> None:
    lab = organisation()
    ada = person(of=lab)
    token(ada.party, secret="clh_own")
    token(lab.party, by=ada, secret="clh_service")
    assert actor_of_token("clh_service", NOW) is not None
    ada.is_active = False
    ada.save()
    assert actor_of_token("clh_own", NOW) is None
    assert actor_of_token("clh_service", NOW) is None
    assert actor_of(ada).parties == frozenset()


def test_no_token_acts_for_a_mere_name() -> None:
    token(party("Somebody", PartyKind.NAME))
    assert actor_of_token("clh_secret", NOW) is None
