"""Second factors: setting one up counts as having used it; and the few pages that need a script may have ours."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from django.db import transaction

from clearinghouse.bootstrap import wiring
from clearinghouse.registry import services
from clearinghouse.web.accounts.who import person_of
from clearinghouse.web.middleware import HEADERS

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

_CSP = "Content-Security-Policy"
SCRIPT_POLICY = HEADERS[_CSP].replace("script-src 'none'", "script-src 'self'")


def with_script(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page that may load scripts of this server: browsers speak of passkeys to scripts alone."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response.headers[_CSP] = SCRIPT_POLICY
        return response

    return wrapped


class ActivateTotp(totp.ActivateTOTPView):
    """Set up an app that shows codes; the code that was asked for has been the first."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Note that a second factor was added, and shown in this session."""
        return _changed(self.request, super().form_valid, form, kind="totp", added=True)


class DeactivateTotp(totp.DeactivateTOTPView):
    """Remove the app."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Note that a second factor was removed."""
        return _changed(self.request, super().form_valid, form, kind="totp", added=False)


class AddPasskey(passkeys.AddWebAuthnView):
    """Set up a passkey; it was asked for its first signature."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Note that a second factor was added, and shown in this session."""
        return _changed(self.request, super().form_valid, form, kind="webauthn", added=True)


class RemovePasskey(passkeys.RemoveWebAuthnView):
    """Remove a passkey."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Note that a second factor was removed."""
        return _changed(self.request, super().form_valid, form, kind="webauthn", added=False)


def _changed(
    request: HttpRequest, change: Callable[[Any], HttpResponse], form: Any, *, kind: str, added: bool
) -> HttpResponse:
    """Make the change and its entry in the journal together."""
    person = person_of(request)
    with transaction.atomic():
        response = change(form)
        services.note_factor(person, kind, added=added, at=wiring.clock())
    if added:
        record_authentication(request, person, "mfa", type=kind)
    return response


activate_totp = ActivateTotp.as_view()
deactivate_totp = DeactivateTotp.as_view()
add_passkey = AddPasskey.as_view()
remove_passkey = RemovePasskey.as_view()
