"""Prove the journal whole: its chains, its seals, and what it must still hold by heads that somebody kept elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from clearinghouse.core.chain import GENESIS, Break, Link
from clearinghouse.core.errors import NotVerified
from clearinghouse.core.seals import Head, Published, Replay, check_growth
from clearinghouse.journal import queries
from clearinghouse.journal.models import Chain, Seal, SealedChain, SealLeaf
from clearinghouse.journal.seals import published_of
from clearinghouse.journal.services import stamp
from clearinghouse.journal.signatures import SealBreak, Vouched, vouched

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from clearinghouse.journal.signatures import Signer


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found. `broken` is the first fault of the journal by itself, `differs` the first against a kept head.

    `sealed` of the `entries` are covered by `seals`, of which `signed` have a signature; `kept` heads were compared.
    `vouched` says whose signatures they are, `forged` which seal lacks one that it must have.
    """

    chains: int
    entries: int
    seals: int
    sealed: int
    signed: int
    kept: int
    broken: Break | SealBreak | None
    differs: SealBreak | None
    vouched: Vouched
    forged: SealBreak | None


def check(kept: Sequence[Head] = (), *, signer: Signer = lambda _published: "") -> Checked:
    """Recompute every hash of every chain and every seal, and compare with `kept`, heads that somebody has elsewhere.

    `signer` checks the signature of a seal; unless given, none is looked at. May run while others write.
    """
    rows = list(Seal.objects.order_by("number"))  # before the chains: what is sealed later is not looked at
    chains = queries.verify()
    seals, fault = _seals(rows)
    by, forged = vouched(seals, {row.number for row in rows if row.key_id is None}, signer)
    walk = _Walk([*(one.head for one in seals), *kept])
    walk.go()
    return Checked(
        chains=chains.chains,
        entries=chains.entries,
        seals=len(rows),
        sealed=walk.replay.size,
        signed=sum(bool(row.key_id) for row in rows),
        kept=len(kept),
        broken=chains.broken
        or walk.broken
        or fault
        or walk.first_that_differs([one.head for one in seals])
        or _lost(walk.replay)
        or _noted_otherwise(walk.replay, len(rows)),
        differs=_against(kept, walk, {one.head.number: one.head.hash for one in seals}),
        vouched=by,
        forged=forged,
    )


def _seals(rows: Sequence[Seal]) -> tuple[list[Published], SealBreak | None]:
    """The seals up to the first that does not follow from the one before it, and that one."""
    found: list[Published] = []
    for number, row in enumerate(rows, start=1):
        if row.number != number:
            return found, SealBreak(number, f"is gone: the next one there is {row.number}")
        try:
            one = published_of(row)
            if found:
                check_growth(found[-1], one)
            elif one.head.previous != GENESIS:
                raise ValueError("the first seal names one before it")  # noqa: TRY301  # one answer for all faults
        except (ValueError, NotVerified) as error:
            return found, SealBreak(number, f"was changed after it was made: {error}")
        found.append(one)
    return found, None


class _Walk:
    """All sealed entries one after the other; `heads` are compared as their sizes are reached."""

    def __init__(self, heads: Sequence[Head]) -> None:
        self.replay = Replay()
        self.broken: Break | SealBreak | None = None
        self._until = max((head.size for head in heads), default=0)
        self._heads: dict[int, list[Head]] = {}
        for head in heads:
            self._heads.setdefault(head.size, []).append(head)
        self._reasons: dict[Head, str | None] = {}

    def go(self) -> None:
        """Recompute the trees; stops at a place of the tree that is empty."""
        for position, salt, seal, stored, link in _sealed(self._until):
            if position != self.replay.size:
                self.broken = self.broken or SealBreak(
                    seal, f"the entry at place {self.replay.size} of the tree is gone"
                )
                return
            self.broken = self.broken or self.replay.add(link, stored, salt)
            for head in self._heads.get(self.replay.size, ()):
                self._reasons[head] = self.replay.differs(head)

    def differs(self, head: Head) -> str | None:
        """What of the entries is not as the head says, or None."""
        if head not in self._reasons:
            return f"it covers {head.size} entries, and the journal still has {self.replay.size} that were sealed"
        return self._reasons[head]

    def first_that_differs(self, heads: Sequence[Head]) -> SealBreak | None:
        """The first of the heads that does not fit."""
        wrong = ((head, self.differs(head)) for head in heads)
        return next((SealBreak(head.number, reason) for head, reason in wrong if reason), None)


def _sealed(until: int) -> Iterator[tuple[int, str, int, str, Link]]:
    """Place, salt, seal, stored hash and content of each sealed entry, in the order of the tree."""
    rows = SealLeaf.objects.filter(position__lt=until).order_by("position")
    names = [f"entry__{name}" for name in ("chain_id", "seq", "at", "actor", "kind", "body", "previous", "hash")]
    for position, salt, seal, chain, seq, at, actor, kind, body, previous, stored in rows.values_list(
        "position", "salt", "seal_id", *names
    ).iterator():
        yield position, salt, seal, stored, Link(chain, seq, stamp(at), actor, kind, body, previous)


def _lost(replay: Replay) -> Break | None:
    """A sealed entry that its chain no longer reaches."""
    lengths = dict(Chain.objects.values_list("name", "length"))
    for name, length in replay.lengths().items():
        if lengths.get(name, 0) < length:
            return Break(name, lengths.get(name, 0) + 1, f"missing: {length} entries of this chain were sealed")
    return None


def _noted_otherwise(replay: Replay, seals: int) -> SealBreak | None:
    """A note of how far a chain is sealed that says otherwise; not looked at where a seal was made meanwhile."""
    noted = dict(SealedChain.objects.values_list("chain", "length"))
    if Seal.objects.count() != seals or noted == replay.lengths():
        return None
    return SealBreak(seals, "the notes of how far each chain is sealed are not what the seals cover")


def _against(kept: Sequence[Head], walk: _Walk, stored: dict[int, str]) -> SealBreak | None:
    """The first kept head that the journal does not fit, and where the difference lies as far as heads can tell."""
    fits = 0
    for head in sorted(kept, key=lambda one: one.number):
        if reason := walk.differs(head):
            return SealBreak(head.number, f"{reason}; {_between(fits, head.size)}")
        if stored.get(head.number) != head.hash:
            return SealBreak(
                head.number, "its entries are all there as they were, but the journal's own seal is another"
            )
        fits = head.size
    return None


def _between(first: int, end: int) -> str:
    """Which sealed entries a difference is among, by their names as they stand now."""
    rows = SealLeaf.objects.filter(position__in=[first, end - 1]).values_list("position", "entry__chain", "entry__seq")
    names = {position: f"{chain} entry {seq}" for position, chain, seq in rows}
    places = f"the first difference is among places {first} to {end - 1} of the tree"
    here = [names[place] for place in (first, end - 1) if place in names]
    return f"{places}, now {' to '.join(here)}" if here else places
