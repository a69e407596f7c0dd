"""Signing in by password: what works, what is refused, and what a stranger does not learn from it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.core import mail
from django.test import Client

from clearinghouse.core.roles import SiteRole
from clearinghouse.core.visibility import LOCAL
from clearinghouse.registry import services
from tests.registry.factories import NOW, PASSWORD, person
from tests.web.accounts.factories import browser, inside, sign_in, words
from tests.web.factories import local

if TYPE_CHECKING:
    from pytest_django.fixtures import SettingsWrapper

pytestmark = pytest.mark.django_db
WRONG = "a long walk in the sun"


def test_a_person_signs_in_reads_its_page_and_signs_out() -> None:
    person()
    client = browser()
    assert sign_in(client, "Ada@Example.org").headers["Location"] == "/account"
    page = client.get("/account")
    assert page.status_code == 200
    assert "ada@example.org" in page.content.decode()
    assert client.get("/account/sign-out").status_code == 200  # a link signs nobody out
    assert client.get("/account").status_code == 200
    assert client.post("/account/sign-out").status_code == 302
    assert client.get("/account").headers["Location"] == "/account/sign-in?next=/account"


def test_known_and_unknown_addresses_are_answered_alike() -> None:
    person()
    gone = person("Gone")
    services.deactivate(gone, actor=LOCAL, at=NOW)
    answers = [
        sign_in(browser(address=f"192.0.2.{n}"), email, WRONG)
        for n, email in enumerate(("ada@example.org", "nobody@example.org", "gone@example.org"))
    ]
    assert {answer.status_code for answer in answers} == {200}
    texts = {re.sub(r"(ada|nobody|gone)@", "x@", words(answer)) for answer in answers}
    assert len(texts) == 1


def test_wrong_passwords_are_counted_and_the_right_one_is_refused_then() -> None:
    person()
    for n in range(5):
        assert "not correct" in words(sign_in(browser(address=f"192.0.2.{n}"), "ada@example.org", WRONG))
    assert "Too many failed" in words(sign_in(browser(address="192.0.2.99"), "ada@example.org"))


def test_one_sender_cannot_try_many_accounts() -> None:
    for n in range(10):
        sign_in(browser(), f"nobody{n}@example.org", WRONG)
    assert "Too many failed" in words(sign_in(browser(), "somebody@example.org", WRONG))
    assert "not correct" in words(sign_in(browser(address="198.51.100.1"), "somebody@example.org", WRONG))


@pytest.mark.parametrize(
    "place", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "http:evil.example"]
)
def test_sign_in_leads_nowhere_else(place: str) -> None:
    person()
    assert sign_in(browser(), "ada@example.org", next=place).headers["Location"] == "/account"


def test_sign_in_leads_back_to_where_it_was_asked_for() -> None:
    person()
    assert sign_in(browser(), "ada@example.org", next="/cases?page=2").headers["Location"] == "/cases?page=2"


def test_a_session_from_before_sign_in_is_not_the_one_after() -> None:
    person()
    client = browser()
    client.get("/account/invitations/nothing")  # something that keeps a session
    before = client.cookies["clearinghouse-session"].value
    sign_in(client, "ada@example.org")
    after = client.cookies["clearinghouse-session"].value
    assert before != after
    thief = browser()
    thief.cookies["clearinghouse-session"] = before
    assert thief.get("/account").status_code == 302
    client.post("/account/sign-out")
    thief.cookies["clearinghouse-session"] = after
    assert thief.get("/account").status_code == 302


def test_cookies_are_out_of_reach_of_scripts_and_other_sites() -> None:
    person()
    client = browser()
    client.get("/account/sign-in")
    sign_in(client, "ada@example.org")
    for name in ("clearinghouse-session", "clearinghouse-csrf"):
        assert (client.cookies[name]["httponly"], client.cookies[name]["samesite"]) == (True, "Lax")
    assert client.cookies["clearinghouse-session"]["expires"] == ""  # it ends with the browser


def test_a_form_from_elsewhere_is_refused() -> None:
    person()
    answer = sign_in(browser(checks=True), "ada@example.org")
    assert answer.status_code == 403
    assert "out of date" in words(answer)
    assert "script-src 'none'" in answer.headers["Content-Security-Policy"]


def test_who_is_deactivated_or_changes_the_password_loses_other_sessions_at_once() -> None:
    ada = person()
    first, second = inside(ada), inside(ada)
    answer = first.post("/account/password", {"oldpassword": PASSWORD, "password1": WRONG, "password2": WRONG})
    assert answer.status_code == 302
    assert second.get("/account").status_code == 302
    assert first.get("/account").status_code == 200
    ada.refresh_from_db()
    services.deactivate(ada, actor=LOCAL, at=NOW)
    assert first.get("/account").status_code == 302
    assert sign_in(browser(), "ada@example.org", WRONG).headers["Location"] == "/account/inactive"


@pytest.mark.parametrize("weak", ["short", "1qaz2wsx3edc", "ada@example.org"])
def test_passwords_that_are_easily_guessed_are_refused(weak: str) -> None:
    client = inside(person())
    answer = client.post("/account/password", {"oldpassword": PASSWORD, "password1": weak, "password2": weak})
    assert answer.status_code == 200
    assert 'role="alert"' in words(answer)


def test_passwords_are_kept_as_argon2_hashes(settings: SettingsWrapper) -> None:
    settings.PASSWORD_HASHERS = settings.PASSWORD_HASHERS[1:]
    ada = person()
    assert ada.password.startswith("argon2$argon2id$")
    assert sign_in(browser(), ada.email).status_code == 302


def test_nobody_signs_up() -> None:
    for path in ("/account/signup", "/account/sign-up", "/accounts/signup/", "/account/signup/"):
        assert browser().get(path).status_code == 404


def _reset(client: Client, email: str) -> str:
    answer = client.post("/account/password/forgotten", {"email": email}, follow=True)
    assert answer.status_code == 200
    return words(answer)


def test_a_forgotten_password_is_set_anew_by_a_link_that_works_once() -> None:
    ada = person(site=[SiteRole.TRIAGER])
    assert _reset(browser(), "ada@example.org") == _reset(browser(), "nobody@example.org")
    [letter] = mail.outbox
    assert letter.to == ["ada@example.org"]
    [link] = re.findall(r"http\S+", str(letter.body))
    assert link.startswith("http://localhost:8400/account/password/new/")
    assert "Ada" not in str(letter.body)
    client = browser()
    form = client.get(link.removeprefix("http://localhost:8400"), follow=True)
    place = form.request["PATH_INFO"]
    assert client.post(place, {"password1": WRONG, "password2": WRONG}).status_code == 302
    assert client.get("/account").status_code == 302  # it signs nobody in: second factors stay asked for
    ada.refresh_from_db()
    assert ada.check_password(WRONG)
    assert "does not work" in words(browser().get(link.removeprefix("http://localhost:8400"), follow=True))


def test_a_link_in_a_mail_does_not_lead_where_a_forged_host_says() -> None:
    person()
    client = Client(HTTP_HOST="evil.example")
    assert client.post("/account/password/forgotten", {"email": "ada@example.org"}).status_code == 400
    _reset(Client(HTTP_HOST="127.0.0.1:1", HTTP_X_FORWARDED_HOST="evil.example"), "ada@example.org")
    assert "evil" not in str(mail.outbox[0].body)
    assert "http://localhost:8400/" in str(mail.outbox[0].body)


def test_at_this_very_machine_nothing_needs_an_account() -> None:
    page = local().get("/")
    assert page.status_code == 200
    assert "Sign in" not in page.content.decode()
    assert "Sign in" in browser().get("/").content.decode()
