"""Browsers of people who sign in: over a network, with cookies, with or without a second factor."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.test import Client

from clearinghouse.web.viewer import LOCAL
from tests.registry.factories import PASSWORD

if TYPE_CHECKING:
    from django.http import HttpResponse

    from clearinghouse.registry.models import Person

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def browser(*, address: str = "192.0.2.7", checks: bool = False) -> Client:
    """Somebody's browser; with `checks`, forms need their token, as they do outside of tests."""
    return Client(enforce_csrf_checks=checks, HTTP_HOST="localhost", REMOTE_ADDR=address, **{LOCAL: False})


def sign_in(client: Client, email: str, password: str = PASSWORD, **more: str) -> HttpResponse:
    """What the form on the sign-in page does."""
    return client.post("/account/sign-in", {"login": email, "password": password, **more})


def inside(person: Person) -> Client:
    """A browser in which that person signed in, by its password alone."""
    client = browser()
    answer = sign_in(client, person.email)
    assert answer.status_code == 302, answer.content
    return client


def with_app(person: Person) -> None:
    """Give a person an app that shows codes, and recovery codes."""
    TOTP.activate(person, SECRET)
    RecoveryCodes.activate(person)


def code(secret: str = SECRET) -> str:
    """What the app shows now."""
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def recovery_codes(person: Person) -> list[str]:
    """The recovery codes that are left."""
    return RecoveryCodes(person.authenticator_set.get(type="recovery_codes")).get_unused_codes()


def words(answer: HttpResponse) -> str:
    """A page's text, without what differs from one request to the next."""
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.content.decode())
