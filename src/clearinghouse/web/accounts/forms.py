"""What people fill in on our own pages; nothing is read from a request but the fields named here."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password

from clearinghouse.core.roles import OrganisationRole, Scope
from clearinghouse.registry.services.names import MAX_NAME

_MAY = {
    Scope.REPORTS_SUBMIT: "send reports",
    Scope.REPORTS_READ: "read reports and their verdicts",
    Scope.CASES_READ: "read cases",
    Scope.CASES_WRITE: "take part in cases: messages, embargo, facts",
    Scope.JOURNAL_READ: "read the journal of cases",
    Scope.REVIEWS_READ: "read reviews of models",
    Scope.REVIEWS_WRITE: "take part in reviews of models",
}
_DAYS = ((7, "7 days"), (30, "30 days"), (90, "90 days"), (366, "a year"))
_ROLES = [(role.value, role.value) for role in OrganisationRole]


class TokenForm(forms.Form):
    """A new token."""

    name = forms.CharField(max_length=MAX_NAME, label="What it is for", help_text="For example: nightly scanner.")
    scopes = forms.MultipleChoiceField(
        choices=[(scope.value, f"{scope.value}: {_MAY[scope]}") for scope in Scope],
        widget=forms.CheckboxSelectMultiple,
        label="What it may do",
    )
    days = forms.TypedChoiceField(choices=_DAYS, coerce=int, initial=90, label="How long it works")


class InviteForm(forms.Form):
    """Somebody is invited into an organisation."""

    email = forms.EmailField(label="E-mail address")
    role = forms.ChoiceField(choices=_ROLES, label="Role")


class MemberForm(forms.Form):
    """What becomes of a member: another role, or none."""

    role = forms.ChoiceField(choices=[*_ROLES, ("", "remove")], required=False)


class AcceptForm(forms.Form):
    """A new account's name and password. `email` is the invited address, which the password must not resemble."""

    name = forms.CharField(
        max_length=MAX_NAME, label="Your name, as others see it", widget=forms.TextInput({"autocomplete": "name"})
    )
    password = forms.CharField(
        label="A password",
        strip=False,
        max_length=1000,
        widget=forms.PasswordInput({"autocomplete": "new-password"}),
        help_text="At least 12 characters. A passkey or a code from an app can be added afterwards.",
    )

    def __init__(self, *args: Any, email: str, name: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._email = email
        if name:  # the account is there, with its name
            del self.fields["name"]

    def clean_password(self) -> str:
        """The password, once it was found to be none that is easily guessed."""
        password: str = self.cleaned_data["password"]
        validate_password(password, get_user_model()(email=self._email))
        return password
