"""Read the journal and prove it whole."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

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


def entries(chain: str) -> tuple[EntryView, ...]:
    """A chain from its first entry; empty when there is no such chain."""
    return tuple(_view(entry) for entry in Entry.objects.filter(chain_id=chain).order_by("seq"))


def latest(limit: int = 50) -> tuple[EntryView, ...]:
    """The newest entries over all chains, oldest of them first."""
    return tuple(_view(entry) for entry in reversed(Entry.objects.order_by("-id")[:limit]))


def verify() -> Verification:
    """Walk every chain and recompute every hash; also miss chains that were opened and are gone."""
    chains = list(Chain.objects.order_by("name"))
    total, broken = 0, None
    for chain in chains:
        total += chain.length
        broken = broken or first_break(chain.name, _links(chain.name), length=chain.length, head=chain.head)
    names = {chain.name for chain in chains}
    if broken is None and names and SYSTEM not in names:
        broken = Break(SYSTEM, 1, "missing: the whole chain is gone")
    if broken is None:
        for entry in Entry.objects.filter(chain_id=SYSTEM, kind="chain opened").order_by("seq"):
            opened = json.loads(entry.body)["chain"]
            if opened not in names:
                broken = Break(
                    opened, 1, f"missing: the whole chain is gone; it was opened in {SYSTEM}, entry {entry.seq}"
                )
                break
    return Verification(len(chains), total, broken)


def _links(chain: str) -> Iterator[tuple[Link, str]]:
    for entry in Entry.objects.filter(chain_id=chain).order_by("seq").iterator():
        link = Link(chain, entry.seq, stamp(entry.at), entry.actor, entry.kind, entry.body, entry.previous)
        yield link, entry.hash


def _view(entry: Entry) -> EntryView:
    return EntryView(
        chain=entry.chain_id,
        seq=entry.seq,
        at=entry.at,
        actor=entry.actor,
        kind=entry.kind,
        body=json.loads(entry.body),
        previous=entry.previous,
        hash=entry.hash,
    )
