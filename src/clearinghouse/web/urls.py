"""Every address of the pages. Unknown and forbidden get the same answer."""

from __future__ import annotations

from django.urls import include, path

from clearinghouse.web import case_pages, files, home, journal_pages, report_pages

urlpatterns = [
    path("", home.home, name="home"),
    path("cases", case_pages.case_list, name="cases"),
    path("cases/<str:case_id>.osv.json", case_pages.case_osv, name="case-osv"),
    path("cases/<str:case_id>.json", case_pages.case_json, name="case-json"),
    path("cases/<str:case_id>/answer", case_pages.answer_invitation, name="case-answer"),
    path("cases/<str:case_id>", case_pages.case_page, name="case"),
    path("reports", report_pages.report_list, name="reports"),
    path("reports/<str:report_id>.json", report_pages.report_json, name="report-json"),
    path("reports/<str:report_id>", report_pages.report_page, name="report"),
    path("attestations/<str:bundle_id>.intoto.json", files.attestation, name="attestation"),
    path("logs/<str:digest>.txt", files.log_raw, name="log-raw"),
    path("logs/<str:digest>", files.log_page, name="log"),
    path("journal", journal_pages.newest, name="journal"),
    path("journal/seals.json", journal_pages.seals, name="seals"),
    path("journal/seals/<int:number>.json", journal_pages.seal, name="seal"),
    path("journal/<path:chain>", journal_pages.chain, name="chain"),
    path("account", include("clearinghouse.web.accounts.urls")),
    path("static/<str:name>", files.static, name="static"),
    path("healthz", files.health, name="health"),
]
