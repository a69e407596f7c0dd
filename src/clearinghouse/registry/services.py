"""Know a finder by name, from its first report on."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.text import slugify

from clearinghouse.core.errors import UsageError
from clearinghouse.journal import services as journal
from clearinghouse.registry.models import Party

if TYPE_CHECKING:
    from datetime import datetime

MAX_NAME = 100


def know_finder(name: str, *, at: datetime) -> Party:
    """The party of that name, noted in the journal when new. Names that differ only in case or spacing are one.

    Raises UsageError for a name that is empty, too long or holds control characters.
    """
    shown = re.sub(r"\s+", " ", unicodedata.normalize("NFC", name)).strip()
    handle = slugify(shown)
    if not handle or len(shown) > MAX_NAME or any(unicodedata.category(c).startswith("C") for c in shown):
        raise UsageError(
            f"finder {shown[:MAX_NAME]!r} is no usable name",
            advice=f"give a name of 1 to {MAX_NAME} characters with at least one ASCII letter or digit",
        )
    with transaction.atomic():
        finder, new = Party.objects.get_or_create(handle=handle, defaults={"name": shown, "known_since": at})
        if new:
            body = {"finder": handle, "name": shown}
            journal.append(journal.SYSTEM, "finder known", actor=shown, at=at, body=body)
    return finder
