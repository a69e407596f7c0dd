"""The chains with their heads, the entries, and the seals over them with what each seal covers."""

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


class Seal(models.Model):
    """One seal, as `core.seals.Head` says it. `key_id` is None until it is signed, empty where there was no key."""

    number = models.PositiveIntegerField(primary_key=True)
    at = models.DateTimeField()
    previous = models.CharField(max_length=64)
    size = models.PositiveBigIntegerField()
    root = models.CharField(max_length=64)
    chains = models.PositiveIntegerField()
    heads = models.CharField(max_length=64)
    peaks = models.TextField()  # of the tree, so that the next seal need not read what this one covers
    growth = models.TextField()  # the proof that it only adds to the seal before; both hashes parted by spaces
    key_id = models.CharField(max_length=64, null=True)  # noqa: DJ001  # not yet is not the same as without
    envelope = models.TextField(default="")

    def __str__(self) -> str:
        return f"seal {self.number}"


class SealLeaf(models.Model):
    """That an entry is sealed, by which seal, and at which place of the tree: ids say nothing of either."""

    position = models.PositiveBigIntegerField(primary_key=True)
    entry = models.OneToOneField(Entry, on_delete=models.PROTECT, related_name="leaf")
    seal = models.ForeignKey(Seal, on_delete=models.PROTECT, related_name="leaves")
    salt = models.CharField(max_length=32)

    def __str__(self) -> str:
        return f"{self.position} in {self.seal_id}"


class SealedChain(models.Model):
    """How far a chain is sealed. The sealer's own: whoever appends to a chain never waits for it."""

    position = models.PositiveIntegerField(primary_key=True)  # in the order in which chains were first sealed
    chain = models.CharField(max_length=100, unique=True)
    length = models.PositiveIntegerField()
    head = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.chain} up to {self.length}"
