"""API tokens: their secret is shown once and kept nowhere, their scopes and end hold, they can be revoked."""

from __future__ import annotations

from datetime import timedelta

import pytest

from clearinghouse.core.errors import Conflict, Refused, UsageError
from clearinghouse.core.roles import OrganisationRole, PartyKind, Scope, SiteRole
from clearinghouse.core.visibility import LOCAL
from clearinghouse.journal.models import Entry
from clearinghouse.registry import services
from clearinghouse.registry.models import ApiToken
from clearinghouse.registry.queries import actor_of, actor_of_token, token, tokens
from tests.registry.factories import NOW, organisation, party, person

pytestmark = pytest.mark.django_db
READ = [Scope.REPORTS_READ]


def test_neither_the_tables_nor_the_journal_hold_the_secret() -> None:
    ada = person()
    made = services.create_token(ada.party, "laptop", READ, actor=actor_of(ada), at=NOW)
    assert made.secret.startswith("clh_")
    assert len(made.secret) == 47
    row = ApiToken.objects.get()
    assert made.secret not in repr(vars(row))
    assert all(made.secret[4:] not in entry.body for entry in Entry.objects.all())
    assert row.prefix == made.secret[:12]


def test_a_token_works_within_its_scopes_until_it_expires_or_is_revoked() -> None:
    ada = person()
    made = services.create_token(ada.party, "laptop", READ, actor=actor_of(ada), at=NOW, days=1)
    actor = actor_of_token(made.secret, NOW)
    assert actor is not None
    assert actor.scopes == set(READ)
    assert actor_of_token(made.secret, NOW + timedelta(days=1)) is None
    services.revoke_token(token(made.key), actor=actor_of(ada), at=NOW)
    assert actor_of_token(made.secret, NOW) is None
    with pytest.raises(Conflict, match="before"):
        services.revoke_token(token(made.key), actor=actor_of(ada), at=NOW)


def test_a_token_makes_no_tokens() -> None:
    ada = person(site=[SiteRole.ADMIN])
    made = services.create_token(ada.party, "laptop", list(Scope), actor=actor_of(ada), at=NOW)
    actor = actor_of_token(made.secret, NOW)
    assert actor is not None
    with pytest.raises(Refused):
        services.create_token(ada.party, "another", READ, actor=actor, at=NOW)
    with pytest.raises(Refused):
        services.grant(person("Eve"), SiteRole.ADMIN, actor=actor, at=NOW)


def test_nobody_makes_or_revokes_the_token_of_another() -> None:
    lab = organisation()
    ada, eve = person(of=lab), person("Eve", site=[SiteRole.COORDINATOR])
    made = services.create_token(ada.party, "laptop", READ, actor=actor_of(ada), at=NOW)
    for owner in (ada.party, lab.party):
        with pytest.raises(Refused):
            services.create_token(owner, "stolen", READ, actor=actor_of(eve), at=NOW)
    with pytest.raises(Refused):
        services.revoke_token(token(made.key), actor=actor_of(eve), at=NOW)
    with pytest.raises(Refused):  # a mere member
        services.create_token(lab.party, "ours", READ, actor=actor_of(ada), at=NOW)


def test_an_admin_ends_the_tokens_of_an_organisation_and_makes_none() -> None:
    lab = organisation()
    boss, root = person("Boss", of=lab, role=OrganisationRole.MANAGER), person("Root", site=[SiteRole.ADMIN])
    made = services.create_token(lab.party, "scanner", READ, actor=actor_of(boss), at=NOW)
    with pytest.raises(Refused):
        services.create_token(lab.party, "mine", list(Scope), actor=actor_of(root), at=NOW)
    services.revoke_token(token(made.secret[:12]), actor=actor_of(root), at=NOW)
    assert actor_of_token(made.secret, NOW) is None


def test_what_makes_no_sense_is_refused() -> None:
    ada = person()
    actor = actor_of(ada)
    with pytest.raises(UsageError, match="without a scope"):
        services.create_token(ada.party, "laptop", [], actor=actor, at=NOW)
    for days in (0, 367, -1):
        with pytest.raises(UsageError, match="cannot last"):
            services.create_token(ada.party, "laptop", READ, actor=actor, at=NOW, days=days)
    with pytest.raises(UsageError, match="no usable name"):
        services.create_token(ada.party, "a\x1b[2Jb", READ, actor=actor, at=NOW)
    with pytest.raises(UsageError, match="mere name"):
        services.create_token(party("Somebody", PartyKind.NAME), "x", READ, actor=LOCAL, at=NOW)
    assert not ApiToken.objects.exists()


def test_when_a_token_was_used_last_is_known_to_the_hour() -> None:
    ada = person()
    made = services.create_token(ada.party, "laptop", READ, actor=actor_of(ada), at=NOW)
    for minutes, known in ((1, 1), (30, 1), (62, 62)):
        assert services.use_token(made.secret, at=NOW + timedelta(minutes=minutes)) is not None
        assert tokens(actor_of(ada), at=NOW, owner=ada.party)[0].last_used_at == NOW + timedelta(minutes=known)
    assert services.use_token("clh_unknown", at=NOW) is None
