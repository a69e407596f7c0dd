"""What a person does to its own keys: a new password, a second factor more or fewer. Each is noted in the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth.hashers import make_password
from django.db import transaction

from clearinghouse.registry.queries.actors import actor_of
from clearinghouse.registry.services.permission import note

if TYPE_CHECKING:
    from datetime import datetime

    from clearinghouse.registry.models import Person


def set_password(person: Person, password: str, *, at: datetime) -> None:
    """Give the person another password, which ends its sessions. It was checked to be a good one before."""
    person.password = make_password(password)  # takes its time, so before the database is held
    with transaction.atomic():
        person.save(update_fields=["password"])
        note("password changed", actor=actor_of(person), at=at, body={"person": person.party.handle})


def note_factor(person: Person, kind: str, *, added: bool, at: datetime) -> None:
    """Note that a second factor of that kind was added or removed; within the transaction that did it."""
    what = "second factor added" if added else "second factor removed"
    note(what, actor=actor_of(person), at=at, body={"person": person.party.handle, "kind": kind})
