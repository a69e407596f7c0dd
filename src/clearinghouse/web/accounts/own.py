"""A person's own page: its organisations and its tokens."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from clearinghouse.bootstrap import wiring
from clearinghouse.core.errors import ClearinghouseError, Conflict
from clearinghouse.core.roles import Scope
from clearinghouse.registry import queries, services
from clearinghouse.web.accounts.forms import TokenForm
from clearinghouse.web.accounts.who import person_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


@login_required
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The person who signed in, as the clearinghouse knows it."""
    return _page(request, TokenForm())


@login_required
@require_POST
def new_token(request: HttpRequest) -> HttpResponse:
    """Make a token of the person's own, and show its secret this once."""
    form = TokenForm(request.POST)
    made = made_token(request, form, person_of(request).party)
    if made is None:
        return _page(request, form, status=400)
    return render(request, "account/token.html", {"made": made, "back": reverse("account")})


def made_token(request: HttpRequest, form: TokenForm, owner: Any) -> services.MadeToken | None:
    """The token of that owner that the form asks for; None where it cannot be made, and the form says why."""
    if not form.is_valid():
        return None
    asked = form.cleaned_data
    try:
        return services.create_token(
            owner,
            asked["name"],
            [Scope(scope) for scope in asked["scopes"]],
            actor=queries.actor_of(person_of(request)),
            at=wiring.clock(),
            days=asked["days"],
        )
    except ClearinghouseError as error:
        form.add_error(None, str(error))
        return None


@login_required
@require_POST
def end_token(request: HttpRequest, key: str) -> HttpResponse:
    """End a token, of the person's own or of an organisation that it manages; any other does not exist."""
    actor = queries.actor_of(person_of(request))
    token = queries.token_of(actor, key)
    if token is None:
        raise Http404
    with suppress(Conflict):  # it was ended before: what was asked for holds
        services.revoke_token(token, actor=actor, at=wiring.clock())
    if token.owner.key == actor.person:
        return HttpResponseRedirect(reverse("account"))
    return HttpResponseRedirect(reverse("organisation", args=[token.owner.handle]))


def _page(request: HttpRequest, form: TokenForm, status: int = 200) -> HttpResponse:
    person = person_of(request)
    actor = queries.actor_of(person)
    context = {
        "person": person,
        "roles": sorted(actor.roles),
        "organisations": [row for row in queries.organisations(actor) if row.role],
        "tokens": queries.tokens(actor, at=wiring.clock(), owner=person.party),
        "has_factor": is_mfa_enabled(person),
        "form": form,
    }
    return render(request, "account/person.html", context, status=status)
