"""Second factors: setting one up counts as having used it; and the few pages that need a script may have ours."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn.views import AddWebAuthnView

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
        """Note that a second factor was shown in this session."""
        response: HttpResponse = super().form_valid(form)
        record_authentication(self.request, self.request.user, "mfa", type="totp")
        return response


class AddPasskey(AddWebAuthnView):
    """Set up a passkey; it was asked for its first signature."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Note that a second factor was shown in this session."""
        response: HttpResponse = super().form_valid(form)
        record_authentication(self.request, self.request.user, "mfa", type="webauthn")
        return response


activate_totp = ActivateTotp.as_view()
deactivate_totp = totp.deactivate_totp
add_passkey = AddPasskey.as_view()
