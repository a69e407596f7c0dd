"""Words planted in a case under embargo are nowhere that an outsider, or somebody who did not sign, can reach."""

from __future__ import annotations

import json
import logging
import re
from typing import TYPE_CHECKING

import pytest

from clearinghouse.advisories.services import publish
from clearinghouse.cases import services
from clearinghouse.core.protocol.embargo import Embargo
from clearinghouse.core.roles import Scope, Tlp
from clearinghouse.core.visibility import LOCAL
from clearinghouse.intake.models import Report
from tests.security import matrix
from tests.security.world import CANARIES, World, bundle, hand_in, secret, world

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.django_db
OUTSIDERS = ("public", "account", "tenant", "admin", "auditor", "evaluator", "prover", "invited", "declined", "lapsed")


@pytest.fixture
def held() -> World:
    """The case under an embargo in force."""
    found = world()
    found.put(embargo=Embargo.ACTIVE, tlp=Tlp.AMBER)
    return found


def answers(found: World, viewer: str) -> Iterator[tuple[str, str]]:
    """Everything that the viewer can read, and searches for each word that it might guess."""
    for row in matrix.rows("pages"):
        for unknown in (False, True):
            path = matrix.filled(found, row.path, unknown=unknown)
            yield path, found.browser(viewer).get(path).content.decode()
    for row in matrix.rows("operations"):
        if row.method == "GET":
            path = matrix.filled(found, row.path)
            yield f"/api/v1{path}", found.program(viewer).get(path).content.decode()
    for name, word in CANARIES.items():
        page = found.browser(viewer).get(f"/cases?q={word}").content.decode()
        yield f"search for the {name}", page.casefold().replace(f'value="{word}"', "").replace(f"“{word}”", "")


@pytest.mark.parametrize("viewer", OUTSIDERS)
def test_no_word_of_a_case_under_embargo_reaches_who_did_not_sign(held: World, viewer: str) -> None:
    for where, text in answers(held, viewer):
        if where.startswith("search"):
            assert held.case.key not in text or viewer in {"invited", "declined", "lapsed"}, where
            assert held.case.public_id not in text, where
            continue
        for name, word in CANARIES.items():
            if viewer == "auditor" and name in {"finder", "merged finder"}:
                continue  # who did what is what an auditor reads
            assert word not in text.casefold(), (where, name)


def test_no_word_reaches_the_diagnostics(caplog: pytest.LogCaptureFixture, held: World) -> None:
    caplog.set_level(logging.DEBUG)
    for viewer in ("public", "coordinator"):
        for _ in answers(held, viewer):
            pass
    hand_in(held.house, held.people["account"], bundle(secret("more")))
    held.house.work()
    ours = [record for record in caplog.records if record.name != "django.request"]  # the addresses that were asked for
    for record in ours:
        for name, word in CANARIES.items():
            assert word not in record.getMessage().casefold(), (record.name, name)


def test_who_sends_the_same_bundle_is_answered_as_its_first_sender_was(held: World) -> None:
    """A receipt tells whether these bytes came from the same sender before, and of nobody else's."""
    first = held.program("tenant").post("/reports", bundle(secret("never seen"))).json()
    again = held.program("account").post("/reports", bundle(secret())).json()
    differing = {"id", "sha256", "received_at", "status_token", "report"}
    assert {k: v for k, v in first.items() if k not in differing} == {
        k: v for k, v in again.items() if k not in differing
    }
    held.house.work()
    report = Report.objects.get(public_id=again["id"])
    stranger = held.program("account")
    assert stranger.get(f"/reports/{report.public_id}").json()["case"] == held.case.key
    assert stranger.get(f"/cases/{held.case.key}").status_code == 404


def test_a_tenant_finds_its_own_in_every_list_and_nothing_else(held: World) -> None:
    tenant = held.program("tenant")
    assert [row["id"] for row in tenant.get("/reports").json()["items"]] == [held.others_report.public_id]
    assert [row["id"] for row in tenant.get("/cases").json()["items"]] == [held.other.key]
    assert tenant.get("/invitations").json()["items"] == []
    assert "of the other tenant" not in held.browser("reporter").get("/cases").content.decode()
    tags = {tenant.get("/cases").headers["ETag"]}
    held.case.title = "another title"
    held.case.save()
    assert {tenant.get("/cases").headers["ETag"]} == tags


def test_a_finder_whose_report_was_merged_away_reads_its_own_and_nothing_else_of_the_case(held: World) -> None:
    mine = held.program("merged finder")
    (own,) = mine.get("/reports").json()["items"]
    assert own["state"] == "attached"
    assert mine.get(f"/reports/{own['id']}").status_code == 200
    others = {name: word for name, word in CANARIES.items() if name in {"finder", "file", "message"}}
    for row in matrix.rows("operations"):
        if row.method == "GET":
            text = mine.get(matrix.filled(held, row.path)).content.decode().casefold()
            for name, word in others.items():
                assert word not in text, (row.call, name)
            assert held.report.public_id.casefold() not in text, row.call
            assert held.proof.bundle_id not in text, row.call


def test_a_token_of_a_coordinator_reads_no_more_than_its_scopes(held: World) -> None:
    narrow = held.program("coordinator", Scope.REPORTS_READ)
    assert narrow.get("/reports").json()["items"] == []
    assert narrow.get(f"/reports/{held.report.public_id}").status_code == 404
    journals = held.program("coordinator", Scope.JOURNAL_READ)
    assert {journals.get(f"/cases/{held.case.key}{part}").status_code for part in ("", "/messages")} == {403}


def test_what_is_published_is_what_the_public_reads_and_its_files_say_no_more(held: World, tmp_path: Path) -> None:
    services.end_embargo(held.case.key, because="it is fixed", actor=LOCAL, at=held.house.clock())
    chief = LOCAL.called("A. Coordinator")
    publish(held.case.public_id, actor=chief, confirm=True, folder=tmp_path, clock=held.house.clock)
    (file,) = [path for path in tmp_path.iterdir() if path.is_file()]
    record = held.browser("public").get(f"/cases/{held.case.public_id}.osv.json").content.decode()
    assert json.loads(record) == json.loads(file.read_text())
    kept = {name: CANARIES[name] for name in ("file", "input", "log", "message")}
    for viewer in ("public", "account", "tenant"):
        texts = [*answers(held, viewer), ("the record", file.read_text())]
        for where, text in texts:
            for name, word in kept.items():
                assert where.startswith("search") or word not in text.casefold(), (viewer, where, name)
    assert CANARIES["title"] in held.browser("public").get(f"/cases/{held.case.public_id}").content.decode()


@pytest.fixture
def published(held: World, tmp_path: Path) -> World:
    """The case after a coordinator published it."""
    services.end_embargo(held.case.key, because="it is fixed", actor=LOCAL, at=held.house.clock())
    chief = LOCAL.called("A. Coordinator")
    publish(held.case.public_id, actor=chief, confirm=True, folder=tmp_path, clock=held.house.clock)
    held.case.refresh_from_db()
    return held


def test_what_joins_a_case_after_its_publication_changes_nothing_that_is_read_for_its_publication(
    published: World, tmp_path: Path
) -> None:
    """Two come later: one with a proof of its own, one with the very bundle that was published. Each reads its own."""
    found, name = published, published.case.public_id
    before = {viewer: stable(found, viewer) for viewer in ("public", "evaluator")}
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    sent = {
        "account": hand_in(found.house, found.people["account"], bundle(secret("zqlate words"))),
        "tenant": hand_in(found.house, found.people["tenant"], bundle(secret())),
    }
    found.house.work()
    late = {finder: Report.objects.get(public_id=receipt.id) for finder, receipt in sent.items()}
    assert late["tenant"].proof == found.proof
    assert {report.proof.membership.case for report in late.values() if report.proof} == {found.case}
    for viewer, texts in before.items():
        after = stable(found, viewer)
        assert {where: (text, after[where]) for where, text in texts.items() if after[where] != text} == {}, viewer
    publish(name, actor=LOCAL.called("Again"), confirm=True, folder=tmp_path, clock=found.house.clock)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()} == files
    for viewer in ("deployer", "observer", *late):
        texts = {where: text for where, text in answers(found, viewer) if not where.startswith("search")}
        for finder, report in late.items():
            seen = any(report.public_id in text for text in texts.values())
            assert seen is (viewer == finder), (viewer, finder)
    for finder, report in late.items():
        program, browser = found.program(finder), found.browser(finder)
        assert program.get(f"/reports/{report.public_id}").json()["case"] == name
        assert browser.get(f"/reports/{report.public_id}").status_code == 200
        assert program.get(f"/cases/{name}/participants").json()["items"] == []
        assert program.get(f"/cases/{name}/messages").json().get("items", []) == []
        assert "Org vendor" not in browser.get(f"/cases/{name}").content.decode()
    page = found.browser("coordinator").get(f"/cases/{name}").content.decode()
    assert all(report.public_id in page for report in late.values())


def stable(found: World, viewer: str) -> dict[str, str]:
    """What the viewer reads at every address, without what is new each time it is asked."""
    fresh = re.compile(r'name="csrfmiddlewaretoken" value="[^"]*"|nonce="[^"]*"|"nonce-[^"]*"|"trace"[^,}]*')
    texts = {where: fresh.sub("", text) for where, text in answers(found, viewer)}
    return {where: text for where, text in texts.items() if where != "/account"}  # when its tokens were used last
