"""Who acts for an organisation: add, change and remove its members. An organisation keeps a manager once it has one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from clearinghouse.core.errors import Conflict, NotFound, Refused
from clearinghouse.core.permissions import AccountAction
from clearinghouse.core.roles import OrganisationRole
from clearinghouse.journal.repeating import repeated
from clearinghouse.registry.models import ApiToken, Membership, Organisation
from clearinghouse.registry.queries.standing import about, managers
from clearinghouse.registry.services.permission import demand, note

if TYPE_CHECKING:
    from datetime import datetime

    from clearinghouse.core.visibility import Actor
    from clearinghouse.registry.models import Person


@repeated
def add_member(
    person: Person, organisation: Organisation, role: OrganisationRole, *, actor: Actor, at: datetime
) -> None:
    """Let a person act for an organisation. Raises Refused, Conflict for a member."""
    with transaction.atomic():
        _lock(organisation)
        demand(actor, AccountAction.ADD_MEMBER, about(person=person.party, organisation=organisation))
        join(person, organisation, role, actor=actor, at=at)


def join(person: Person, organisation: Organisation, role: OrganisationRole, *, actor: Actor, at: datetime) -> None:
    """The row and its entry, within the caller's transaction, once somebody decided that the person may."""
    _, new = Membership.objects.get_or_create(
        person=person, organisation=organisation, defaults={"role": role, "since": at}
    )
    if not new:
        raise Conflict(f"{person.party.handle} is a member of {organisation.party.handle}", advice="change its role")
    note("member added", actor=actor, at=at, body=_body(person, organisation) | {"role": role.value})


@repeated
def change_role(
    person: Person, organisation: Organisation, role: OrganisationRole, *, actor: Actor, at: datetime
) -> None:
    """Make a member a manager, or a manager a member. Raises Refused for the last manager, NotFound for no member."""
    with transaction.atomic():
        _lock(organisation)
        demand(actor, AccountAction.CHANGE_MEMBER, about(person=person.party, organisation=organisation))
        row = _membership(person, organisation)
        if row.role == role:
            return
        if role is not OrganisationRole.MANAGER:
            _keep_a_manager(person, organisation)
        row.role = role
        row.save(update_fields=["role"])
        note("member's role changed", actor=actor, at=at, body=_body(person, organisation) | {"role": role.value})


@repeated
def remove_member(person: Person, organisation: Organisation, *, actor: Actor, at: datetime) -> None:
    """Let a person act for an organisation no more; the tokens that it made for it end too, as it knows them.

    Raises Refused for the last manager, NotFound for no member.
    """
    with transaction.atomic():
        _lock(organisation)
        demand(actor, AccountAction.REMOVE_MEMBER, about(person=person.party, organisation=organisation))
        row = _membership(person, organisation)
        _keep_a_manager(person, organisation)
        row.delete()
        tokens = ApiToken.objects.filter(owner=organisation.party, created_by=person, revoked_at__isnull=True)
        prefixes = sorted(tokens.values_list("prefix", flat=True))
        tokens.update(revoked_at=at)
        note("member removed", actor=actor, at=at, body=_body(person, organisation) | {"tokens": prefixes})


def _lock(organisation: Organisation) -> None:
    """One change of members at a time: two managers cannot both go at once."""
    Organisation.objects.select_for_update().get(pk=organisation.pk)


def _membership(person: Person, organisation: Organisation) -> Membership:
    row = Membership.objects.filter(person=person, organisation=organisation).first()
    if row is None:
        raise NotFound(
            f"{person.party.handle} is no member of {organisation.party.handle}", advice="nothing was changed"
        )
    return row


def _keep_a_manager(person: Person, organisation: Organisation) -> None:
    if managers(organisation) == {person.party.key}:
        raise Refused(
            f"{person.party.handle} is the last manager of {organisation.party.handle}",
            advice="make another member a manager first",
        )


def _body(person: Person, organisation: Organisation) -> dict[str, str | list[str]]:
    return {"person": person.party.handle, "organisation": organisation.party.handle}
