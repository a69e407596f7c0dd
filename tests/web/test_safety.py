from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from clearinghouse.core.visibility import LOCAL
from clearinghouse.intake import queries
from clearinghouse.web.answers import as_json
from tests.intake.factories import house
from tests.proofs.factories import Sketch
from tests.proofs.simulator import Bug
from tests.web.factories import CASE, HOSTILE, filled, local, publish, stranger, text

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.django_db

COORDINATORS_ONLY = ("/reports", "/journal", "/journal/system", f"/journal/case/{CASE}", f"/cases/{CASE}")


def test_hostile_text_stays_text_on_every_page() -> None:
    clearing = house(alpha=Bug(f"gizmo.core:{HOSTILE}"))
    clearing.send(Sketch("alpha", title=HOSTILE, aliases=("CVE-2026-0001",)), finder=f"Lab {HOSTILE[:60]}")
    clearing.send(Sketch("alpha", title=HOSTILE, words=HOSTILE, fixed="1.6"), finder="Lab Two")
    clearing.send(f"# {HOSTILE}\n\n</pre>{HOSTILE}".encode(), name=f"{HOSTILE}.md")
    clearing.work()
    client = local()
    ids = [row.id for row in queries.reports(actor=LOCAL)]
    pages = ["/", "/cases", f"/cases?q={HOSTILE}", f"/cases/{CASE}", "/reports", "/journal", f"/journal/case/{CASE}"]
    pages += [f"/reports/{report}" for report in ids]
    shown = 0
    for path in pages:
        page = text(client, path)
        assert "<script" not in page, path
        assert "<img src=x" not in page, path
        assert page.count("</pre>") == page.count("<pre"), path
        shown += "&lt;script&gt;" in page
    assert shown == len(pages)


def test_json_is_never_taken_for_a_page() -> None:
    answer = as_json({"title": HOSTILE})
    assert answer.headers["Content-Type"] == "application/json"


def test_every_answer_carries_the_headers_that_shut_a_page_in() -> None:
    filled()
    client = local()
    for path in ("/", f"/cases/{CASE}", f"/cases/{CASE}.json", "/nonesuch", "/static/clearinghouse.css", "/healthz"):
        headers = client.get(path).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "script-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe-inline" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "same-origin"


def test_a_page_asks_for_nothing_from_anywhere_else_and_has_no_script_or_inline_style() -> None:
    filled()
    client = local()
    for path in ("/", "/cases", f"/cases/{CASE}", "/reports", "/journal", "/nonesuch"):
        page = client.get(path).content.decode()
        assert not re.search(r"""<script|\sstyle=|<style|javascript:|\son[a-z]+=""", page), path
        sources = re.findall(r'\ssrc="([^"]*)"', page) + re.findall(r'<link[^>]*href="([^"]*)"', page)
        assert sources
        assert all(source.startswith("/static/") for source in sources), path
    css = text(client, "/static/clearinghouse.css")
    assert "url(" not in css
    assert "@import" not in css


def test_what_is_not_there_and_what_may_not_be_seen_look_the_same() -> None:
    filled()
    unknown = stranger().get("/cases/CLH-2026-09999")
    assert unknown.status_code == 404
    for path in COORDINATORS_ONLY:
        answer = stranger().get(path)
        assert answer.status_code == 404, path
        assert answer.content == unknown.content, path
        assert answer.headers == unknown.headers, path


def test_a_stranger_sees_what_was_published_and_neither_logs_nor_journal(tmp_path: Path) -> None:
    clearing = filled()
    publish(clearing, tmp_path)
    client = stranger()
    listed = text(client, "/cases")
    assert CASE in listed
    assert "CLH-2026-00002" not in listed
    page = text(client, f"/cases/{CASE}")
    assert "/logs/" not in page
    assert "/reports/" not in page
    assert "CLH-2026-00002" not in page
    assert 'id="journal"' not in page
    (log, *_) = re.findall(r'href="(/logs/[^"]+)"', text(local(), f"/cases/{CASE}"))
    text(client, log, 404)
    text(client, f"{log}.txt", 404)
    assert "CLH-2026-00002" not in text(client, f"/cases/{CASE}.json")


def test_a_host_name_that_is_not_ours_is_refused() -> None:
    answer = local().get("/", HTTP_HOST="evil.example")
    assert answer.status_code == 400
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "CLEARINGHOUSE_ALLOWED_HOSTS" in answer.content.decode()


@pytest.mark.parametrize("path", ["/", "/cases", "/reports", f"/cases/{CASE}", "/healthz", "/static/icon.svg"])
def test_nothing_can_be_posted(path: str) -> None:
    assert local().post(path).status_code == 405


@pytest.mark.parametrize("name", ["../urls.py", "..%2Furls.py", "nonesuch.css", "%2e%2e/middleware.py"])
def test_no_other_file_can_be_had(name: str) -> None:
    assert local().get(f"/static/{name}").status_code == 404


def test_an_error_of_ours_shows_none_of_its_details(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("a secret detail")

    monkeypatch.setattr("clearinghouse.cases.figures.funnel", fail)
    client = local()
    client.raise_request_exception = False
    answer = client.get("/")
    assert answer.status_code == 500
    assert "secret detail" not in answer.content.decode()


def test_a_page_says_on_whose_behalf_it_is_read() -> None:
    assert "reads as the coordinator" in text(local(), "/")
    assert "Public view" in text(stranger(), "/")


def test_an_answer_says_how_long_it_is_and_is_not_kept_by_caches() -> None:
    answer = local().get("/")
    assert answer.headers["Content-Length"] == str(len(answer.content))
    assert answer.headers["Cache-Control"] == "no-store"
