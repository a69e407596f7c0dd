"""Make seals: one transaction takes up every entry not sealed before, then the seal is signed and published.

Entries commit out of the order of their ids, so what is new is looked up by chain: within one, entries commit in order.
Whatever is cut off between the transaction, the signature and the file is taken up by the next `finish`.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from django.db import IntegrityError as DatabaseIntegrityError
from django.db import transaction

from clearinghouse.core import merkle
from clearinghouse.core.chain import GENESIS, Break
from clearinghouse.core.errors import Conflict
from clearinghouse.core.seals import SALT_BYTES, Head, chain_leaf, leaf
from clearinghouse.journal.models import Chain, Entry, Seal, SealedChain, SealLeaf
from clearinghouse.journal.publishing import write_missing_seals
from clearinghouse.journal.queries import link_of
from clearinghouse.journal.seals import head_of
from clearinghouse.journal.services import stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime, timedelta
    from pathlib import Path

    from clearinghouse.core.ports import Clock, Signer

AT_MOST = 20_000  # entries of one seal, so that on SQLite the others wait for it a few seconds at most
_ROWS = 2000  # written by one statement
_NAMES = 500  # looked up by one


@dataclass(frozen=True, slots=True)
class Sealing:
    """What came of sealing: the new head (None where nothing was new), how many entries it took up, and broken ones.

    Where it took several seals, the head is that of the last.
    """

    head: Head | None
    entries: int
    broken: tuple[Break, ...]


@dataclass(slots=True)
class _Sealed:
    """How far a chain is sealed, and whether this seal moves it on."""

    position: int
    length: int
    last: str
    moved: bool = False


def seal(clock: Clock, *, signer: Signer | None, folder: Path) -> Sealing:
    """Seal what is new, by several seals where it is much; have them signed where there is a signer; publish them.

    Raises Conflict when another seal was made at the same moment, and what the signer and the files raise; what was
    begun is then finished by the next `finish`.
    """
    made = make(clock)
    head, entries = made.head, made.entries
    while made.entries == AT_MOST:
        made = make(clock)
        head, entries = made.head or head, entries + made.entries
    finish(signer, folder)
    return Sealing(head, entries, made.broken)


def is_due(every: timedelta, now: datetime) -> bool:
    """Whether the last seal is that old, or there is none."""
    last = Seal.objects.order_by("-number").first()
    return last is None or now - last.at >= every


def make(clock: Clock, chance: Callable[[int], bytes] = os.urandom) -> Sealing:
    """Store a seal, not signed yet, over the entries not sealed before, AT_MOST of them. Raises Conflict."""
    try:
        with transaction.atomic():
            return _make(clock, chance)
    except DatabaseIntegrityError:
        advice = "nothing is lost: what that one left is in the next"
        raise Conflict("another seal was made at the same moment", advice=advice) from None


def finish(signer: Signer | None, folder: Path) -> None:
    """Sign what is not signed yet and write what is not published yet. Raises as `seal` does."""
    for row in Seal.objects.filter(key_id=None).order_by("number"):
        signed = signer.seal(head_of(row)) if signer else None
        key_id, envelope = (signed.key_id, signed.content.decode("ascii")) if signed else ("", "")
        Seal.objects.filter(number=row.number, key_id=None).update(key_id=key_id, envelope=envelope)
    write_missing_seals(folder)


def _make(clock: Clock, chance: Callable[[int], bytes]) -> Sealing:
    last = Seal.objects.order_by("-number").first()
    chains = {
        row.chain: _Sealed(row.position, row.length, row.head) for row in SealedChain.objects.order_by("position")
    }
    tree = merkle.Frontier(last.size, map(bytes.fromhex, last.peaks.split())) if last else merkle.Frontier()
    before, leaves, added = merkle.Frontier(tree.size, tree.peaks), list[SealLeaf](), list[bytes]()
    number = last.number + 1 if last else 1
    broken: list[Break] = []
    for entry in islice(_fitting(chains, broken), AT_MOST):
        salt = chance(SALT_BYTES).hex()
        added.append(leaf(entry.hash, salt))
        leaves.append(SealLeaf(position=tree.size, entry_id=entry.pk, seal_id=number, salt=salt))
        tree.add(added[-1])
    if not leaves:
        return Sealing(None, 0, tuple(broken))
    at = clock()
    head = Head(
        number=number,
        at=stamp(at),
        previous=head_of(last).hash if last else GENESIS,
        size=tree.size,
        root=tree.root.hex(),
        chains=len(chains),
        heads=merkle.root(chain_leaf(name, one.length, one.last) for name, one in chains.items()).hex(),
    )
    growth = " ".join(node.hex() for node in merkle.growth(before, added))
    _store(head, at, peaks=" ".join(peak.hex() for peak in tree.peaks), growth=growth)
    SealLeaf.objects.bulk_create(leaves, batch_size=_ROWS)
    _note(chains)
    return Sealing(head, len(leaves), tuple(broken))


def _store(head: Head, at: datetime, *, peaks: str, growth: str) -> None:
    Seal.objects.create(
        number=head.number,
        at=at,
        previous=head.previous,
        size=head.size,
        root=head.root,
        chains=head.chains,
        heads=head.heads,
        peaks=peaks,
        growth=growth,
    )


def _note(chains: dict[str, _Sealed]) -> None:
    """Keep how far each chain is sealed now."""
    rows = [
        SealedChain(position=one.position, chain=name, length=one.length, head=one.last)
        for name, one in chains.items()
        if one.moved
    ]
    SealedChain.objects.bulk_create(
        rows,
        batch_size=_ROWS,
        update_conflicts=True,
        unique_fields=["position"],
        update_fields=["length", "head"],
    )


def _fitting(chains: dict[str, _Sealed], broken: list[Break]) -> Iterator[Entry]:
    """Every entry that is new and follows from what is sealed; `chains` is moved on with them.

    A chain that does not follow is left out from there on, and told in `broken`: a seal never vouches for it.
    """
    skipped: set[str] = set()
    for entry in _new(chains):
        name = entry.chain_id
        if name in skipped:
            continue
        one = chains.get(name) or _Sealed(len(chains), 0, GENESIS)
        link = link_of(entry)
        if (link.seq, link.previous, link.hash) != (one.length + 1, one.last, entry.hash):
            broken.append(Break(name, one.length + 1, "does not follow from what is sealed, so it is not sealed"))
            skipped.add(name)
            continue
        chains[name] = _Sealed(one.position, entry.seq, entry.hash, moved=True)
        yield entry


def _new(chains: dict[str, _Sealed]) -> Iterator[Entry]:
    """The entries of chains that grew, chain by chain in order. What is appended meanwhile is left to the next seal."""
    sealed = {name: one.length for name, one in chains.items()}
    grown = [
        (name, length)
        for name, length in Chain.objects.order_by("name").values_list("name", "length")
        if length > sealed.get(name, 0)
    ]
    fresh = [(name, length) for name, length in grown if name not in sealed]
    for start in range(0, len(fresh), _NAMES):
        upto = dict(fresh[start : start + _NAMES])
        rows = Entry.objects.filter(chain_id__in=upto).order_by("chain_id", "seq")
        yield from (entry for entry in rows.iterator() if entry.seq <= upto[entry.chain_id])
    for name, length in grown:
        if name in sealed:
            yield from Entry.objects.filter(chain_id=name, seq__gt=sealed[name], seq__lte=length).order_by("seq")
