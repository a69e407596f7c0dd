"""What somebody who owns the database can do to the journal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import connection

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper


def lift_protection(cursor: CursorWrapper) -> None:
    """Take away the trigger that refuses changes of entries."""
    table = " ON journal_entry" if connection.vendor == "postgresql" else ""
    cursor.execute(f"DROP TRIGGER IF EXISTS journal_entry_unchanged{table}")
