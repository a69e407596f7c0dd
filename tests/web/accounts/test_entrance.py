"""Coming in by invitation: the link works once, its secret leaves the address, and nobody's account is taken over."""

from __future__ import annotations

import re

import pytest
from django.core import mail

from clearinghouse.bootstrap import wiring
from clearinghouse.core.roles import OrganisationRole, SiteRole
from clearinghouse.core.visibility import LOCAL
from clearinghouse.registry import services
from clearinghouse.registry.models import Invitation, Person
from clearinghouse.registry.queries import actor_of
from tests.registry.factories import PASSWORD, organisation, person
from tests.web.accounts.factories import browser, inside, sign_in, words

pytestmark = pytest.mark.django_db
GONE = "does not work"


def _invited(email: str = "ada@example.org", *roles: SiteRole) -> str:
    made = services.invite(email, actor=LOCAL, at=wiring.clock(), site_roles=roles)
    return f"/account/invitations/{made.secret}"


def test_who_is_invited_chooses_a_name_and_a_password_and_is_in() -> None:
    link = _invited()
    client = browser()
    opened = client.get(link)
    assert opened.headers["Location"] == "/account/invitation"
    assert "ada@example.org" in words(client.get("/account/invitation"))
    done = client.post("/account/invitation", {"name": "Ada <b>", "password": PASSWORD})
    assert done.headers["Location"] == "/account"
    assert "Ada &lt;b&gt;" in words(client.get("/account"))
    assert sign_in(browser(), "ada@example.org").headers["Location"] == "/account"


def test_the_link_works_once_and_only_in_time() -> None:
    link = _invited()
    client = browser()
    client.get(link)
    client.post("/account/invitation", {"name": "Ada", "password": PASSWORD})
    for again in (link, _invited("old@example.org"), "/account/invitations/guessed"):
        Invitation.objects.filter(email="old@example.org").update(expires_at=wiring.clock())
        page = browser().get(again, follow=True)
        assert page.status_code == 404
        assert GONE in words(page)


def test_a_role_that_an_invitation_brings_asks_for_a_second_factor_first() -> None:
    client = browser()
    client.get(_invited("ada@example.org", SiteRole.ADMIN))
    client.post("/account/invitation", {"name": "Ada", "password": PASSWORD})
    assert client.get("/account").headers["Location"] == "/account/factors"


def test_weak_passwords_are_refused_and_the_invitation_stays() -> None:
    client = browser()
    client.get(_invited())
    for weak in ("short", "ada@example.org", ""):
        page = client.post("/account/invitation", {"name": "Ada", "password": weak})
        assert page.status_code == 200
        assert 'role="alert"' in words(page)
    assert not Person.objects.exists()
    assert client.post("/account/invitation", {"name": "Ada", "password": PASSWORD}).status_code == 302


def test_nothing_but_the_named_fields_is_taken_from_the_form() -> None:
    client = browser()
    client.get(_invited())
    form = {"name": "Ada", "password": PASSWORD, "email": "eve@example.org", "is_active": "", "site_roles": "admin"}
    client.post("/account/invitation", form)
    ada = Person.objects.get()
    assert (ada.email, ada.is_active, actor_of(ada).roles) == ("ada@example.org", True, frozenset())


def test_an_invitation_to_an_account_is_accepted_by_that_account_alone() -> None:
    ada, eve = person(), person("Eve")
    link = _invited(ada.email, SiteRole.EVALUATOR)
    for client in (browser(), inside(eve)):
        client.get(link)
        page = client.get("/account/invitation")
        assert "has an account" in words(page)
        client.post("/account/invitation", {"name": "Ada", "password": "another long password"})
    assert ada.check_password(PASSWORD)
    assert actor_of(ada).roles == frozenset()
    client = inside(ada)
    client.get(link)
    assert client.post("/account/invitation").headers["Location"] == "/account"
    assert actor_of(ada).roles == {SiteRole.EVALUATOR}
    assert actor_of(eve).roles == frozenset()


def test_a_session_from_before_is_not_the_one_after() -> None:
    client = browser()
    client.get(_invited())
    before = client.cookies["clearinghouse-session"].value
    client.post("/account/invitation", {"name": "Ada", "password": PASSWORD})
    assert client.cookies["clearinghouse-session"].value != before


def test_a_manager_invites_by_mail_and_learns_nothing_of_the_address() -> None:
    lab = organisation()
    client = inside(person("Boss", of=lab, role=OrganisationRole.MANAGER))
    person("Ada")
    pages = []
    for name in ("ada", "nobody"):
        page = client.post("/account/organisations/lab-one/invite", {"email": f"{name}@example.org", "role": "member"})
        assert page.status_code == 200
        pages.append(re.sub(name, "x", words(page)))
    assert pages[0] == pages[1]
    assert [letter.to for letter in mail.outbox] == [["ada@example.org"], ["nobody@example.org"]]
    body = str(mail.outbox[1].body)
    assert "Lab One" not in body
    [link] = re.findall(r"http://localhost:8400(/account/invitations/\S+)", body)
    newcomer = browser()
    newcomer.get(link)
    newcomer.post("/account/invitation", {"name": "Nobody", "password": PASSWORD})
    assert "Lab One" in words(newcomer.get("/account"))
