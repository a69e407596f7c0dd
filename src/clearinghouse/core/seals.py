"""Seals over the journal: what a published head says, how it is recomputed from the entries, and proofs against it.

All entries that were ever sealed are the leaves of one Merkle tree that only grows (`core.merkle`). A head names the
tree's size and root at one instant, the heads of all chains as they were sealed, and the hash of the head before it.
So whoever keeps a single head can tell later whether anything before it was changed.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass
from typing import Any

from clearinghouse.core import merkle
from clearinghouse.core.chain import GENESIS, Break, Link
from clearinghouse.core.errors import InvalidInput, NotVerified
from clearinghouse.core.typed_json import canonical, members, read, strict_loads

HEAD_SCHEMA = "clearinghouse.seal/1"
PROOF_SCHEMA = "clearinghouse.journal-proof/1"
SALT_BYTES = 16  # a leaf beside another's proof tells nothing about its entry, not even to who guesses the entry

_HASH = re.compile(r"[0-9a-f]{64}")
_SALT = re.compile(rf"[0-9a-f]{{{2 * SALT_BYTES}}}")
_ADVICE = "get the file again, byte for byte as it was written"


@dataclass(frozen=True, slots=True)
class Head:
    """What one seal says. `number` counts from 1; `previous` is the hash of the head before, GENESIS for the first.

    `size` and `root` are those of the tree over all sealed entries; `chains` counts the chains, and `heads` is the root
    of the tree over [name, length, hash of the last entry] of each, in the order in which they were first sealed.
    `at` is an instant in UTC. Raises ValueError, naming the member, for what no seal says.
    """

    number: int
    at: str
    previous: str
    size: int
    root: str
    chains: int
    heads: str

    def __post_init__(self) -> None:
        if self.number < 1 or not 1 <= self.chains <= self.size:
            raise ValueError("number, size and chains: count from 1, and no chain is without an entry")
        for name in ("previous", "root", "heads"):
            if not _HASH.fullmatch(getattr(self, name)):
                raise ValueError(f"{name}: must be 64 hexadecimal digits")
        if (self.number == 1) != (self.previous == GENESIS):
            raise ValueError("previous: only the first seal has none before it")

    def as_json(self) -> dict[str, Any]:
        """The head as JSON values."""
        return asdict(self)

    @property
    def hash(self) -> str:
        """SHA-256 of the head's canonical JSON: what the next head names."""
        return hashlib.sha256(canonical(self.as_json())).hexdigest()


@dataclass(frozen=True, slots=True)
class Published:
    """A head as it is published: `envelope` is its signature (DSSE), None where there was no key.

    `growth` proves that the tree of the head before is the beginning of this one's.
    """

    head: Head
    envelope: bytes | None = None
    growth: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The document as JSON values."""
        return {
            "schema": HEAD_SCHEMA,
            "seal": self.head.as_json(),
            "hash": self.head.hash,
            "growth": list(self.growth),
            "signed": self.envelope is not None,
            "envelope": None if self.envelope is None else strict_loads(self.envelope),
        }

    @property
    def content(self) -> bytes:
        """The file: canonical JSON on one line."""
        return canonical(self.as_json()) + b"\n"


def read_published(content: bytes) -> tuple[Published, ...]:
    """The published heads in a file: one seal, or a list of them as `seals.json` has it, oldest first.

    Raises InvalidInput, naming the place. Signatures are not checked here.
    """
    try:
        document = strict_loads(content)
        if isinstance(document, dict) and "seals" in document:
            found = [_published(item, f"seals[{i}]") for i, item in enumerate(document["seals"])]
            return tuple(sorted(found, key=lambda one: one.head.number))
        return (_published(document, "the head"),)
    except (ValueError, TypeError) as error:
        raise InvalidInput(f"not a published head of a journal: {error}", advice=_ADVICE) from None


def _published(document: Any, place: str) -> Published:
    members(document, {"schema", "seal", "hash", "growth", "signed", "envelope"}, place)
    if document["schema"] != HEAD_SCHEMA:
        raise ValueError(f"{place}: schema: must be {HEAD_SCHEMA!r}")
    head = read(Head, document["seal"], f"{place}.seal")
    if document["hash"] != head.hash:
        raise ValueError(f"{place}: hash: is not that of the seal")
    if document["signed"] is not (document["envelope"] is not None):
        raise ValueError(f"{place}: signed: says otherwise than the envelope")
    growth = document["growth"]
    if not isinstance(growth, list) or not all(isinstance(one, str) and _HASH.fullmatch(one) for one in growth):
        raise ValueError(f"{place}: growth: must be a list of hashes")
    envelope = None if document["envelope"] is None else canonical(document["envelope"]) + b"\n"
    return Published(head, envelope, tuple(growth))


def leaf(entry_hash: str, salt: str) -> bytes:
    """The leaf of one entry: its hash, which covers all its fields, behind the leaf's salt. Both hexadecimal."""
    return merkle.leaf_hash(bytes.fromhex(salt) + bytes.fromhex(entry_hash))


def chain_leaf(name: str, length: int, last: str) -> bytes:
    """The leaf of one chain's head."""
    return merkle.leaf_hash(canonical([name, length, last]))


class Replay:
    """The sealed entries in their order, and the trees over them as far as they have come."""

    def __init__(self) -> None:
        self._entries = merkle.Frontier()
        self._heads = merkle.Slots()
        self._chains: dict[str, tuple[int, int, str]] = {}  # name: place, length, hash of the last entry

    @property
    def size(self) -> int:
        """How many entries were added."""
        return self._entries.size

    def lengths(self) -> dict[str, int]:
        """How many entries of each chain were added."""
        return {name: length for name, (_, length, _) in self._chains.items()}

    def add(self, link: Link, stored: str, salt: str) -> Break | None:
        """Take the next sealed entry; why it does not fit those before it, or None. It is counted all the same."""
        place, length, last = self._chains.get(link.chain, (len(self._chains), 0, GENESIS))
        digest = link.hash
        broken = None
        if link.seq != length + 1:
            broken = Break(link.chain, min(link.seq, length + 1), f"is sealed out of order, after entry {length}")
        elif link.previous != last:
            broken = Break(link.chain, link.seq, "does not follow from the entry before it")
        elif digest != stored:
            broken = Break(link.chain, link.seq, "was changed after it was written: its hash no longer fits")
        if not _SALT.fullmatch(salt):
            return broken or Break(link.chain, link.seq, "has no salt in its seal")
        self._chains[link.chain] = (place, link.seq, digest)
        self._entries.add(leaf(digest, salt))
        self._heads.set(place, chain_leaf(link.chain, link.seq, digest))
        return broken

    def differs(self, head: Head) -> str | None:
        """What of the entries so far is not as the head says, or None."""
        if self.size != head.size:
            return f"it covers {head.size} entries, and {self.size} are there"
        if self._entries.root.hex() != head.root:
            return "the entries that it covers are not those that were sealed"
        if (len(self._chains), self._heads.root.hex()) != (head.chains, head.heads):
            return "the chains that it covers do not end as they did when it was made"
        return None


@dataclass(frozen=True, slots=True)
class EntryProof:
    """Evidence that an entry stood in the journal when a seal was made: checked with that seal's published head."""

    entry: Link
    salt: str
    index: int
    seal: int
    size: int
    path: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The proof as JSON values."""
        return {"schema": PROOF_SCHEMA, **asdict(self), "path": list(self.path)}


def read_proof(content: bytes) -> EntryProof:
    """The proof in a file. Raises InvalidInput, naming the place."""
    try:
        return _proof(strict_loads(content))
    except ValueError as error:
        raise InvalidInput(f"not a proof of a journal entry: {error}", advice=_ADVICE) from None


def _proof(document: Any) -> EntryProof:
    if not isinstance(document, dict) or document.get("schema") != PROOF_SCHEMA:
        raise ValueError(f"schema: must be {PROOF_SCHEMA!r}")
    proof = read(EntryProof, {name: value for name, value in document.items() if name != "schema"})
    if not _SALT.fullmatch(proof.salt) or not all(map(_HASH.fullmatch, proof.path)):
        raise ValueError("salt and path: must be hexadecimal")
    return proof


def check_proof(proof: EntryProof, head: Head) -> None:
    """Raises NotVerified unless the head covers just this entry at just this place."""
    if (proof.seal, proof.size) != (head.number, head.size):
        raise NotVerified(
            f"the proof is for seal {proof.seal}, and the head is that of seal {head.number}",
            advice=f"give the head of seal {proof.seal}, or ask for a proof for seal {head.number}",
        )
    path = [bytes.fromhex(one) for one in proof.path]
    if not merkle.includes(leaf(proof.entry.hash, proof.salt), proof.index, head.size, path, bytes.fromhex(head.root)):
        raise NotVerified(f"seal {head.number} does not cover this entry as it stands here", advice=_ADVICE)


def check_growth(before: Published, after: Published) -> None:
    """Raises NotVerified unless the second of two neighbouring heads names the first and only adds to it."""
    old, new = before.head, after.head
    if new.number != old.number + 1:
        raise NotVerified(f"seal {new.number} stands next to seal {old.number}", advice="give every seal between them")
    if new.previous != old.hash:
        raise NotVerified(f"seal {new.number} names another seal before it than seal {old.number} as given")
    path = [bytes.fromhex(one) for one in after.growth]
    if not merkle.grew((old.size, bytes.fromhex(old.root)), (new.size, bytes.fromhex(new.root)), path):
        raise NotVerified(f"seal {new.number} does not show that it only adds to seal {old.number}")
