"""Append an entry within the caller's transaction: the change and its record are written together or not at all."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any

from django.db import connection

from clearinghouse.core.chain import GENESIS, Link, canonical
from clearinghouse.core.errors import IntegrityError
from clearinghouse.core.storable import storable
from clearinghouse.journal.models import Chain, Entry

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

MAX_ACTOR = 200  # characters that an entry holds of its actor's name
SYSTEM = "system"  # notes the opening of every other chain, so that a lost chain is missed


def append(chain: str, kind: str, *, actor: str, at: datetime, body: Mapping[str, Any]) -> str:
    """Add one entry to `chain` (made on first use) and return its hash. Must run inside a transaction."""
    if not connection.in_atomic_block:
        raise IntegrityError(f"journal entry {kind} outside a transaction", advice="append it where the change is made")
    row, opened = Chain.objects.select_for_update().get_or_create(name=chain, defaults={"head": GENESIS})
    if opened and chain != SYSTEM:
        append(SYSTEM, "chain opened", actor=actor, at=at, body={"chain": chain})
    link = Link(
        chain=chain,
        seq=row.length + 1,
        at=stamp(at),
        actor=storable(actor, MAX_ACTOR),
        kind=kind,
        body=canonical(dict(body)),
        previous=row.head,
    )
    digest = link.hash
    Entry.objects.create(
        chain=row, seq=link.seq, at=at, actor=link.actor, kind=kind, body=link.body, previous=link.previous, hash=digest
    )
    row.length, row.head = link.seq, digest
    row.save(update_fields=["length", "head"])
    return digest


def stamp(at: datetime) -> str:
    """An instant as it is hashed: UTC with microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
