"""What becomes known, what is said, what is merged: over the API, each party with a token of its own."""

from __future__ import annotations

import pytest

from clearinghouse.cases.models import Case, Message
from tests.api.factories import Program, lab
from tests.api.test_taking_part import coordinator, invite, one_case, under_embargo
from tests.web.factories import CASE, filled

pytestmark = pytest.mark.django_db


def test_what_the_public_knows_ends_the_embargo_at_once() -> None:
    finder, chief = lab("Lab One"), coordinator()
    key = one_case()
    under_embargo(chief)
    assert finder.get(f"/cases/{key}/facts").json()["letters"] == "vfdpxa"
    stated = finder.post(f"/cases/{key}/facts", {"fact": "public aware", "because": "it is in the news"})
    assert "P" in stated.json()["letters"], stated.content
    assert chief.get(f"/cases/{CASE}/embargo").json()["state"] == "exited"
    facts = {one["fact"]: one["at"] for one in chief.get(f"/cases/{CASE}/facts").json()["facts"]}
    assert facts["public aware"]
    assert facts["attacks observed"] is None


def test_a_vendor_says_what_it_makes_of_the_case_and_how_far_its_fix_is() -> None:
    vendor, chief = lab("Vendor One"), coordinator()
    key = one_case()
    invite(chief, "vendor-one")
    assert vendor.post(f"/cases/{key}/steps", {"step": "validate"}).json() == {"management": "valid"}
    assert vendor.post(f"/cases/{key}/steps", {"step": "accept"}).json() == {"management": "accepted"}
    assert vendor.post(f"/cases/{key}/facts", {"fact": "fix ready"}).json()["letters"].startswith("VF")
    (line,) = chief.get(f"/cases/{CASE}/facts").json()["lines"]
    assert (line["vendor"], line["path"]) == ("vendor-one", "VFd")
    status = vendor.post(f"/cases/{key}/status", {"lines": {"": "VFD"}})
    assert status.status_code == 422  # a line has a name
    taken = vendor.post(f"/cases/{key}/status", {"management": "deferred", "facts": ["attacks observed"]}).json()
    assert taken["adopted"]
    assert vendor.post(f"/cases/{key}/deployment", {"deployed": True, "weight": 0}).status_code == 422


def test_messages_are_read_by_who_takes_part_page_by_page_while_others_are_written() -> None:
    finder, other, chief = lab("Lab One"), lab("Lab Two"), coordinator()
    key = one_case()
    sent = [chief.post(f"/cases/{CASE}/messages", {"text": f"message {n}"}).json()["message"] for n in range(3)]
    first = finder.get(f"/cases/{key}/messages?limit=2").json()
    sent.append(finder.post(f"/cases/{key}/messages", {"text": "an answer\nin two lines"}).json()["message"])
    rest = finder.get(f"/cases/{key}/messages?limit=2&cursor={first['next']}").json()
    assert [one["key"] for one in first["items"] + rest["items"]] == sent
    assert rest["next"] is None
    assert rest["items"][-1]["text"] == "an answer\nin two lines"
    unknown = other.get(f"/cases/{'0' * 32}/messages")
    assert other.get(f"/cases/{key}/messages").content == unknown.content
    assert other.post(f"/cases/{key}/messages", {"text": "let me in"}).content == unknown.content


def test_a_repeated_message_is_said_once() -> None:
    chief = coordinator()
    one_case()
    for _ in range(3):
        assert chief.post(f"/cases/{CASE}/messages", {"text": "hello"}, key="the-same-key").status_code == 201
    assert Message.objects.count() == 1


@pytest.mark.parametrize("text", ["", "x" * 20_001, "a\x00b", "a\x1b[31m", "\ud800"])
def test_a_text_that_is_none_is_refused(text: str) -> None:
    chief = coordinator()
    one_case()
    assert chief.post(f"/cases/{CASE}/messages", {"text": text}).status_code == 422


def test_nothing_is_read_under_an_embargo_that_was_not_signed() -> None:
    vendor, chief = lab("Vendor One"), coordinator()
    key = one_case()
    under_embargo(chief)
    invite(chief, "vendor-one")
    chief.post(f"/cases/{CASE}/messages", {"text": "the secret of the loader"})
    unknown = vendor.get(f"/cases/{'0' * 32}")
    for part in ("", "/facts", "/messages", "/participants", "/verdicts", "/journal"):
        answer = vendor.get(f"/cases/{key}{part}")
        assert (answer.status_code, answer.content, answer.headers) == (404, unknown.content, unknown.headers), part
    assert vendor.post(f"/cases/{key}/messages", {"text": "hello"}).status_code == 404
    assert vendor.post(f"/cases/{key}/facts", {"fact": "public aware"}).status_code == 404


def test_cases_are_merged_and_split_by_coordinators_only() -> None:
    filled()
    other, chief = lab("Lab Nine"), coordinator()
    second = "CLH-2026-00002"
    merge = {"into": CASE, "because": "one fix stops both"}
    assert other.post(f"/cases/{second}/merge", merge).status_code == 404
    bundle = chief.get(f"/cases/{second}/verdicts").json()["items"][0]["bundle"]
    assert chief.post(f"/cases/{second}/merge", merge).json() == {"case": CASE}
    assert chief.get(f"/cases/{second}").json()["merged_into"] == CASE
    split = {"bundles": [bundle], "because": "it is another function"}
    assert other.post(f"/cases/{CASE}/split", split).status_code == 404
    apart = chief.post(f"/cases/{CASE}/split", split).json()["case"]
    assert chief.get(f"/cases/{apart}/verdicts").json()["items"][0]["bundle"] == bundle
    assert Case.objects.filter(state="open").count() == 2


def test_a_stranger_posts_nothing() -> None:
    one_case()
    for part in ("messages", "facts", "steps", "deployment", "status", "merge", "split"):
        assert Program().post(f"/cases/{CASE}/{part}", {}).status_code == 401, part
