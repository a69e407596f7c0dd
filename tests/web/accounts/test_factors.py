"""Second factors: who needs one reaches nothing without it; codes, recovery codes and passkeys let in, once each."""

from __future__ import annotations

import html
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from allauth.mfa.models import Authenticator as Stored

from clearinghouse.core.errors import Conflict, Refused
from clearinghouse.core.permissions import NEED_SECOND_FACTOR
from clearinghouse.core.roles import SiteRole
from clearinghouse.journal.models import Entry
from clearinghouse.registry import services
from clearinghouse.registry.queries import actor_of
from tests.registry.factories import NOW, PASSWORD, organisation, person
from tests.web.accounts.authenticator import Authenticator
from tests.web.accounts.factories import SECRET, browser, code, inside, recovery_codes, sign_in, with_app, words

if TYPE_CHECKING:
    from django.http import HttpResponse
    from django.test import Client

pytestmark = pytest.mark.django_db
ELSEWHERE = ("/", "/cases", "/reports", "/journal", "/account", "/account/password", "/account/tokens", "/nowhere")


def _confirm(client: Client) -> None:
    """Give the password again, as pages that guard the account ask."""
    assert client.post("/account/confirm", {"password": PASSWORD}).status_code == 302


def _options(answer: HttpResponse) -> dict[str, Any]:
    """What a page hands to its script."""
    [found] = re.findall(r'<script id="passkey-options"[^>]*>(.*?)</script>', answer.content.decode(), re.DOTALL)
    options: dict[str, Any] = json.loads(html.unescape(found))
    return options


@pytest.mark.parametrize("role", sorted(NEED_SECOND_FACTOR))
def test_with_a_role_on_the_site_a_password_alone_opens_nothing_but_the_set_up(role: SiteRole) -> None:
    client = inside(person(of=organisation(), site=[role]))
    for path in (*ELSEWHERE, "/account/organisations/lab-one"):
        assert client.get(path).headers["Location"] == "/account/factors", path
        assert client.post(path).headers["Location"] == "/account/factors", path
    assert client.get("/account/factors").status_code == 200
    assert client.get("/static/clearinghouse.css").status_code == 200


def test_without_one_a_password_is_enough() -> None:
    client = inside(person(of=organisation()))
    assert client.get("/account").status_code == 200
    assert "password alone" in words(client.get("/account"))


def test_an_app_is_set_up_and_asked_for_from_then_on() -> None:
    ada = person(site=[SiteRole.COORDINATOR])
    client = inside(ada)
    assert client.get("/account/factors/app").headers["Location"].startswith("/account/confirm")
    _confirm(client)
    page = client.get("/account/factors/app").content.decode()
    [secret] = re.findall(r'id="totp-key">(\w+)<', page)
    assert "<svg" in page
    assert client.post("/account/factors/app", {"code": "000000"}).status_code == 200
    assert (
        client.post("/account/factors/app", {"code": code(secret)}).headers["Location"] == "/account/factors/recovery"
    )
    shown = re.findall(r"<li>(\d{8})</li>", words(client.get("/account/factors/recovery")))
    assert shown == recovery_codes(ada)
    assert not re.findall(r"<li>(\d{8})</li>", words(client.get("/account/factors/recovery")))  # shown once
    assert client.get("/account").status_code == 200

    stored = " ".join(str(row.data) for row in Stored.objects.all())
    assert secret not in stored
    assert sign_in(browser(), ada.email).headers["Location"] == "/account/factors/code"


def test_a_code_lets_in_once() -> None:
    ada = person(site=[SiteRole.COORDINATOR])
    with_app(ada)
    client, thief = browser(), browser()
    for one in (client, thief):
        assert sign_in(one, ada.email).headers["Location"] == "/account/factors/code"
        assert one.get("/account").status_code == 302
    now = code(SECRET)
    assert client.post("/account/factors/code", {"code": now}).headers["Location"] == "/account"
    assert client.get("/account").status_code == 200
    assert thief.post("/account/factors/code", {"code": now}).status_code == 200
    assert thief.get("/account").status_code == 302


def test_a_recovery_code_lets_in_once() -> None:
    ada = person(site=[SiteRole.COORDINATOR])
    with_app(ada)
    first, *rest = recovery_codes(ada)
    client, thief = browser(), browser()
    sign_in(client, ada.email)
    sign_in(thief, ada.email)
    assert client.post("/account/factors/code", {"code": first}).headers["Location"] == "/account"
    assert client.get("/account").status_code == 200
    assert thief.post("/account/factors/code", {"code": first}).status_code == 200
    assert thief.get("/account").status_code == 302
    assert recovery_codes(ada) == rest


def test_codes_cannot_be_tried_out() -> None:
    ada = person()
    with_app(ada)
    client = browser()
    sign_in(client, ada.email)
    for n in range(5):
        assert "Incorrect" in words(client.post("/account/factors/code", {"code": f"00000{n}"}))
    assert "Too many" in words(client.post("/account/factors/code", {"code": code()}))
    assert client.get("/account").status_code == 302


def test_a_role_given_while_somebody_is_signed_in_asks_for_the_factor_at_the_next_page() -> None:
    ada = person()
    client = inside(ada)
    with_app(ada)
    assert client.get("/cases").status_code == 200
    ada.grants.create(role=SiteRole.ADMIN, since=ada.party.known_since)
    assert client.get("/cases").headers["Location"] == "/account/factors/confirm?next=%2Fcases"
    assert client.post("/account/factors/confirm?next=/cases", {"code": code()}).headers["Location"] == "/cases"
    assert client.get("/cases").status_code == 200


def test_factors_are_removed_only_after_the_password_was_given_again() -> None:
    ada = person()
    client = inside(ada)
    with_app(ada)
    assert "/account/confirm" in client.post("/account/factors/app/remove").headers["Location"]
    assert Stored.objects.filter(user=ada, type="totp").exists()


def test_who_lost_its_factors_gets_in_again_by_somebody_elses_hand() -> None:
    ada, root = person(site=[SiteRole.COORDINATOR]), actor_of(person("Root", site=[SiteRole.ADMIN]))
    with_app(ada)
    client = browser()
    sign_in(client, ada.email)
    client.post("/account/factors/code", {"code": code()})
    assert client.get("/account").status_code == 200
    with pytest.raises(Refused):
        services.reset_factors(ada, actor=actor_of(ada), at=NOW)
    services.reset_factors(ada, actor=root, at=NOW)
    assert client.get("/account").headers["Location"].startswith("/account/sign-in")
    assert inside(ada).get("/account").headers["Location"] == "/account/factors"
    with pytest.raises(Conflict):
        services.reset_factors(ada, actor=root, at=NOW)


def _add_passkey(client: Client, key: Authenticator) -> HttpResponse:
    page = client.get("/account/factors/passkeys/new")
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    credential = key.create(_options(page)["creation_options"])
    return client.post(
        "/account/factors/passkeys/new",
        {"name": "my key", "credential": json.dumps(credential), "passwordless": "on"},
    )


def test_a_passkey_is_added_and_signs_in_without_a_password() -> None:
    ada = person(site=[SiteRole.COORDINATOR])
    client, key = inside(ada), Authenticator()
    _confirm(client)
    assert _add_passkey(client, key).headers["Location"] == "/account/factors/recovery"
    assert client.get("/account").status_code == 200
    assert "my key" in words(client.get("/account/factors/passkeys"))

    other = browser()
    options = other.get("/account/factors/passkeys/sign-in", headers={"Accept": "application/json"}).json()
    answer = key.get(options["request_options"])
    done = other.post("/account/factors/passkeys/sign-in", {"credential": json.dumps(answer)})
    assert done.headers["Location"] == "/account"
    assert other.get("/account").status_code == 200

    again = browser().post("/account/factors/passkeys/sign-in", {"credential": json.dumps(answer)})
    assert again.headers["Location"] == "/account/sign-in"  # an answer fits one question


def test_what_becomes_of_passwords_and_factors_stands_in_the_journal() -> None:
    ada = person()
    client = inside(ada)
    _confirm(client)
    _add_passkey(client, Authenticator())
    client.get("/account/factors/app")
    page = client.get("/account/factors/app").content.decode()
    [secret] = re.findall(r'id="totp-key">(\w+)<', page)
    client.post("/account/factors/app", {"code": code(secret)})
    client.post("/account/factors/app/remove")
    passkey = Stored.objects.get(user=ada, type="webauthn")
    assert client.post(f"/account/factors/passkeys/{passkey.pk}/remove").status_code == 302
    other = "another long walk"
    client.post("/account/password", {"oldpassword": PASSWORD, "password1": other, "password2": other})
    entries = Entry.objects.filter(chain="registry").order_by("seq")
    assert [(entry.kind, json.loads(entry.body).get("kind")) for entry in entries] == [
        ("second factor added", "webauthn"),
        ("second factor added", "totp"),
        ("second factor removed", "totp"),
        ("second factor removed", "webauthn"),
        ("password changed", None),
    ]
    assert {entry.actor for entry in entries} == {"ada"}
    assert not Stored.objects.exists()  # recovery codes go with the last factor


def test_nobody_removes_or_renames_the_passkey_of_another() -> None:
    ada, eve = person(), person("Eve")
    for one in (ada, eve):
        client = inside(one)
        _confirm(client)
        _add_passkey(client, Authenticator())
    passkey = Stored.objects.get(user=ada, type="webauthn")
    for what in ("remove", "name"):
        assert client.post(f"/account/factors/passkeys/{passkey.pk}/{what}", {"name": "mine"}).status_code == 404
    assert Stored.objects.filter(pk=passkey.pk, data__name="my key").exists()


def test_a_passkey_is_a_second_factor_after_the_password() -> None:
    ada = person(site=[SiteRole.COORDINATOR])
    client, key = inside(ada), Authenticator(verifies=True)
    _confirm(client)
    _add_passkey(client, key)
    other = browser()
    assert sign_in(other, ada.email).headers["Location"] == "/account/factors/code"
    answer = key.get(_options(other.get("/account/factors/code"))["request_options"])
    done = other.post("/account/factors/code", {"credential": json.dumps(answer)})
    assert done.headers["Location"] == "/account"
    assert other.get("/account").status_code == 200


@pytest.mark.parametrize(
    "key",
    [Authenticator(origin="https://evil.example"), Authenticator(origin="http://localhost.evil.example:8400")],
    ids=["elsewhere", "a name like ours"],
)
def test_a_passkey_made_for_another_site_is_refused(key: Authenticator) -> None:
    ada = person()
    client = inside(ada)
    _confirm(client)
    assert _add_passkey(client, key).status_code == 200
    assert not Stored.objects.filter(user=ada).exists()


def test_a_signature_by_another_key_is_refused() -> None:
    ada = person()
    client, key = inside(ada), Authenticator()
    _confirm(client)
    _add_passkey(client, key)
    forged = Authenticator(id=key.id, handle=key.handle)
    other = browser()
    options = other.get("/account/factors/passkeys/sign-in", headers={"Accept": "application/json"}).json()
    answer = forged.get(options["request_options"])
    done = other.post("/account/factors/passkeys/sign-in", {"credential": json.dumps(answer)}, follow=True)
    assert "Incorrect" in words(done)
    assert other.get("/account").status_code == 302


JUNK_RESPONSE = {
    "clientDataJSON": "e30",
    "attestationObject": "oA",
    "authenticatorData": "AA",
    "signature": "",
    "userHandle": "_w",
}
JUNK = {"id": "AA", "rawId": "AA", "type": "public-key", "clientExtensionResults": {}, "response": JUNK_RESPONSE}


@pytest.mark.parametrize(
    "junk",
    [
        json.dumps(JUNK),
        "[" * 5000,
        "x" * 30000,
        "",
        "{}",
        "[]",
        "null",
        '"x"',
        '{"response": {}}',
        '{"id": 1, "response": []}',
        "{",
    ],
)
def test_junk_in_place_of_a_passkey_is_refused_and_breaks_nothing(junk: str) -> None:
    client = browser()
    client.get("/account/factors/passkeys/sign-in", headers={"Accept": "application/json"})
    answer = client.post("/account/factors/passkeys/sign-in", {"credential": junk})
    assert answer.headers["Location"] == "/account/sign-in"
    ada = person()
    inner = inside(ada)
    _confirm(inner)
    inner.get("/account/factors/passkeys/new")
    assert inner.post("/account/factors/passkeys/new", {"credential": junk}).status_code == 200
    with_app(ada)
    half = browser()
    sign_in(half, ada.email)
    assert half.post("/account/factors/code", {"credential": junk}).status_code == 200
    assert half.get("/account").status_code == 302


def test_pages_without_passkeys_run_no_script() -> None:
    client = inside(person())
    for path in ("/account", "/account/factors", "/account/password", "/account/factors/passkeys"):
        assert "script-src 'none'" in client.get(path).headers["Content-Security-Policy"], path
    script = browser().get("/static/passkeys.js")
    assert script.headers["Content-Type"].startswith("text/javascript")
