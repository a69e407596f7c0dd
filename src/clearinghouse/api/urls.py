"""Every address below /api: the API, its description, and the page that lists its operations."""

from __future__ import annotations

from django.urls import path, re_path

from clearinghouse.api import pages
from clearinghouse.api.application import api

urlpatterns = [
    path("docs", pages.docs, name="api-docs"),
    path("v1/openapi.json", pages.openapi, name="api-openapi"),
    path("v1/", api.urls),
    re_path(r"^v1/", pages.unknown),
]
