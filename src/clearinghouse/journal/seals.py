"""Read seals: the published heads, and the proof that one entry stood in the journal when a seal was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clearinghouse.core import merkle
from clearinghouse.core.errors import IntegrityError, NotFound, NotVerified
from clearinghouse.core.seals import EntryProof, Head, Published, check_proof, leaf
from clearinghouse.journal.models import Entry, Seal, SealLeaf
from clearinghouse.journal.queries import link_of
from clearinghouse.journal.services import stamp

if TYPE_CHECKING:
    from collections.abc import Iterator


def head_of(seal: Seal) -> Head:
    """What a stored seal says. Raises ValueError where it is none, which only a changed one is not."""
    return Head(seal.number, stamp(seal.at), seal.previous, seal.size, seal.root, seal.chains, seal.heads)


def published_of(seal: Seal) -> Published:
    """A stored seal as it is published. Raises ValueError as `head_of` does."""
    return Published(head_of(seal), seal.envelope.encode() or None, tuple(seal.growth.split()))


def newest(limit: int, before: int | None = None) -> tuple[Published, ...]:
    """The newest published seals, or the newest below a number; oldest of them first."""
    rows = Seal.objects.filter(key_id__isnull=False).order_by("-number")
    if before is not None:
        rows = rows.filter(number__lt=before)
    return tuple(published_of(seal) for seal in reversed(rows[:limit]))


def published(number: int) -> Published | None:
    """One published seal."""
    seal = Seal.objects.filter(number=number, key_id__isnull=False).first()
    return published_of(seal) if seal else None


def proof(chain: str, seq: int, *, number: int | None = None) -> EntryProof:
    """The proof that the entry stood in the journal at a seal, the newest published one unless `number` names another.

    Raises NotFound for no such entry or seal, or where the seal was made before the entry was sealed.
    """
    entry = Entry.objects.filter(chain_id=chain, seq=seq).first()
    if entry is None:
        raise NotFound(f"no entry {seq} in a chain {chain}", advice="`clearinghouse journal show CHAIN` numbers them")
    published = Seal.objects.filter(key_id__isnull=False).order_by("-number")
    seal = (published if number is None else published.filter(number=number)).first()
    if seal is None:
        what = "no seal was made yet" if number is None else f"no seal {number}"
        raise NotFound(what, advice="`clearinghouse journal seal` makes one")
    place = SealLeaf.objects.filter(entry=entry, position__lt=seal.size).first()
    if place is None:
        advice = "`clearinghouse journal seal` makes one that does"
        raise NotFound(f"seal {seal.number} does not cover entry {seq} of {chain}", advice=advice)
    path = merkle.inclusion(list(_leaves(seal.size)), place.position)
    found = EntryProof(
        entry=link_of(entry),
        salt=place.salt,
        index=place.position,
        seal=seal.number,
        size=seal.size,
        path=tuple(node.hex() for node in path),
    )
    try:
        check_proof(found, head_of(seal))
    except (NotVerified, ValueError):
        advice = "`clearinghouse journal verify` says where"
        raise IntegrityError(f"seal {seal.number} does not fit the journal", advice=advice) from None
    return found


def _leaves(size: int) -> Iterator[bytes]:
    rows = SealLeaf.objects.filter(position__lt=size).order_by("position").values_list("entry__hash", "salt")
    for entry_hash, salt in rows.iterator():
        yield leaf(entry_hash, salt)
