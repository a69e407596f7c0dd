"""The pages of model reviews: each part sees and does its own, and for a stranger there is no review."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.account.internal.flows.login import record_authentication
from django.contrib.auth import get_user_model
from django.http import HttpRequest
from django.test import Client

from clearinghouse.bootstrap import wiring
from clearinghouse.core.review.states import ReviewState
from clearinghouse.core.visibility import LOCAL
from clearinghouse.reviews import services
from clearinghouse.reviews.terms import terms_now
from clearinghouse.web.viewer import LOCAL as AT_THE_MACHINE
from tests.reviews.factories import ADDRESS, PEOPLE, SECRET, Table, table
from tests.web.factories import HOSTILE, text

pytestmark = pytest.mark.django_db
NAMES = {
    "dev": "Dev",
    "other": "Other",
    "ada": "Ada",
    "ben": "Ben",
    "eve": "Eve",
    "agency": "Agent",
    "coordinator": "Cora",
}


def browser(name: str) -> Client:
    """A browser elsewhere in which that person signed in, and which sends what forms hold."""
    client = Client(HTTP_HOST="localhost", REMOTE_ADDR="192.0.2.7", enforce_csrf_checks=True, **{AT_THE_MACHINE: False})
    who = get_user_model().objects.get(party__name=NAMES[name])
    client.force_login(who)
    request = HttpRequest()
    request.session = client.session
    record_authentication(request, who, "mfa", type="totp")  # the house's own people need a second factor
    request.session.save()
    return client


def press(client: Client, key: str, step: str, **fields: str) -> Any:
    """Fill in the form of that step on the page, with what it hides, and press its button."""
    page = text(client, f"/reviews/{key}")
    form = re.search(rf'<form(?:(?!</form>).)*name="step" value="{step}".*?</form>', page, re.DOTALL)
    assert form is not None, step
    hidden = dict(re.findall(r'type="hidden" name="([^"]+)" value="([^"]*)"', form[0]))
    asked = set(re.findall(r'name="([^"]+)"', form[0]))
    assert set(fields) <= asked, asked
    return client.post(f"/reviews/{key}/steps", hidden | fields)


def steps(client: Client, key: str) -> set[str]:
    """What the page offers."""
    return set(re.findall(r'name="step" value="([^"]+)"', text(client, f"/reviews/{key}")))


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Table:
    """People and no review; the pages' clock is the table's."""
    found = table()
    monkeypatch.setattr(wiring, "clock", lambda: found.at)
    return found


def test_a_review_goes_from_submission_to_final_by_its_pages_alone(made: Table) -> None:
    made.offered()
    dev, ada, ben = browser("dev"), browser("ada"), browser("ben")
    assert steps(dev, made.key) == {"submit", "release", "withdraw"}
    assert terms_now().digest in text(dev, f"/reviews/{made.key}")
    answer = press(dev, made.key, "submit")
    assert (answer.status_code, made.review.state) == (400, ReviewState.DRAFT)
    assert "“I accept the terms” is not filled in" in answer.content.decode()
    assert press(dev, made.key, "submit", accepted="yes").status_code == 302
    for name, role in PEOPLE.items():
        services.appoint(made.key, name, role, actor=LOCAL, at=made.at)
    assert steps(ada, made.key) == {"accept", "decline"}
    assert "a budget" in text(ada, f"/reviews/{made.key}")
    refused = press(ben, made.key, "accept", tokens="5")
    assert "only the lead sets the window" in refused.content.decode()
    wrong = press(ada, made.key, "accept", tokens="many")
    assert (wrong.status_code, "no whole number" in wrong.content.decode()) == (400, True)
    nothing = press(ada, made.key, "accept", tokens="0", hours="4")
    assert (nothing.status_code, "no budget" in nothing.content.decode()) == (400, True)
    assert 'name="hours" type="number" value="4"' in nothing.content.decode()
    frame = {"opens": f"{made.at:%Y-%m-%dT%H:%M}", "tokens": "1000000", "hours": "4", "tested": "yes"}
    assert press(ada, made.key, "accept", **frame).status_code == 302
    assert "Said yes: lead." in text(ben, f"/reviews/{made.key}")
    assert press(ben, made.key, "accept").status_code == 302
    assert made.review.state == ReviewState.ACCEPTED
    made.strike()
    services.set_plan(made.key, "ab" * 32, actor=made.people["ada"], at=made.at)
    services.start(made.key, "open", "ab" * 32, actor=made.people["eve"], at=made.at)
    eve = browser("eve")
    assert press(eve, made.key, "pause").status_code == 302
    assert press(eve, made.key, "resume").status_code == 302
    assert press(ada, made.key, "close", sure="yes").status_code == 302
    services.draft(made.key, b'{"figures": "planted figures"}', actor=made.people["ada"], at=made.at)
    assert press(ada, made.key, "share").status_code == 302
    assert press(dev, made.key, "comment", text=HOSTILE).status_code == 302
    assert HOSTILE not in text(ada, f"/reviews/{made.key}")
    assert press(ada, made.key, "finalise").status_code == 302
    assert press(ben, made.key, "finalise").status_code == 302
    assert made.review.state == ReviewState.FINAL
    assert steps(dev, made.key) == steps(ada, made.key) == set()


def test_each_sees_its_part_and_no_credential_and_a_stranger_gets_what_the_unknown_gets(made: Table) -> None:
    made.shared()
    address = f"/reviews/{made.key}"
    pages = {name: browser(name).get(address) for name in NAMES}
    assert {name for name, page in pages.items() if page.status_code == 200} == set(NAMES) - {"other"}
    unknown = browser("other").get(f"/reviews/{'0' * 32}")
    assert (pages["other"].content, pages["other"].headers) == (unknown.content, unknown.headers)
    bodies = {name: page.content.decode() for name, page in pages.items()}
    assert {name for name in NAMES if "planted words" in bodies[name]} == {"dev", "ada", "ben", "eve"}
    reports = {name: browser(name).get(f"{address}/report.json") for name in NAMES}
    assert {name for name in NAMES if reports[name].status_code == 200} == {"dev", "ada", "ben", "eve"}
    assert {name for name in NAMES if "<h2>Journal</h2>" in bodies[name]} == {"ada", "ben", "coordinator"}
    assert {name for name in NAMES if made.key in text(browser(name), "/reviews")} == set(NAMES) - {"other"}
    everything = "".join([*bodies.values(), *(one.content.decode() for one in reports.values())])
    assert SECRET not in everything
    assert ADDRESS not in everything
    for name in ("other", "agency", "eve"):
        sent = {"step": "withdraw", "sure": "yes", "because": ""}
        client = browser(name)
        client.handler.enforce_csrf_checks = False  # as if it had a token of ours from elsewhere
        answer = client.post(f"{address}/steps", sent)
        assert answer.status_code == (404 if name == "other" else 409), name
    assert made.review.state == ReviewState.DEVELOPER_COMMENT


def test_the_page_says_which_date_ends_the_window_and_a_withdrawal_needs_a_yes(made: Table) -> None:
    made.accepted(partners=made.at.replace(day=20), public=made.at.replace(month=9))
    dev = browser("dev")
    page = text(dev, f"/reviews/{made.key}")
    assert "the planned release to trusted partners <b>(this one)</b>" in page
    assert page.count("(this one)") == 1
    assert press(dev, made.key, "release", partners="2026-06-10T23:00-05:00").status_code == 302
    assert f"{made.review.closes_at:%d %H:%M}" == "11 04:00"
    unsure = press(dev, made.key, "withdraw", because="no more")
    assert (unsure.status_code, ">no more</textarea>" in unsure.content.decode()) == (400, True)
    assert press(dev, made.key, "withdraw", because="no more", sure="yes").status_code == 302
    assert made.review.state == ReviewState.WITHDRAWN
    text(dev, f"/reviews/{made.key}/receipt.json", 404)
    text(dev, f"/reviews/{made.key}/report", 404)


def test_what_is_not_offered_is_not_done_and_the_page_says_so(made: Table) -> None:
    made.submitted()
    dev = browser("dev")
    sent = dict(re.findall(r'name="(csrfmiddlewaretoken)" value="([^"]*)"', text(dev, f"/reviews/{made.key}")))
    for step in ("accept", "finalise", "nonsense", ""):
        answer = dev.post(f"/reviews/{made.key}/steps", sent | {"step": step})
        assert (answer.status_code, "not open to you now" in answer.content.decode()) == (409, True)
    assert made.review.state == ReviewState.SUBMITTED
