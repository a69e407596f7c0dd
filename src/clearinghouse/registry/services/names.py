"""Gives parties their names: one name is one finder, and nobody signs in under the name of another."""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from itertools import chain, count
from typing import TYPE_CHECKING

from django.db import IntegrityError, transaction
from django.utils.text import slugify

from clearinghouse.core.errors import UsageError
from clearinghouse.journal import services as journal
from clearinghouse.registry.models import Party

if TYPE_CHECKING:
    from datetime import datetime

    from clearinghouse.core.roles import PartyKind

MAX_NAME = 100
# Names under which the house itself, the public and whoever is at the machine stand in the journal.
RESERVED = frozenset({"admin", "clearinghouse", "coordinator", "intake", "prover", "system", "the-public", "worker"})


def know_finder(name: str, *, at: datetime) -> Party:
    """The party of that name, noted in the journal when new. Names that differ only in case or spacing are one.

    Raises UsageError for a name that is empty, too long or holds control characters.
    """
    shown = shown_name(name, "finder")
    handle = slugify(shown)
    if not handle:
        raise _unusable(shown, "finder", " with at least one ASCII letter or digit")
    with transaction.atomic():
        finder, new = Party.objects.get_or_create(handle=handle, defaults={"name": shown, "known_since": at})
        if new:
            body = {"finder": handle, "name": shown}
            journal.append(journal.SYSTEM, "finder known", actor=shown, at=at, body=body)
    return finder


def shown_name(name: str, whose: str) -> str:
    """A name as it is kept: NFC, single spaces. Raises UsageError for one that is empty, too long or unprintable."""
    shown = re.sub(r"\s+", " ", unicodedata.normalize("NFC", name)).strip()
    if not shown or len(shown) > MAX_NAME or any(unicodedata.category(c).startswith("C") for c in shown):
        raise _unusable(shown, whose, "")
    return shown


def new_party(name: str, kind: PartyKind, *, at: datetime) -> Party:
    """A party of its own, whatever others are called: the second Ada has the handle `ada-2`. Within a transaction."""
    shown = shown_name(name, kind.value)
    stem = slugify(shown)[: MAX_NAME - 8] or kind.value
    taken = set(Party.objects.filter(handle__startswith=stem).values_list("handle", flat=True)) | RESERVED
    for handle in chain([stem], (f"{stem}-{number}" for number in count(2))):
        if handle not in taken:
            with suppress(IntegrityError), transaction.atomic():  # somebody else may take it at this very moment
                return Party.objects.create(name=shown, handle=handle, kind=kind, known_since=at)
    raise AssertionError("unreachable")


def _unusable(shown: str, whose: str, more: str) -> UsageError:
    return UsageError(
        f"{whose} {shown[:MAX_NAME]!r} is no usable name", advice=f"give a name of 1 to {MAX_NAME} characters{more}"
    )
