"""Read the journal and prove it whole."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db import transaction

from clearinghouse.core.chain import Break, Link, first_break
from clearinghouse.journal.models import Chain, Entry
from clearinghouse.journal.services import SYSTEM, stamp

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class EntryView:
    """One entry, for people."""

    chain: str
    seq: int
    at: datetime
    actor: str
    kind: str
    body: dict[str, Any]
    previous: str
    hash: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What walking every chain found; `broken` is the first break, None when all is whole."""

    chains: int
    entries: int
    broken: Break | None


def entries(chain: str, *, bodies: bool = True) -> tuple[EntryView, ...]:
    """A chain from its first entry, with or without what the entries say; empty when there is no such chain."""
    return tuple(_view(entry, bodies=bodies) for entry in Entry.objects.filter(chain_id=chain).order_by("seq"))


def latest(limit: int = 50, *, bodies: bool = True) -> tuple[EntryView, ...]:
    """The newest entries over all chains, oldest of them first, with or without what they say."""
    return tuple(_view(entry, bodies=bodies) for entry in reversed(Entry.objects.order_by("-id")[:limit]))


def verify() -> Verification:
    """Walk every chain and recompute every hash; also miss chains that were opened and are gone.

    May run while others write: a chain that grew meanwhile is walked again with nobody writing.
    """
    names = list(Chain.objects.order_by("name").values_list("name", flat=True))
    total, broken = 0, None
    for name in names:
        length, found = _walk(name)
        if found is not None:
            with transaction.atomic():
                list(Chain.objects.select_for_update().filter(name=name))
                length, found = _walk(name)
        total += length
        broken = broken or found
    return Verification(len(names), total, broken or _lost_chain(set(names)))


def _walk(name: str) -> tuple[int, Break | None]:
    chain = Chain.objects.filter(name=name).first()
    if chain is None:
        return 0, Break(name, 1, "missing: the whole chain is gone")
    return chain.length, first_break(name, _links(name), length=chain.length, head=chain.head)


def _lost_chain(names: set[str]) -> Break | None:
    """A chain that the system chain saw opened and that is there no more."""
    if names and SYSTEM not in names:
        return Break(SYSTEM, 1, "missing: the whole chain is gone")
    for entry in Entry.objects.filter(chain_id=SYSTEM, kind="chain opened").order_by("seq"):
        opened = json.loads(entry.body)["chain"]
        if opened not in names and not Chain.objects.filter(name=opened).exists():
            return Break(opened, 1, f"missing: the whole chain is gone; it was opened in {SYSTEM}, entry {entry.seq}")
    return None


def _links(chain: str) -> Iterator[tuple[Link, str]]:
    for entry in Entry.objects.filter(chain_id=chain).order_by("seq").iterator():
        yield link_of(entry), entry.hash


def link_of(entry: Entry) -> Link:
    """A stored entry as it is hashed."""
    return Link(entry.chain_id, entry.seq, stamp(entry.at), entry.actor, entry.kind, entry.body, entry.previous)


def _view(entry: Entry, *, bodies: bool) -> EntryView:
    return EntryView(
        chain=entry.chain_id,
        seq=entry.seq,
        at=entry.at,
        actor=entry.actor,
        kind=entry.kind,
        body=json.loads(entry.body) if bodies else {},
        previous=entry.previous,
        hash=entry.hash,
    )
