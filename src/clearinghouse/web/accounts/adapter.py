"""How the sign-in library behaves here: invited people only, links to our own address, secrets encrypted at rest."""

from __future__ import annotations

import base64
import threading
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from clearinghouse.bootstrap import wiring
from clearinghouse.registry import services

if TYPE_CHECKING:
    from django.core.mail import EmailMessage
    from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    """Passwords, mails and where people are led."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002
        """Never: accounts come from invitations."""
        return False

    def is_safe_url(self, url: str) -> bool:
        """Whether sign-in may lead there: addresses of this server without a host, and no others."""
        return url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def set_password(self, user: Any, password: str) -> None:
        """Keep a new password, with its entry in the journal."""
        services.set_password(user, password, at=wiring.clock())

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:  # noqa: ARG002
        """The account's page."""
        return reverse("account")

    def get_reset_password_from_key_url(self, key: str) -> str:
        """The link in the mail. Its host is the setting's, whatever the request claims to have been sent to."""
        uid, _, secret = key.partition("-")
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": uid, "key": secret})
        return f"{wiring.settings().url}{path}"

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Render a mail and send it. A slow mail server holds nobody up, and so tells nobody who has an account."""
        post(self.render_mail(template_prefix, email, {"email": email, **context}))


class MfaAdapter(DefaultMFAAdapter):
    """Second factors. What they are made from is encrypted by a key made from the server's secret."""

    def encrypt(self, text: str) -> str:
        """What is stored in place of a secret."""
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """The secret itself."""
        return _cipher().decrypt(encrypted_text.encode()).decode()

    def generate_authenticator_name(self, user: Any, type: Any) -> str:  # noqa: A002  # the library's name for it
        """What a passkey is called until somebody calls it something else."""
        return f"Passkey {1 + user.authenticator_set.filter(type=type).count()}"

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """What passkeys are bound to: the host of the setting's address."""
        return {"id": urlsplit(wiring.settings().url).hostname or "localhost", "name": "clearinghouse"}


def post(message: EmailMessage) -> None:
    """Send a mail: by SMTP in a thread of its own, else at once. One that cannot be sent is noted in the log."""
    if settings.EMAIL_BACKEND.endswith(".smtp.EmailBackend"):
        threading.Thread(target=_send, args=(message,), daemon=True).start()
    else:
        _send(message)


def _send(message: EmailMessage) -> None:
    try:
        message.send()
    except OSError as error:  # smtplib's own errors are among these
        structlog.get_logger().error("mail not sent", reason=str(error), subject=message.subject)


@cache
def _cipher() -> Fernet:
    key = HKDF(SHA256(), 32, salt=None, info=b"clearinghouse second factors").derive(str(settings.SECRET_KEY).encode())
    return Fernet(base64.urlsafe_b64encode(key))
