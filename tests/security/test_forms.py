"""No page elsewhere makes a browser change anything here, and no link of ours leads anywhere else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import pytest
from django.db import transaction

from tests.registry.factories import PASSWORD
from tests.security import matrix
from tests.web.accounts.factories import SECRET, browser, code, with_app

if TYPE_CHECKING:
    from django.http import HttpResponse
    from django.test import Client
    from pytest_django.fixtures import SettingsWrapper

    from tests.security.matrix import Row
    from tests.security.world import World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("unlimited")]
# One for each address of the URL configuration: `test_matrix.py` fails where one is missing.
PAGES = matrix.rows("pages")
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
EVIL = ("https://evil.example/", "//evil.example", "/\\evil.example", "http:evil.example", "javascript:alert(1)")


@pytest.mark.parametrize("method", UNSAFE)
def test_nothing_unsafe_is_done_without_the_token_of_a_page_of_ours(found: World, method: str) -> None:
    """The session is there, and a token of another page than ours is not enough."""
    for row in PAGES:
        for viewer in ("public", "coordinator") if method == "POST" else ("coordinator",):
            client = found.browser(viewer)
            for headers in ({}, {"X-CSRFToken": "a" * 64, "Origin": "https://evil.example"}):
                answer = client.generic(method, matrix.filled(found, row.path), b"", headers=headers)
                assert answer.status_code in {403, 405}, (row.call, viewer, answer.status_code)


def leads_away(answer: HttpResponse) -> bool:
    """Whether the answer sends a browser elsewhere, at once or by a link or form in it."""
    places = [answer.headers.get("Location", "")]
    if answer.headers.get("Content-Type", "").startswith("text/html"):
        places += re.findall(r'(?:href|action|src|content)="([^"]*)"', answer.content.decode())
    return any("evil.example" in (urlsplit(place).netloc or "") or _odd(place) for place in places)


def _odd(place: str) -> bool:
    return place.startswith(EVIL)


def test_no_page_leads_where_its_query_says(found: World) -> None:
    """Every address, asked for with a `next` that is not ours, by who is signed in and who is not."""
    for row in PAGES:
        for viewer in ("public", "coordinator"):
            for evil in EVIL[:2]:
                where = (row.call, viewer, evil)
                assert not leads_away(asked(found, row, viewer, evil)), where


def asked(found: World, row: Row, viewer: str, evil: str) -> HttpResponse:
    path = f"{matrix.filled(found, row.path)}?{urlencode({'next': evil})}"
    return found.browser(viewer).get(path)


def test_every_form_that_is_filled_in_rightly_leads_back_to_us(found: World, settings: SettingsWrapper) -> None:
    """Each page that takes a `next` acts on it only once it succeeded: signing in, confirming, signing out, codes."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    someone = found.people["vendor"]
    someone.set_password(PASSWORD)
    someone.save()
    sign_in = {"login": someone.email, "password": PASSWORD}
    done = set()
    for evil in EVIL:
        with transaction.atomic():
            client = browser()
            steps = (
                ("/account/sign-in", sign_in),
                ("/account/confirm", {"password": PASSWORD}),
                ("/account/sign-out", {}),
            )
            done |= {follow(client, path, sent, evil) for path, sent in steps}
            with_app(someone)
            client = browser()
            client.post("/account/sign-in", {**sign_in, "next": evil})
            done.add(follow(client, "/account/factors/code", {"code": code(SECRET)}, evil))
            transaction.set_rollback(True)
    assert done == {"/account/sign-in", "/account/confirm", "/account/sign-out", "/account/factors/code"}


def follow(client: Client, path: str, sent: dict[str, str], evil: str) -> str:
    answer = client.post(f"{path}?{urlencode({'next': evil})}", {**sent, "next": evil})
    assert answer.status_code == 302, (path, evil, answer.content)
    assert not leads_away(answer), (path, evil, answer.headers["Location"])
    return path
