from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from clearinghouse.core.report import ReportState
from clearinghouse.core.visibility import LOCAL
from clearinghouse.intake import queries
from tests.web.factories import CASE, filled, local, publish, text

if TYPE_CHECKING:
    from pathlib import Path

    from clearinghouse.intake.queries import ReportRow

pytestmark = pytest.mark.django_db


def reports(state: ReportState) -> list[ReportRow]:
    return list(queries.reports(actor=LOCAL, state=state))


def words(page: str) -> str:
    """What a reader sees, in one line."""
    page = re.sub(r"(?s)<(style|title)[^>]*>.*?</\1>", " ", page)
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_an_empty_house_says_so_on_every_page() -> None:
    client = local()
    assert "Nothing has come in yet" in text(client, "/")
    assert "No case yet" in text(client, "/cases")
    assert "No report came in yet" in text(client, "/reports")
    assert "Nothing was decided yet" in text(client, "/journal")


def test_the_home_page_shows_the_funnel_as_a_drawing_and_as_a_table_with_the_headline_figure(tmp_path: Path) -> None:
    publish(filled(), tmp_path)
    page = text(local(), "/")
    assert "<h1>4 reports closed by 2 cases</h1>" in page
    assert "From reports to publication: 7 reports, 40 runs, 4 proven, 2 cases, 1 published." in page
    rows = re.findall(r'<th scope="row">(\w+)</th>\s*<td class="number">([\d,]+)</td>', page)
    assert rows == [("Reports", "7"), ("Runs", "40"), ("Proven", "4"), ("Cases", "2"), ("Published", "1")]
    assert "2 returned" in page
    assert "1 kept for a person" in page


def test_the_case_list_names_priority_package_reports_finders_and_grade_and_marks_titles_as_claims() -> None:
    filled()
    page = text(local(), "/cases")
    assert f'<a href="/cases/{CASE}">{CASE}</a>' in page
    assert '<span class="claimed" title="as a finder claims">a crafted document runs a program</span>' in page
    for word in ("track to attend", "pkg:pypi/gizmo", "Lab One, Lab Two, Lab Three", "exec"):
        assert word in page


@pytest.mark.parametrize("asked", ["cve-2026-0001", "LAB three", "gizmo load", "CLH-2026-00001", "crafted program"])
def test_a_case_is_found_by_any_of_its_names(asked: str) -> None:
    filled()
    page = text(local(), f"/cases?q={asked}")
    assert CASE in page
    assert "CLH-2026-00002" not in page


def test_a_search_without_result_says_what_was_looked_at() -> None:
    filled()
    assert "No case holds “nonesuch”" in text(local(), "/cases?q=nonesuch")


def test_a_case_page_shows_each_claim_by_its_finder_labelled_as_claimed() -> None:
    filled()
    page = words(text(local(), f"/cases/{CASE}"))
    for finder in ("Lab One", "Lab Two", "Lab Three"):
        assert f"claimed by {finder} ," in page
    assert "the loader starts programs" in page


def test_a_case_page_explains_its_priority_and_what_would_change_it() -> None:
    filled()
    page = words(text(local(), f"/cases/{CASE}"))
    assert "Priority: track to attend" in page
    assert "Mission and well-being unknown nobody yet" in page
    assert "Mission and well-being alone: low gives track , medium gives track , high gives attend" in page
    assert "3 independent finders" in page


def test_a_case_page_says_in_words_why_its_reports_are_one() -> None:
    filled()
    page = words(text(local(), f"/cases/{CASE}"))
    assert "3 reports by 3 finders brought 2 distinct proofs" in page
    assert "one bug Proof 1 and proof 2" in page
    assert "Both effects come from the same function of the target, gizmo.core:load." in page
    assert "Executed: proof 1 is silent on 1.6, the fix of proof 2." in page


def test_a_case_page_names_the_neighbours_that_were_looked_at_and_kept_apart_with_the_reasons() -> None:
    filled()
    page = words(text(local(), f"/cases/{CASE}"))
    kept = page[page.index("Looked at and kept apart") :]
    assert "CLH-2026-00002 not shown to be one bug Proof 1 and dump writes anywhere" in kept
    assert "The effects do not come from one function" in kept
    assert "One release fixes many bugs, so this alone says nothing." in kept


def test_a_case_page_shows_the_matrix_of_each_proof_and_links_every_log() -> None:
    filled()
    client = local()
    page = text(client, f"/cases/{CASE}")
    assert words(page).count("vulnerable 1.4 trigger 5/5") == 2
    assert words(page).count("trigger 0/4") >= 2
    logs = sorted(set(re.findall(r'href="(/logs/[^"#]+)"', page)))
    assert len(logs) == 4
    assert "output of" in text(client, logs[0])
    assert text(client, f"{logs[0]}.txt").startswith("output of")


def test_the_same_address_gives_json_and_after_publication_osv(tmp_path: Path) -> None:
    clearing = filled()
    client = local()
    document = json.loads(text(client, f"/cases/{CASE}.json"))
    assert document["row"]["id"] == CASE
    assert [claim["finder"] for claim in document["claims"]] == ["Lab One", "Lab Two", "Lab Three"]
    text(client, f"/cases/{CASE}.osv.json", 404)
    publish(clearing, tmp_path)
    answer = client.get(f"/cases/{CASE}.osv.json")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.content == (tmp_path / f"{CASE}.osv.json").read_bytes()
    assert f'href="/cases/{CASE}.osv.json"' in text(client, f"/cases/{CASE}")


def test_reports_can_be_listed_by_state_and_what_is_no_state_lists_all() -> None:
    filled()
    client = local()
    returned = text(client, "/reports?state=returned")
    assert all(row.id in returned for row in reports(ReportState.RETURNED))
    assert all(row.id not in returned for row in reports(ReportState.ATTACHED))
    assert text(client, "/reports?state=nonsense").count('<a class="code" href="/reports/') == 7


def test_an_unproven_report_says_what_happened_and_what_its_finder_can_do() -> None:
    filled()
    client = local()
    (unproven,) = (row for row in reports(ReportState.RETURNED) if row.verdict)
    page = words(text(client, f"/reports/{unproven.id}"))
    assert "The proof does not show the claimed effect." in page
    assert "verdict not_reproduced" in page
    assert "What to do: Run “clearinghouse prove”" in page


def test_prose_is_kept_for_a_person_and_shown_as_it_came() -> None:
    filled()
    (prose,) = reports(ReportState.PARKED)
    page = text(local(), f"/reports/{prose.id}")
    assert "attach a proof bundle to have it proven" in page
    assert "# Critical\n\nEverything is broken." in page


def test_an_invalid_bundle_names_its_faults() -> None:
    filled()
    (invalid,) = (row for row in reports(ReportState.RETURNED) if not row.verdict)
    assert invalid.reasons[0].split("'")[0] in words(text(local(), f"/reports/{invalid.id}")).replace("&#x27;", "'")


def test_a_report_is_also_json() -> None:
    filled()
    (prose,) = reports(ReportState.PARKED)
    document = json.loads(text(local(), f"/reports/{prose.id}.json"))
    assert document["row"]["state"] == "parked"


def test_the_journal_shows_the_newest_entries_and_each_chain_from_its_first() -> None:
    filled()
    client = local()
    assert "report attached" in text(client, "/journal")
    page = words(text(client, f"/journal/case/{CASE}"))
    assert page.index("case opened") < page.index("case ranked")
    text(client, "/journal/case/nonesuch", 404)


def test_a_page_of_a_list_is_chosen_by_number_and_nonsense_gets_the_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clearinghouse.web.answers.PAGE_SIZE", 3)
    filled()
    client = local()
    assert "Page 1 of 3" in text(client, "/reports")
    last = text(client, "/reports?page=3")
    assert last.count('<a class="code" href="/reports/') == 1
    assert 'href="?page=2"' in last
    for nonsense in ("0", "-1", "x", "٣", "99999999999999999999"):
        assert "Page " in text(client, f"/reports?page={nonsense}")


class _Outline(HTMLParser):
    """Open elements, ids, links and headings of a page; complains where the nesting is wrong."""

    VOID = frozenset({"meta", "link", "img", "br", "input", "hr", "path", "rect"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.headings: list[int] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.ids += [values["id"] or ""] if "id" in values else []
        self.links += [values["href"] or ""] if "href" in values else []
        self.headings += [int(tag[1])] if re.fullmatch("h[1-6]", tag) else []
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        del tag, attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag


def test_pages_are_well_formed_and_every_link_of_ours_leads_somewhere(tmp_path: Path) -> None:
    publish(filled(), tmp_path)
    client = local()
    seen: dict[str, str] = {}
    waiting = ["/"]
    while waiting:
        path = waiting.pop()
        answer = client.get(path)
        assert answer.status_code == 200, path
        seen[path] = answer.content.decode()
        if not answer.headers["Content-Type"].startswith("text/html"):
            continue
        outline = _Outline()
        outline.feed(seen[path])
        assert outline.open == [], path
        assert len(set(outline.ids)) == len(outline.ids), path
        assert outline.headings[0] == 1, path
        assert outline.headings.count(1) == 1, path
        assert all(b - a <= 1 for a, b in zip(outline.headings, outline.headings[1:], strict=False)), path
        for link in outline.links:
            where, _, anchor = link.partition("#")
            if anchor and not where:
                assert anchor in outline.ids, (path, link)
            elif where.startswith("/") and where not in seen and where not in waiting:
                waiting.append(where)
            elif not where.startswith(("/", "?")):
                assert where.startswith(("https://www.cve.org/", "https://github.com/advisories/")), (path, link)
    assert len(seen) > 30
