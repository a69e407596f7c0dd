"""Reads what a browser answers for a passkey; anything that is no such answer is refused like a wrong one."""

from __future__ import annotations

from typing import Any, ClassVar

from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from fido2.webauthn import AuthenticationResponse, RegistrationResponse

MAX_LENGTH = 20_000  # characters; attestations with certificates have a few thousand


class CredentialField(forms.JSONField):
    """The answer as JSON, once `kind` was found to read it."""

    widget = forms.HiddenInput

    def __init__(self, kind: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.kind = kind

    def to_python(self, value: Any) -> Any:
        """The parsed answer. Raises ValidationError for anything else."""
        if isinstance(value, str) and len(value) > MAX_LENGTH:
            raise get_adapter().validation_error("incorrect_code")
        try:
            found = super().to_python(value)
            if found not in self.empty_values:
                self.kind.from_dict(found)
        except Exception:  # noqa: BLE001  # hostile bytes reach several parsers, each with errors of its own
            raise get_adapter().validation_error("incorrect_code") from None
        return found

    def bound_data(self, data: Any, initial: Any) -> Any:  # noqa: ARG002
        """Nothing: an answer that was refused is of no use in the form when that is shown again."""
        return initial


class AddPasskeyForm(AddWebAuthnForm):
    """A new passkey."""

    credential = CredentialField(RegistrationResponse)
    field_order: ClassVar[list[str]] = ["name", "passwordless"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = "What to call it"
        self.fields["passwordless"].label = "Sign in with it alone, without a password"
        self.fields["passwordless"].help_text = "It then asks for a PIN, a finger or a face each time."


class PasskeyForm(AuthenticateWebAuthnForm):
    """A passkey as the second factor."""

    credential = CredentialField(AuthenticationResponse)


class PasskeySignInForm(LoginWebAuthnForm):
    """A passkey in place of a password."""

    credential = CredentialField(AuthenticationResponse)


class PasskeyConfirmForm(ReauthenticateWebAuthnForm):
    """A passkey once more, before something is changed that guards the account."""

    credential = CredentialField(AuthenticationResponse)
