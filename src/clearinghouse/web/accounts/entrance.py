"""How people come in: an invitation's link, and what a form that came from elsewhere is answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.core.ratelimit import consume_or_429
from django.contrib.auth import login
from django.http import HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from clearinghouse.bootstrap import wiring
from clearinghouse.core.errors import ClearinghouseError, NotFound, Refused
from clearinghouse.registry import queries, services
from clearinghouse.web.accounts.forms import AcceptForm
from clearinghouse.web.accounts.who import person_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

_SECRET = "invitation"  # noqa: S105  # where the session keeps it, so that no page's address shows it


@require_safe
def open_invitation(request: HttpRequest, secret: str) -> HttpResponse:
    """Take the secret out of the address."""
    request.session[_SECRET] = secret
    return HttpResponseRedirect(reverse("invitation-open"))


@sensitive_post_parameters("password")
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitation(request: HttpRequest) -> HttpResponse:
    """Show what the invitation offers; make the account, or give what it offers to who is signed in."""
    limited: HttpResponse | None = consume_or_429(request, action="signup")
    if limited is not None:
        return limited
    secret = str(request.session.get(_SECRET, ""))
    offered = queries.invitation(secret, at=wiring.clock())
    if offered is None:
        request.session.pop(_SECRET, None)
        return render(request, "account/invitation_gone.html", status=404)
    if offered.known:
        return _by_account(request, secret, offered)
    form = AcceptForm(request.POST or None, email=offered.email, name=offered.name)
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        try:
            person = services.accept(
                secret, name=asked.get("name", offered.name), password=asked["password"], at=wiring.clock()
            )
        except (NotFound, Refused):
            return render(request, "account/invitation_gone.html", status=404)
        except ClearinghouseError as error:
            form.add_error(None, str(error))
        else:
            request.session.flush()
            login(request, person)  # a new account has no second factor that could be asked for
            return HttpResponseRedirect(reverse("account"))
    return render(request, "account/invitation.html", {"offered": offered, "form": form})


def forgery(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  # Django hands the reason over
    """The answer to a form that did not come from a page of ours, or whose session is over."""
    return render(request, "account/forgery.html", status=403)


def _by_account(request: HttpRequest, secret: str, offered: queries.InvitationView) -> HttpResponse:
    """The invited address has an account: it signs in, and accepts by itself."""
    mine = request.user.is_authenticated and request.user.email == offered.email
    if request.method == "POST" and mine:
        try:
            services.accept_as(secret, person_of(request), at=wiring.clock())
        except ClearinghouseError:
            return render(request, "account/invitation_gone.html", status=404)
        request.session.pop(_SECRET, None)
        return HttpResponseRedirect(reverse("account"))
    return render(request, "account/invitation_known.html", {"offered": offered, "mine": mine})
