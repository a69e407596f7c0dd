"""The case's page shows the embargo's clock with its zone, who takes part, the facts and what was said."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from clearinghouse.cases import services
from clearinghouse.core.protocol.consent import Consent
from clearinghouse.core.visibility import LOCAL
from tests.cases.factories import OTHER, VENDOR, days, table
from tests.web.factories import HOSTILE, local, stranger, text

pytestmark = pytest.mark.django_db


def test_the_clock_shows_its_zone_and_proposals_facts_fixes_and_messages_stand_beside_it() -> None:
    made = table()
    made.hold(45)
    made.invite(VENDOR, lines=["1.x", "2.x"])
    services.propose_embargo(made.name, days(60), because=HOSTILE, actor=LOCAL, at=made.now)
    services.post_message(made.name, HOSTILE, actor=LOCAL, at=made.now)
    page = text(local(), f"/cases/{made.name}")
    end = made.case.ends_at
    assert end is not None
    assert f"{end:%Y-%m-%d %H:%M}</time> UTC (45 days after the report)" in page
    for words in ("60 days after the report", "to be decided next", "vendor aware", "2.x", "no fix yet", "TLP:AMBER"):
        assert words in page
    assert HOSTILE not in page
    assert "&lt;script&gt;alert(1)" in page
    text(stranger(), f"/cases/{made.name}", 404)


def browser(name: str) -> Client:
    """A browser elsewhere in which the person of that name signed in, and which sends what forms hold."""
    client = Client(HTTP_HOST="localhost", REMOTE_ADDR="192.0.2.7", enforce_csrf_checks=True)
    client.force_login(get_user_model().objects.get(party__name=name))
    return client


def filled_in(page: str, answer: str) -> dict[str, str]:
    """What the form on the page sends when the button with this value is pressed."""
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token is not None
    assert f'name="answer" value="{answer}"' in page
    return {"csrfmiddlewaretoken": token[1], "answer": answer}


def test_who_is_invited_agrees_on_the_page_and_reads_the_case_or_declines_and_reads_nothing() -> None:
    made = table()
    made.hold(45)
    made.invite(VENDOR)
    made.invite(OTHER)
    address = f"/cases/{made.case.key}"
    agrees, declines = browser("Vendor One person"), browser("Vendor Two person")
    page = text(agrees, address)
    assert "gizmo" not in page
    assert agrees.post(f"{address}/answer", {"answer": "yes"}).status_code == 403  # not from a page of ours
    odd = agrees.post(f"{address}/answer", filled_in(page, "yes") | {"answer": "perhaps"})
    assert odd.status_code == 409
    assert "Choose one of the two answers" in odd.content.decode()
    assert made.consent(VENDOR) is Consent.INVITED
    answer = agrees.post(f"{address}/answer", filled_in(page, "yes"))
    assert (answer.status_code, answer.headers["Location"]) == (302, address)
    assert made.consent(VENDOR) is Consent.SIGNATORY
    assert "gizmo" in text(agrees, address)
    declines.post(f"{address}/answer", filled_in(text(declines, address), "no"))
    assert made.consent(OTHER) is Consent.DECLINED
    again = text(declines, address)
    assert "gizmo" not in again
    assert 'value="no"' not in again
    assert 'value="yes"' in again


def test_an_answer_to_a_case_that_one_is_not_invited_to_is_as_one_to_a_case_that_is_not_there() -> None:
    made = table()
    made.hold(45)
    made.invite(VENDOR)
    token = filled_in(text(browser("Vendor One person"), f"/cases/{made.case.key}"), "yes")["csrfmiddlewaretoken"]
    outsider = browser("Vendor Two person")
    outsider.cookies["clearinghouse-csrf"] = token
    answers = [
        outsider.post(f"/cases/{key}/answer", {"csrfmiddlewaretoken": token, "answer": "yes"})
        for key in (made.case.key, made.name, "0" * 32)
    ]
    assert {(answer.status_code, answer.content) for answer in answers} == {(404, answers[0].content)}
    assert OTHER not in made.consents()
