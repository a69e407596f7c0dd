from __future__ import annotations

import pytest
from django.test import override_settings

from clearinghouse.core.roles import Scope
from clearinghouse.intake.models import Report
from clearinghouse.journal.models import Entry
from clearinghouse.traffic.models import Call
from tests.api.factories import Program, lab
from tests.proofs.factories import Sketch, archive

pytestmark = pytest.mark.django_db
PROSE = b"# The loader starts programs\n\nAny document does it.\n"


def test_a_report_is_taken_in_and_answered_with_where_it_stands() -> None:
    program = lab()
    answer = program.post("/reports?name=finding.md", PROSE, content_type="text/markdown")
    assert answer.status_code == 202
    receipt = answer.json()
    assert receipt["state"] == "parked"
    assert receipt["title"] == "The loader starts programs"
    assert answer.headers["Location"] == f"/api/v1/reports/{receipt['id']}" == receipt["report"]
    found = program.get(f"/reports/{receipt['id']}").json()
    assert found["finder"] == "Lab One"
    assert found["name"] == "finding.md"
    assert found["text"] == PROSE.decode()


def test_a_bundle_waits_for_its_proof_and_its_verdict_is_empty_until_then() -> None:
    program = lab()
    receipt = program.post("/reports", archive(Sketch("alpha"))).json()
    assert receipt["state"] == "proving"
    verdict = program.get(f"/reports/{receipt['id']}/verdict").json()
    assert verdict["package"] == "pkg:pypi/gizmo"
    assert verdict["verdict"] is None


def test_a_form_with_one_file_is_the_same_as_the_bare_file() -> None:
    program = lab()
    boundary = b'--b\r\nContent-Disposition: form-data; name="file"; filename="../../etc/x.md"\r\n\r\n'
    form = boundary + PROSE + b"\r\n--b--\r\n"
    first = program.post("/reports", form, content_type="multipart/form-data; boundary=b").json()
    second = program.post("/reports", PROSE).json()
    assert first["id"] == second["id"]
    assert second["known"]
    assert program.get(f"/reports/{first['id']}").json()["name"] == "x.md"


@pytest.mark.parametrize(
    "form",
    [
        b"--b--\r\n",
        b"nonsense",
        b'--b\r\nContent-Disposition: form-data; name="other"; filename="x"\r\n\r\nx\r\n--b--\r\n',
        (
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\nx\r\n'
            b'--b\r\nContent-Disposition: form-data; name="finder"\r\n\r\nLab Two\r\n--b--\r\n'
        ),
    ],
)
def test_any_other_form_is_refused(form: bytes) -> None:
    answer = lab().post("/reports", form, content_type="multipart/form-data; boundary=b")
    assert answer.status_code == 400
    assert not Report.objects.exists()


def test_whoever_has_the_status_token_sees_where_the_report_stands_and_nothing_of_what_it_says() -> None:
    receipt = lab().post("/reports", PROSE).json()
    answer = Program(receipt["status_token"]).get("/report-status")
    assert answer.status_code == 200
    status = answer.json()
    assert status["id"] == receipt["id"]
    assert status["settled"]
    assert "loader" not in answer.content.decode()


@pytest.mark.parametrize("wrong", ["chs_R-aaaaaaaaaaaa_x", "chs_", "nonsense"])
def test_a_status_token_that_was_not_made_here_is_refused(wrong: str) -> None:
    assert Program(wrong).get("/report-status").status_code == 401


def test_a_status_token_opens_no_report() -> None:
    receipt = lab().post("/reports", PROSE).json()
    assert Program(receipt["status_token"]).get(f"/reports/{receipt['id']}").status_code == 401


def test_another_finders_report_and_one_that_does_not_exist_look_the_same() -> None:
    receipt = lab().post("/reports", PROSE).json()
    other = lab("Lab Two")
    unknown = other.get("/reports/R-aaaaaaaaaaaa")
    foreign = other.get(f"/reports/{receipt['id']}")
    assert unknown.status_code == foreign.status_code == 404
    assert unknown.content == foreign.content
    assert unknown.headers == foreign.headers
    assert other.get("/reports").json()["items"] == []


@pytest.mark.parametrize("odd", ["R-%00aaaaaaaaaaa", "%F0%9F%92%A9", "R-AAAAAAAAAAAA", "x" * 300, "..", "%2e%2e%2f"])
def test_an_id_that_is_none_is_not_found(odd: str) -> None:
    assert lab().get(f"/reports/{odd}").status_code == 404


def test_a_repeated_request_gets_the_first_answer_and_has_no_second_effect() -> None:
    program = lab()
    first = program.post("/reports", PROSE, key="the-same-key")
    entries = Entry.objects.count()
    second = program.post("/reports", PROSE, key="the-same-key")
    assert first.content == second.content
    assert first.headers["Location"] == second.headers["Location"]
    assert second.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert Entry.objects.count() == entries


def test_another_request_under_the_same_key_is_refused() -> None:
    program = lab()
    program.post("/reports", PROSE, key="the-same-key")
    answer = program.post("/reports", PROSE + b"more", key="the-same-key")
    assert answer.status_code == 422
    assert answer.json()["code"] == "key-reused"
    assert Report.objects.count() == 1


def test_keys_of_two_clients_have_nothing_to_do_with_each_other() -> None:
    first = lab().post("/reports", PROSE, key="the-same-key")
    second = lab("Lab Two").post("/reports", PROSE, key="the-same-key")
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["id"] != second.json()["id"]


@pytest.mark.parametrize("key", [None, "short", "x" * 256, "with space", "ünïcödé-key"])
def test_a_post_without_a_usable_key_is_refused(key: str | None) -> None:
    answer = lab().post("/reports", PROSE, key=key)
    assert answer.status_code == 400
    assert answer.json()["code"] == "key-missing"
    assert not Report.objects.exists()


def test_a_request_that_fails_leaves_its_key_free() -> None:
    program = lab()
    assert program.post("/reports?party=nobody", PROSE, key="the-same-key").status_code == 422
    assert not Call.objects.exists()
    assert program.post("/reports", PROSE, key="the-same-key").status_code == 202


def test_a_token_without_the_scope_is_refused_whatever_it_asks_for() -> None:
    program = lab("Lab One", Scope.REPORTS_SUBMIT)
    answer = program.get("/reports/R-aaaaaaaaaaaa")
    assert answer.status_code == 403
    assert answer.json()["code"] == "out-of-scope"
    assert "insufficient_scope" in answer.headers["WWW-Authenticate"]


def test_pages_go_on_where_the_last_one_ended_while_reports_come_in() -> None:
    program = lab()
    sent = [program.post("/reports", b"report %d" % n).json()["id"] for n in range(5)]
    first = program.get("/reports?limit=2")
    sent.append(program.post("/reports", b"one more").json()["id"])
    seen = [item["id"] for item in first.json()["items"]]
    assert f"cursor={first.json()['next']}".replace(":", "%3A") in first.headers["Link"]
    cursor = first.json()["next"]
    while cursor:
        page = program.get(f"/reports?limit=2&cursor={cursor}").json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
    assert seen == sent


@pytest.mark.parametrize("cursor", ["x", "x:y:z", "W10:1tQ:abc", ""])
def test_a_cursor_that_was_not_made_here_is_refused(cursor: str) -> None:
    answer = lab().get(f"/reports?cursor={cursor}")
    assert answer.status_code == (400 if cursor else 200)


def test_a_cursor_of_another_list_is_refused() -> None:
    program = lab()
    for n in range(2):
        program.post("/reports", b"report %d" % n)
    cursor = program.get("/reports?limit=1").json()["next"]
    assert program.get(f"/reports?limit=1&state=parked&cursor={cursor}").status_code == 400


@override_settings(DEBUG=True)
def test_nothing_more_is_told_where_pages_show_tracebacks() -> None:
    answer = lab().post("/reports?party=nobody", PROSE)
    assert "Traceback" not in answer.content.decode()
