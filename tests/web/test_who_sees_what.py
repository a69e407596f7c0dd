"""What each reader finds on the pages, and what it finds nothing of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test import RequestFactory

from clearinghouse.cases import participants
from clearinghouse.cases.models import Case, Membership
from clearinghouse.cases.participants import cover_all
from clearinghouse.core.protocol.consent import Consent
from clearinghouse.core.protocol.embargo import Embargo
from clearinghouse.core.roles import CaseRole, SiteRole, Tlp
from clearinghouse.core.visibility import Actor
from clearinghouse.intake.models import Report
from clearinghouse.registry.models import Party
from clearinghouse.registry.services import know_finder
from clearinghouse.web import case_pages, files, journal_pages, report_pages
from clearinghouse.web.middleware import headers
from tests.intake.factories import START
from tests.web.factories import CASE, filled, stranger

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

pytestmark = pytest.mark.django_db


def acting_for(*names: str, role: SiteRole | None = None) -> Actor:
    """A person of these parties."""
    keys = list(Party.objects.filter(name__in=names).values_list("key", flat=True))
    return Actor("somebody", keys[0] if keys else "nobody", frozenset(keys), frozenset({role} if role else ()))


def read(actor: Actor, view: Callable[..., HttpResponse], *words: str) -> HttpResponse:
    """The answer of a page to the actor, errors as the site gives them."""
    from django.http import Http404  # noqa: PLC0415

    def answer(request: HttpRequest) -> HttpResponse:
        request.actor = actor  # type: ignore[attr-defined]
        try:
            return view(request, *words)
        except Http404 as error:
            return files.not_found(request, error)

    return headers(answer)(RequestFactory().get("/"))


def held_back() -> Case:
    """The first case with its three finders, under an embargo that only Lab One has signed."""
    filled()
    case = Case.objects.get(public_id=CASE)
    case.embargo = Embargo.ACTIVE
    case.save()
    case.participants.update(consent=Consent.INVITED)
    signed = case.participants.get(party__name="Lab One")
    signed.consent = Consent.SIGNATORY
    signed.save()
    cover_all(signed)
    return case


def test_a_signatory_reads_the_case_under_its_opaque_name_and_no_other_case() -> None:
    case = held_back()
    lab = acting_for("Lab One")
    page = read(lab, case_pages.case_page, case.key)
    assert page.status_code == 200
    text = page.content.decode()
    assert "Lab Two" in text
    assert "/logs/" in text
    assert "CLH-" not in text
    assert read(lab, case_pages.case_page, CASE).status_code == 404
    listed = read(lab, case_pages.case_list).content.decode()
    assert case.key in listed
    assert "CLH-" not in listed


def test_who_did_not_sign_sees_its_invitation_and_its_own_report() -> None:
    case = held_back()
    lab = acting_for("Lab Two")
    page = read(lab, case_pages.case_page, case.key).content.decode()
    assert case.key in page
    assert "gizmo" not in page
    assert read(lab, case_pages.case_json, case.key).status_code == 404
    own, other = (Report.objects.filter(finder__name=name).order_by("pk").first() for name in ("Lab Two", "Lab One"))
    assert own is not None
    assert other is not None
    assert read(lab, report_pages.report_page, own.public_id).status_code == 200
    assert read(lab, report_pages.report_page, other.public_id).status_code == 404
    listed = read(lab, report_pages.report_list).content.decode()
    assert own.public_id in listed
    assert "Lab One" not in listed


@pytest.mark.parametrize("consent", [Consent.DECLINED, Consent.LAPSED])
def test_who_declines_or_lapses_loses_the_content_at_once(consent: Consent) -> None:
    case, lab = held_back(), acting_for("Lab One")
    text = read(lab, case_pages.case_page, case.key).content.decode()
    log = text.split('href="/logs/')[1].split('"')[0]
    assert read(lab, files.log_page, log).status_code == 200
    case.participants.filter(party__name="Lab One").update(consent=consent)
    assert "gizmo" not in read(lab, case_pages.case_page, case.key).content.decode()
    assert read(lab, case_pages.case_json, case.key).status_code == 404


def test_a_site_admin_sees_nothing_of_any_case() -> None:
    case, admin = held_back(), acting_for(role=SiteRole.ADMIN)
    assert read(admin, case_pages.case_page, case.key).status_code == 404
    assert read(admin, case_pages.case_page, CASE).status_code == 404
    assert CASE not in read(admin, case_pages.case_list).content.decode()
    assert read(admin, journal_pages.newest).status_code == 404
    assert read(admin, journal_pages.chain, f"case/{CASE}").status_code == 404
    for report in Report.objects.all():
        assert read(admin, report_pages.report_page, report.public_id).status_code == 404


def test_an_auditor_sees_metadata_and_no_body() -> None:
    held_back()
    auditor = acting_for(role=SiteRole.AUDITOR)
    for answer in (read(auditor, journal_pages.chain, f"case/{CASE}"), read(auditor, journal_pages.newest)):
        text = answer.content.decode()
        assert answer.status_code == 200
        assert "report attached" in text
        assert "bundle" not in text
        assert "gizmo" not in text
    assert read(auditor, case_pages.case_page, CASE).status_code == 404


def test_forbidden_and_unknown_give_the_same_status_body_and_headers() -> None:
    case = held_back()
    other = acting_for("Lab Four")
    unknown = read(other, case_pages.case_page, "0" * 32)
    report = Report.objects.order_by("pk")[0]
    digest = report.proof.logs.get() if report.proof and report.proof.logs.count() == 1 else None
    asked: list[tuple[Callable[..., HttpResponse], str]] = [
        (case_pages.case_page, case.key),
        (case_pages.case_json, case.key),
        (case_pages.case_osv, CASE),
        (report_pages.report_page, report.public_id),
        (report_pages.report_json, report.public_id),
        (files.attestation, report.proof.bundle_id if report.proof else ""),
        (files.log_page, digest.digest if digest else "0" * 64),
        (journal_pages.chain, f"case/{CASE}"),
        (journal_pages.chain, "system"),
    ]
    for view, name in asked:
        answer = read(other, view, name)
        assert (answer.status_code, answer.content) == (404, unknown.content), name
        assert answer.headers == unknown.headers, name


def test_red_needs_a_person_who_was_named() -> None:
    case = held_back()
    case.tlp = Tlp.RED
    case.save()
    lab = acting_for("Lab One")
    assert read(lab, case_pages.case_page, case.key).status_code == 404
    case.participants.filter(party__name="Lab One").update(named=True)
    assert read(lab, case_pages.case_page, case.key).status_code == 200
    colleague = Actor("colleague", "another", lab.parties | {"another"})
    assert read(colleague, case_pages.case_page, case.key).status_code == 404


def test_an_observer_gets_the_summary_and_neither_proof_nor_names() -> None:
    filled()
    case = Case.objects.get(public_id=CASE)
    watcher = know_finder("Watcher", at=START)
    case.participants.create(party=watcher, roles=[CaseRole.OBSERVER], invited_at=START, invited_by="coordinator")
    text = read(acting_for("Watcher"), case_pages.case_page, case.key).content.decode()
    assert "pkg:pypi/gizmo" in text
    for name in ("Lab One", "Lab Two", "/logs/", "/reports/R-"):
        assert name not in text, name


def test_figures_tell_the_public_of_what_was_published_and_of_nothing_else() -> None:
    before = stranger().get("/").content
    filled()
    assert stranger().get("/").content == before


def test_a_merge_shows_a_signatory_nothing_that_the_other_side_brought() -> None:
    case = held_back()
    other = Case.objects.get(public_id="CLH-2026-00002")
    Membership.objects.filter(case=other).update(case=case)
    participants.merge(other, case, at=START)
    lab = acting_for("Lab Three")
    case.participants.filter(party__name="Lab Three").update(consent=Consent.SIGNATORY)
    cover_all_but(case, other, "Lab Three")
    text = read(lab, case_pages.case_page, case.key).content.decode()
    assert "the loader starts programs" in text
    assert "dump writes anywhere" not in text
    assert "More was merged into this case" in text
    cover_all(case.participants.get(party__name="Lab Three"))
    assert "dump writes anywhere" in read(lab, case_pages.case_page, case.key).content.decode()


def cover_all_but(case: Case, other: Case, name: str) -> None:
    """A signature from before the merge."""
    signed = case.participants.get(party__name=name)
    cover_all(signed)
    signed.covers.remove(other)
