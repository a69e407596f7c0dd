"""Every address of the server: the API under /api, the pages everywhere else."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("api/", include("clearinghouse.api.urls")),
    path("", include("clearinghouse.web.urls")),
]

handler400 = "clearinghouse.web.files.bad_request"
handler404 = "clearinghouse.web.files.not_found"
handler500 = "clearinghouse.web.files.failed"
