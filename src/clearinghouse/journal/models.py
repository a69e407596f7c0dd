"""Two tables: the chains with their heads, and the entries."""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import models

from clearinghouse.core.errors import Refused


class Chain(models.Model):
    """One chain: how many entries it has and the hash of the last. Locked while an entry is added."""

    name = models.CharField(max_length=100, primary_key=True)
    length = models.PositiveIntegerField(default=0)
    head = models.CharField(max_length=64)

    def __str__(self) -> str:
        return self.name


class EntryQuerySet(models.QuerySet["Entry"]):
    """Reads only."""

    def update(self, **_kwargs: Any) -> NoReturn:
        """Refuses: what was decided stays on record."""
        raise Refused("journal entries are never changed", advice="append another entry that says what changed")

    def delete(self) -> NoReturn:
        """Refuses: what was decided stays on record."""
        raise Refused("journal entries are never deleted", advice="append another entry that says what changed")


class Entry(models.Model):
    """One decision. `body` is canonical JSON text, kept as hashed."""

    chain = models.ForeignKey(Chain, on_delete=models.PROTECT, related_name="entries")
    seq = models.PositiveIntegerField()
    at = models.DateTimeField()
    actor = models.CharField(max_length=200)
    kind = models.CharField(max_length=60)
    body = models.TextField()
    previous = models.CharField(max_length=64)
    hash = models.CharField(max_length=64)

    objects = EntryQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["chain", "seq"], name="journal_no_forks")]
        indexes = [models.Index(fields=["kind", "id"], name="journal_by_kind")]

    def __str__(self) -> str:
        return f"{self.chain_id}#{self.seq} {self.kind}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Writes a new entry; refuses to write an old one again."""
        if not self._state.adding:
            raise Refused("journal entries are never changed", advice="append another entry that says what changed")
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        """Refuses: what was decided stays on record."""
        raise Refused("journal entries are never deleted", advice="append another entry that says what changed")
