"""Tables of who takes part: parties; organisations and people; what people may do; tokens and invitations."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar
from uuid import uuid4

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

from clearinghouse.core.roles import OrganisationKind, OrganisationRole, PartyKind, SiteRole

if TYPE_CHECKING:
    from collections.abc import Iterable
    from enum import StrEnum


def new_key() -> str:
    """An opaque id: 32 hexadecimal digits of chance, which tell neither an order nor a time."""
    return uuid4().hex


def choices(words: Iterable[StrEnum]) -> list[tuple[str, str]]:
    """The words of an enumeration as a column's choices, each its own label."""
    return [(word.value, word.value) for word in words]


class Party(models.Model):
    """Anyone who takes part. `handle` is its name in addresses and in the journal, `key` what rights are bound to."""

    key = models.CharField(max_length=32, unique=True, default=new_key, editable=False)
    kind = models.CharField(max_length=12, choices=choices(PartyKind), default=PartyKind.NAME)
    name = models.CharField(max_length=200)
    handle = models.SlugField(max_length=100, unique=True)
    known_since = models.DateTimeField()

    def __str__(self) -> str:
        return self.name


class Organisation(models.Model):
    """A party that people act for. `embargo_days` is the length that it publishes as its default; None for none."""

    party = models.OneToOneField(Party, on_delete=models.PROTECT, related_name="organisation")
    kind = models.CharField(max_length=12, choices=choices(OrganisationKind))
    contact = models.CharField(max_length=254, blank=True)
    embargo_days = models.PositiveSmallIntegerField(null=True)

    def __str__(self) -> str:
        return self.party.name


class PersonManager(BaseUserManager["Person"]):
    """Finds people by e-mail address, whatever its letters' case."""

    def get_by_natural_key(self, username: str | None) -> Person:
        """The person who signs in with that address."""
        return self.get(email=(username or "").lower())


class Person(AbstractBaseUser):
    """A party that signs in: by e-mail address (small letters) and a password, or a passkey.

    `epoch` is part of what sessions are bound to: one more, and every session of the person ends.
    """

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    party = models.OneToOneField(Party, on_delete=models.PROTECT, related_name="person")
    email = models.EmailField(unique=True)
    is_active = models.BooleanField(default=True)
    epoch = models.PositiveIntegerField(default=0)

    objects: ClassVar[PersonManager] = PersonManager()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="registry_one_address")]

    def __str__(self) -> str:
        return self.party.handle

    def clean(self) -> None:
        """Writes the address in small letters."""
        super().clean()
        self.email = self.email.lower()

    def get_session_auth_hash(self) -> str:
        """What a session must still equal to be the person's: changes with the password and with `epoch`."""
        return f"{super().get_session_auth_hash()}{self.epoch:x}"


class Membership(models.Model):
    """A person acts for an organisation."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="memberships")
    organisation = models.ForeignKey(Organisation, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=12, choices=choices(OrganisationRole))
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "organisation"], name="registry_one_membership")]

    def __str__(self) -> str:
        return f"{self.person_id} is {self.role} of {self.organisation_id}"


class SiteGrant(models.Model):
    """A person has a role on the whole site."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, related_name="grants")
    role = models.CharField(max_length=12, choices=choices(SiteRole))
    since = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "role"], name="registry_one_grant")]

    def __str__(self) -> str:
        return f"{self.person_id} is {self.role}"


class ApiToken(models.Model):
    """A key for programs. Its secret is kept as a SHA-256 hash; `prefix`, its first characters, names it to people.

    `owner` is whom it acts for; `created_by` is None when it was made at the machine.
    """

    key = models.CharField(max_length=32, unique=True, default=new_key, editable=False)
    owner = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="tokens")
    created_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="created_tokens")
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12)
    hash = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField(default=list)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.prefix}… ({self.name})"


class Invitation(models.Model):
    """Whoever gets the mail to `email` may become a person: `role` in `organisation`, `site_roles` on the site.

    The secret in the mail's link is kept as a SHA-256 hash, works once and until `expires_at`.
    """

    key = models.CharField(max_length=32, unique=True, default=new_key, editable=False)
    email = models.EmailField()
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, related_name="invitations")
    role = models.CharField(max_length=12, choices=choices(OrganisationRole), blank=True)
    site_roles = models.JSONField(default=list)
    hash = models.CharField(max_length=64, unique=True)
    invited_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="sent_invitations")
    invited_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)
    used_by = models.ForeignKey(Person, on_delete=models.PROTECT, null=True, related_name="used_invitations")

    def __str__(self) -> str:
        return f"invitation {self.key}"
