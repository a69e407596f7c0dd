"""A hash chain: each entry carries the hash of the one before, so a changed, lost or added entry breaks it there."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

GENESIS = "0" * 64  # what the first entry of a chain has before it


def canonical(value: Any) -> str:
    """One text for one JSON value: sorted keys, no spaces, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


@dataclass(frozen=True, slots=True)
class Link:
    """One entry as it is hashed. `seq` counts from 1; `at` is an instant in UTC; `body` is canonical JSON text."""

    chain: str
    seq: int
    at: str
    actor: str
    kind: str
    body: str
    previous: str

    @property
    def hash(self) -> str:
        """SHA-256 over every field, the previous hash included."""
        fields = [self.chain, self.seq, self.at, self.actor, self.kind, self.body, self.previous]
        return hashlib.sha256(canonical(fields).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain first fails, and how."""

    chain: str
    seq: int
    reason: str

    def __str__(self) -> str:
        return f"chain {self.chain}, entry {self.seq}: {self.reason}"


def first_break(chain: str, stored: Iterable[tuple[Link, str]], *, length: int, head: str) -> Break | None:
    """The first place where a chain fails, or None. `stored` pairs each entry with its stored hash, in order of `seq`.

    `length` and `head` are what the chain's own row says, so that a missing tail shows as well.
    """
    previous, count = GENESIS, 0
    for link, stored_hash in stored:
        count += 1
        if link.seq != count:
            return Break(chain, count, f"missing: the next entry found is {link.seq}")
        if link.previous != previous:
            return Break(chain, count, "does not follow from the entry before it")
        if link.hash != stored_hash:
            return Break(chain, count, "was changed after it was written: its hash no longer fits")
        previous = stored_hash
    if count != length:
        return Break(chain, count + 1, f"missing: the chain holds {count} of {length} entries")
    if previous != head:
        return Break(chain, count, "is not the entry that the chain's head names")
    return None
