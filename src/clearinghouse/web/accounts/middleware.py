"""Keeps people with a role on the site to the set-up of a second factor until they have used one in their session."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from allauth.account.authentication import get_authentication_records
from allauth.mfa.utils import is_mfa_enabled
from django.http import HttpResponseRedirect
from django.urls import Resolver404, resolve, reverse

from clearinghouse.registry.queries import needs_second_factor

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

    Answer = Callable[[HttpRequest], HttpResponse]

_OPEN = frozenset({"account_login", "account_logout", "account_reauthenticate", "static", "health"})
_SETTING_UP = "mfa_"  # the names of all pages that set up, use and remove second factors begin so


def second_factor(get_response: Answer) -> Answer:
    """Middleware, after whatever says who signed in. The API is not concerned: it takes tokens, no sessions."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if _is_open(request) or not lacks_second_factor(request):
            return get_response(request)
        if is_mfa_enabled(request.user):
            place = reverse("mfa_reauthenticate")
            return HttpResponseRedirect(f"{place}?{urlencode({'next': request.get_full_path()})}")
        return HttpResponseRedirect(reverse("mfa_index"))

    return middleware


def lacks_second_factor(request: HttpRequest) -> bool:
    """Whether somebody is signed in who needs a second factor and used none in this session."""
    person = request.user
    if not person.is_authenticated or not needs_second_factor(person):
        return False
    return all(record.get("method") != "mfa" for record in get_authentication_records(request, person))


def _is_open(request: HttpRequest) -> bool:
    if request.path_info.startswith("/api/"):
        return True
    try:
        name = resolve(request.path_info).url_name or ""
    except Resolver404:
        return False
    return name in _OPEN or name.startswith(_SETTING_UP)
