"""Create an organisation; reports known under its name so far become its own only when that is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.text import slugify

from clearinghouse.core.errors import Conflict, UsageError
from clearinghouse.core.permissions import AccountAction
from clearinghouse.core.roles import PartyKind
from clearinghouse.journal.repeating import repeated
from clearinghouse.registry.models import Organisation, Party
from clearinghouse.registry.services.names import RESERVED, new_party, shown_name
from clearinghouse.registry.services.permission import demand, note

if TYPE_CHECKING:
    from datetime import datetime

    from clearinghouse.core.roles import OrganisationKind
    from clearinghouse.core.visibility import Actor

MAX_EMBARGO_DAYS = 3650


@repeated
def create_organisation(
    name: str,
    kind: OrganisationKind,
    *,
    actor: Actor,
    at: datetime,
    contact: str = "",
    embargo_days: int | None = None,
    take_name: bool = False,
) -> Organisation:
    """A new organisation without members. `take_name` makes the reports known under its name its own.

    Raises Refused, UsageError for an unusable name, address or number, Conflict where the name is taken.
    """
    shown = shown_name(name, "organisation")
    handle = slugify(shown)
    if contact:
        try:
            validate_email(contact)
        except ValidationError:
            raise UsageError(f"contact {contact!r} is no e-mail address", advice="give one, or none") from None
    if embargo_days is not None and not 0 <= embargo_days <= MAX_EMBARGO_DAYS:
        raise UsageError(
            f"{embargo_days} days are no usable default embargo", advice=f"give 0 to {MAX_EMBARGO_DAYS}, or none"
        )
    with transaction.atomic():
        demand(actor, AccountAction.CREATE_ORGANISATION)
        party = _party(shown, handle, at=at, take_name=take_name)
        made = Organisation.objects.create(party=party, kind=kind, contact=contact, embargo_days=embargo_days)
        body = {"organisation": party.handle, "name": shown, "kind": kind.value, "embargo_days": embargo_days}
        note("organisation created", actor=actor, at=at, body={**body, "took_name": take_name})
    return made


def _party(shown: str, handle: str, *, at: datetime, take_name: bool) -> Party:
    """The party behind the new organisation: a new one, or the one known from reports."""
    known = Party.objects.select_for_update().filter(handle=handle).first()
    if handle in RESERVED or (known is not None and known.kind != PartyKind.NAME):
        raise Conflict(f"the name {shown} is taken", advice="choose another")
    if known is None:
        return new_party(shown, PartyKind.ORGANISATION, at=at)
    if not take_name:
        raise Conflict(
            f"{known.name} is known as a finder already",
            advice="say with --take-name that its reports are the organisation's, or choose another name",
        )
    known.name, known.kind = shown, PartyKind.ORGANISATION
    known.save(update_fields=["name", "kind"])
    return known
