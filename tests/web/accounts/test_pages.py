"""A person's page and its organisations': tokens are shown once, managers manage, to others there is none."""

from __future__ import annotations

import re

import pytest

from clearinghouse.bootstrap import wiring
from clearinghouse.core.roles import OrganisationRole, Scope
from clearinghouse.registry.models import ApiToken, Membership
from clearinghouse.registry.queries import actor_of, actor_of_token
from tests.registry.factories import organisation, person
from tests.web.accounts.factories import browser, inside, words

pytestmark = pytest.mark.django_db
MANAGER = OrganisationRole.MANAGER
TOKEN = {"name": "laptop <i>", "scopes": ["reports:read", "cases:read"], "days": "30"}


def _secret(page: str) -> str:
    [secret] = re.findall(r"clh_[\w-]{43}", page)
    return str(secret)


def test_a_person_makes_a_token_sees_it_once_and_revokes_it() -> None:
    ada = person()
    client = inside(ada)
    page = client.post("/account/tokens", TOKEN)
    assert page.headers["Cache-Control"] == "no-store"
    secret = _secret(words(page))
    actor = actor_of_token(secret, wiring.clock())
    assert actor is not None
    assert (actor.person, actor.scopes) == (ada.party.key, {Scope.REPORTS_READ, Scope.CASES_READ})
    own = words(client.get("/account"))
    assert secret not in own
    assert secret[:12] in own
    assert "laptop &lt;i&gt;" in own
    token = ApiToken.objects.get()
    assert client.get(f"/account/tokens/{token.key}/revoke").status_code == 405
    for _ in range(2):
        assert client.post(f"/account/tokens/{token.key}/revoke").headers["Location"] == "/account"
    assert actor_of_token(secret, wiring.clock()) is None


@pytest.mark.parametrize(
    "change", [{"scopes": []}, {"scopes": ["everything"]}, {"days": "9999"}, {"days": "x"}, {"name": ""}]
)
def test_a_token_that_makes_no_sense_is_refused_in_words(change: dict[str, object]) -> None:
    page = inside(person()).post("/account/tokens", {**TOKEN, **change})
    assert page.status_code == 400
    assert 'role="alert"' in words(page)
    assert not ApiToken.objects.exists()


def test_tokens_of_others_and_unknown_ones_do_not_exist() -> None:
    ada, eve = person(), person("Eve")
    inside(ada).post("/account/tokens", TOKEN)
    token = ApiToken.objects.get()
    client = inside(eve)
    answers = [client.post(f"/account/tokens/{key}/revoke") for key in (token.key, "0" * 32)]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content
    token.refresh_from_db()
    assert token.revoked_at is None


def test_a_manager_makes_and_ends_tokens_of_the_organisation() -> None:
    lab = organisation()
    client = inside(person("Boss", of=lab, role=MANAGER))
    secret = _secret(words(client.post("/account/organisations/lab-one/tokens", TOKEN)))
    actor = actor_of_token(secret, wiring.clock())
    assert actor is not None
    assert (actor.name, actor.person) == ("lab-one", None)
    token = ApiToken.objects.get()
    done = client.post(f"/account/tokens/{token.key}/revoke")
    assert done.headers["Location"] == "/account/organisations/lab-one"
    assert actor_of_token(secret, wiring.clock()) is None


def test_organisations_of_others_and_unknown_ones_do_not_exist() -> None:
    lab = organisation()
    person("Boss", of=lab, role=MANAGER)
    client = inside(person("Eve"))
    for path, form in (
        ("", None),
        ("/invite", {"email": "x@example.org", "role": "member"}),
        ("/tokens", TOKEN),
        ("/members/boss", {"role": ""}),
    ):
        answers = [
            client.get(f"/account/organisations/{handle}{path}")
            if form is None
            else client.post(f"/account/organisations/{handle}{path}", form)
            for handle in ("lab-one", "nothing")
        ]
        assert [answer.status_code for answer in answers] == [404, 404], path
        assert answers[0].content == answers[1].content
    assert not ApiToken.objects.exists()
    assert Membership.objects.count() == 1


def test_a_member_sees_who_is_there_and_changes_nobody_but_itself() -> None:
    lab = organisation()
    person("Boss", of=lab, role=MANAGER)
    ada = person("Ada", of=lab)
    client = inside(ada)
    page = words(client.get("/account/organisations/lab-one"))
    assert "Boss" in page
    assert "boss@example.org" not in page
    assert client.post("/account/organisations/lab-one/invite", {"email": "x@example.org"}).status_code == 404
    assert client.post("/account/organisations/lab-one/tokens", TOKEN).status_code == 404
    assert client.post("/account/organisations/lab-one/members/boss", {"role": ""}).status_code == 400
    assert client.post("/account/organisations/lab-one/members/ada", {"role": "manager"}).status_code == 400
    assert client.post("/account/organisations/lab-one/members/ada", {"role": "owner"}).status_code == 404
    assert client.post("/account/organisations/lab-one/members/ada", {"role": ""}).headers["Location"] == "/account"
    assert actor_of(ada).parties == {ada.party.key}


def test_a_manager_changes_and_removes_members_and_stays_the_last() -> None:
    lab = organisation()
    boss, ada = person("Boss", of=lab, role=MANAGER), person("Ada", of=lab)
    client = inside(boss)
    place = "/account/organisations/lab-one"
    refused = client.post(f"{place}/members/boss", {"role": ""})
    assert refused.status_code == 400
    assert "last manager" in words(refused)
    assert client.post(f"{place}/members/ada", {"role": "manager"}).headers["Location"] == place
    assert client.post(f"{place}/members/ada", {"role": ""}).headers["Location"] == place
    assert not Membership.objects.filter(person=ada).exists()
    assert client.post(f"{place}/members/ada", {"role": "manager"}).status_code == 404


def test_without_signing_in_there_is_only_the_way_in() -> None:
    for path in ("/account", "/account/factors", "/account/organisations/lab-one", "/account/password"):
        answer = browser().get(path)
        assert answer.status_code == 302, path
        assert answer.headers["Location"].startswith("/account/sign-in"), path
    for path in ("/account/tokens", "/account/organisations/lab-one/invite"):
        assert browser().post(path, TOKEN).headers["Location"].startswith("/account/sign-in"), path
