from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from clearinghouse.cases.models import Case
from clearinghouse.core.roles import Scope, SiteRole
from tests.api.factories import Program, person, token
from tests.proofs.factories import Sketch
from tests.proofs.simulator import Bug
from tests.web.factories import CASE, filled, house, publish

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.django_db
READS = ("", "/participants", "/embargo", "/verdicts", "/journal")


def program(name: str, *roles: SiteRole, scopes: tuple[Scope, ...] = ()) -> Program:
    return Program(token(person(name, *roles).party, *scopes))


def test_a_coordinator_reads_everything_of_a_case_by_its_id_and_by_its_key() -> None:
    filled()
    coordinator = program("Coordinator", SiteRole.COORDINATOR)
    listed = coordinator.get("/cases").json()["items"]
    assert [item["id"] for item in listed] == [CASE, "CLH-2026-00002"]
    case = coordinator.get(f"/cases/{CASE}").json()
    assert case["reports"] == 3
    assert {claim["finder"] for claim in case["claims"]} == {"Lab One", "Lab Two", "Lab Three"}
    assert case["priority"]["label"]
    key = Case.objects.get(public_id=CASE).key
    for part in READS:
        assert coordinator.get(f"/cases/{CASE}{part}").content == coordinator.get(f"/cases/{key}{part}").content
    verdicts = coordinator.get(f"/cases/{CASE}/verdicts").json()["items"]
    assert {verdict["verdict"] for verdict in verdicts} == {"proven"}
    digest = verdicts[0]["result"]["matrix"][0]["logs"][0]
    log = coordinator.get(f"/cases/{CASE}/logs/{digest}")
    assert log.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert coordinator.get(f"/cases/{CASE}/verdicts/{verdicts[0]['bundle']}/attestation").status_code == 404


def test_a_log_is_found_under_its_own_case_only() -> None:
    filled()
    coordinator = program("Coordinator", SiteRole.COORDINATOR)
    digests = {}
    for case in (CASE, "CLH-2026-00002"):
        for verdict in coordinator.get(f"/cases/{case}/verdicts").json()["items"]:
            digests[case] = verdict["result"]["matrix"][0]["logs"][0]
    assert coordinator.get(f"/cases/{CASE}/logs/{digests['CLH-2026-00002']}").status_code == 404
    assert coordinator.get(f"/cases/{CASE}/logs/{'0' * 64}").status_code == 404


def test_a_finder_reads_its_own_case_under_its_key_and_others_read_nothing() -> None:
    finder, other = program("Lab One"), program("Lab Two")
    clearing = house(alpha=Bug("gizmo.core:load"))
    clearing.send(Sketch("alpha"), finder="Lab One")
    clearing.work()
    (listed,) = finder.get("/cases").json()["items"]
    key = Case.objects.get().key
    assert listed["id"] == key
    assert finder.get(f"/cases/{key}").json()["finders"] == ["Lab One"]
    assert finder.get(f"/cases/{key}/participants").json()["items"][0]["handle"] == "lab-one"
    assert finder.get(f"/cases/{key}/verdicts").json()["items"][0]["verdict"] == "proven"
    unknown = other.get(f"/cases/{'0' * 32}")
    assert unknown.status_code == 404
    assert finder.get(f"/cases/{CASE}").content == unknown.content  # its number is no name outside the house
    assert finder.get(f"/cases/{key}/journal").content == unknown.content
    for part in READS:
        foreign = other.get(f"/cases/{key}{part}")
        assert (foreign.status_code, foreign.content, foreign.headers) == (404, unknown.content, unknown.headers), part
    assert other.get("/cases").json() == {"items": [], "next": None}
    assert other.get("/invitations").json() == {"items": []}


def test_without_a_token_there_is_what_was_published_and_nothing_else(tmp_path: Path) -> None:
    clearing = filled()
    public = Program()
    assert public.get("/cases").json()["items"] == []
    unknown = public.get(f"/cases/{'0' * 32}")
    assert public.get(f"/cases/{CASE}").headers == unknown.headers
    publish(clearing, tmp_path)
    published = Case.objects.get(public_id=CASE)
    published.tlp = "CLEAR"
    published.save()
    assert [item["id"] for item in public.get("/cases").json()["items"]] == [CASE]
    assert public.get(f"/cases/{CASE}").json()["advisory"]
    for part in READS[1:]:
        assert public.get(f"/cases/{CASE}{part}").status_code == 401


def test_an_auditor_reads_who_decided_what_and_nothing_of_what_it_says() -> None:
    filled()
    auditor = program("Auditor", SiteRole.AUDITOR)
    assert auditor.get("/cases").json()["items"] == []
    entries = auditor.get(f"/cases/{CASE}/journal").json()["items"]
    assert entries
    assert all(entry["body"] == {} and entry["hash"] for entry in entries)
    coordinator = program("Coordinator", SiteRole.COORDINATOR)
    assert any(entry["body"] for entry in coordinator.get(f"/cases/{CASE}/journal").json()["items"])


def test_a_journal_is_read_page_by_page() -> None:
    filled()
    coordinator = program("Coordinator", SiteRole.COORDINATOR)
    whole = [entry["seq"] for entry in coordinator.get(f"/cases/{CASE}/journal").json()["items"]]
    cursor, seen = "", []
    while cursor is not None:
        page = coordinator.get(f"/cases/{CASE}/journal?limit=2" + (f"&cursor={cursor}" if cursor else "")).json()
        seen += [entry["seq"] for entry in page["items"]]
        cursor = page["next"]
    assert seen == whole == list(range(1, len(whole) + 1))


def test_pages_of_cases_go_on_while_cases_are_opened() -> None:
    clearing = filled()
    coordinator = program("Coordinator", SiteRole.COORDINATOR)
    first = coordinator.get("/cases?limit=1").json()
    clearing.prover.bugs["delta"] = Bug("gizmo.third:parse")
    clearing.send(Sketch("delta", words="third", title="a third bug"), finder="Lab One")
    clearing.work()
    seen = [item["id"] for item in first["items"]]
    cursor = first["next"]
    while cursor:
        page = coordinator.get(f"/cases?limit=1&cursor={cursor}").json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
    assert seen == [case.public_id for case in Case.objects.order_by("opened_at", "key")]
    assert len(seen) == 3


def test_a_site_admin_reads_no_case() -> None:
    filled()
    admin = program("Admin", SiteRole.ADMIN)
    assert admin.get("/cases").json()["items"] == []
    assert admin.get(f"/cases/{CASE}").status_code == 404
    assert admin.get("/reports").json()["items"] == []


@pytest.mark.parametrize("odd", ["CLH-2026-1", "clh-2026-00001", "%00", "0" * 33, "CLH-2026-00001%0A", "' OR 1=1 --"])
def test_a_name_that_no_case_can_have_is_not_found(odd: str) -> None:
    assert Program().get(f"/cases/{odd}").status_code == 404
