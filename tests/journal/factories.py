"""A journal to seal, and what somebody who owns its database can do with it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from clearinghouse.journal import sealing
from clearinghouse.journal.models import Chain, Entry, Seal
from clearinghouse.journal.services import append
from tests.intake.factories import START, Ticking

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.backends.utils import CursorWrapper

    from clearinghouse.core.seals import Head

TABLES = ("journal_sealleaf", "journal_sealedchain", "journal_seal", "journal_entry", "journal_chain")
TRIGGERS = {
    "journal_entry_unchanged": "journal_entry",
    "journal_seal_unchanged": "journal_seal",
    "journal_sealleaf_unchanged": "journal_sealleaf",
}

Event = tuple[str, str]  # chain, body
Batches = list[list[Event]]  # what is appended before each seal


def fill(events: Iterable[Event]) -> None:
    """Append one entry for each event."""
    with transaction.atomic():
        for chain, words in events:
            append(chain, "event", actor="someone", at=START, body={"words": words})


def build(batches: Batches) -> list[Head]:
    """Append and seal each batch; the heads, unsigned. The same batches give the same heads, salts included."""
    heads = []
    clock, chance = Ticking(), random.Random(2026)
    for batch in batches:
        fill(batch)
        made = sealing.make(clock, chance.randbytes)
        assert made.broken == ()
        assert made.head is not None
        heads.append(made.head)
    return heads


def lift_protection(cursor: CursorWrapper) -> None:
    """Take away the triggers that refuse changes."""
    for name, table in TRIGGERS.items():
        place = f" ON {table}" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER IF EXISTS {name}{place}")


def sql(statement: str, *values: Any) -> None:
    """What somebody with the database can do: the triggers are no obstacle to them."""
    with connection.cursor() as cursor:
        lift_protection(cursor)
        cursor.execute(statement, values)


def rewrite(batches: Batches) -> list[Head]:
    """Wipe everything and make another journal, whole in itself: every hash and every seal anew, with the old salts."""
    for table in TABLES:
        sql(f"DELETE FROM {table}")
    return build(batches)


def sealed_entries(head: Head) -> list[Entry]:
    """The entries that a head covers, in the order of its tree."""
    return list(Entry.objects.filter(leaf__position__lt=head.size).order_by("leaf__position"))


def counts() -> tuple[int, int, int]:
    """Chains, entries and seals."""
    return Chain.objects.count(), Entry.objects.count(), Seal.objects.count()
