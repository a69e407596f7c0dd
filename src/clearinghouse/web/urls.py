"""Every address of the pages. Unknown and forbidden get the same answer."""

from __future__ import annotations

from django.urls import include, path

from clearinghouse.web import case_pages, files, home, journal_pages, report_pages, review_pages

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
    path("reviews", review_pages.review_list, name="reviews"),
    path("reviews/<str:review>/report.json", review_pages.report_json, name="review-report-json"),
    path("reviews/<str:review>/report", review_pages.report_page, name="review-report"),
    path("reviews/<str:review>/receipt.json", review_pages.receipt_json, name="review-receipt"),
    path("reviews/<str:review>/steps", review_pages.take_step, name="review-steps"),
    path("reviews/<str:review>", review_pages.review_page, name="review"),
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
