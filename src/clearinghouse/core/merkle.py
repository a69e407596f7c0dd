"""Merkle trees as RFC 6962 defines them: one hash for a list that only grows, and proofs that anybody can check.

A leaf is hashed with the prefix 0x00 and a node with 0x01, so neither passes for the other. The tree over n leaves
splits at the largest power of two below n. Proofs are lists of hashes, from the leaves upwards. A hash has 32 bytes.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

EMPTY = hashlib.sha256(b"").digest()  # the root of a tree without leaves

Range = tuple[int, int]  # leaves from the first up to, not with, the second


def leaf_hash(data: bytes) -> bytes:
    """The hash of one leaf."""
    return hashlib.sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """A tree that grows, kept as its peaks: the roots of the full subtrees it consists of, largest first.

    Raises ValueError for peaks that no tree of that size has.
    """

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        self.size = size
        self.peaks = list(peaks)
        if size < 0 or len(self.peaks) != size.bit_count():
            raise ValueError(f"a tree of {size} leaves does not have {len(self.peaks)} peaks")

    def add(self, leaf: bytes) -> None:
        """Append one leaf, given by its hash."""
        self.peaks.append(leaf)
        full = self.size
        while full & 1:
            right = self.peaks.pop()
            self.peaks[-1] = node_hash(self.peaks[-1], right)
            full >>= 1
        self.size += 1

    @property
    def root(self) -> bytes:
        """The hash of the whole list."""
        return _joined(self.peaks)


class Slots:
    """A tree whose leaves may also be replaced, each in a time that grows with the tree's height only."""

    def __init__(self) -> None:
        self._levels: list[list[bytes]] = [[]]

    def set(self, index: int, leaf: bytes) -> None:
        """Replace the leaf at `index`, or append it where `index` is the number of leaves."""
        _put(self._levels[0], index, leaf)
        level = 0
        while len(self._levels[level]) > 1:
            nodes = self._levels[level]
            index >>= 1
            pair = nodes[2 * index : 2 * index + 2]
            if len(self._levels) == level + 1:
                self._levels.append([node_hash(nodes[0], nodes[1])])
            _put(self._levels[level + 1], index, node_hash(*pair) if len(pair) > 1 else pair[0])
            level += 1

    @property
    def root(self) -> bytes:
        """The hash of the whole list."""
        return self._levels[-1][0] if self._levels[0] else EMPTY


def _put(nodes: list[bytes], index: int, node: bytes) -> None:
    if index == len(nodes):
        nodes.append(node)
    else:
        nodes[index] = node


def _joined(peaks: Sequence[bytes]) -> bytes:
    """The root over neighbouring full subtrees, each smaller than the one before."""
    if not peaks:
        return EMPTY
    found = peaks[-1]
    for peak in reversed(peaks[:-1]):
        found = node_hash(peak, found)
    return found


def root(leaves: Iterable[bytes]) -> bytes:
    """The root of the tree over these leaves, given by their hashes."""
    tree = Frontier()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root


def inclusion(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The proof that the leaf at `index` is in the tree over these leaves. Raises IndexError where there is none."""
    if not 0 <= index < len(leaves):
        raise IndexError(index)
    return [root(leaves[start:end]) for start, end in _beside_leaf(index, len(leaves))]


def includes(leaf: bytes, index: int, size: int, proof: Sequence[bytes], head: bytes) -> bool:
    """Whether `proof` shows `leaf` at `index` of a tree of `size` leaves with the root `head`."""
    if not 0 <= index < size:
        return False
    beside = _beside_leaf(index, size)
    if len(proof) != len(beside):
        return False
    found = leaf
    for (start, _), sibling in zip(beside, proof, strict=True):
        found = node_hash(found, sibling) if start > index else node_hash(sibling, found)
    return found == head


def growth(old: Frontier, added: Sequence[bytes]) -> list[bytes]:
    """The consistency proof from a tree to the same one with `added` leaves: that nothing before them was changed."""
    return [
        _of_peaks(old, start, end) if end <= old.size else root(added[start - old.size : end - old.size])
        for start, end in _beside_tree(old.size, old.size + len(added))
    ]


def grew(old: tuple[int, bytes], new: tuple[int, bytes], proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the tree `new` (size, root) begins with the leaves of `old`, in their order."""
    (old_size, old_root), (new_size, new_root) = old, new
    if not 0 <= old_size <= new_size:
        return False
    if old_size == 0:
        return not proof and old_root == EMPTY
    beside = _beside_tree(old_size, new_size)
    if len(proof) != len(beside):
        return False
    steps = list(zip(beside, proof, strict=True))
    before = now = steps.pop(0)[1] if steps and steps[0][0][1] == old_size else old_root
    for (_, end), node in steps:
        if end <= old_size:
            before, now = node_hash(node, before), node_hash(node, now)
        else:
            now = node_hash(now, node)
    return (before, now) == (old_root, new_root)


def _split(size: int) -> int:
    """The largest power of two below `size`, for sizes from 2."""
    return 1 << ((size - 1).bit_length() - 1)


def _beside_leaf(index: int, size: int) -> list[Range]:
    """What lies beside the way from a leaf up to the root, as the ranges of leaves that each node stands for."""
    start, end, found = 0, size, []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((start, middle))
            start = middle
    return found[::-1]


def _beside_tree(old: int, new: int) -> list[Range]:
    """What a consistency proof from `old` to `new` leaves is made of; the first ends at `old` if that is no subtree."""
    if old in {0, new}:
        return []
    start, end, found = 0, new, []
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            found.append((middle, end))
            end = middle
        else:
            found.append((start, middle))
            start = middle
    if start:
        found.append((start, end))
    return found[::-1]


def _of_peaks(tree: Frontier, start: int, end: int) -> bytes:
    """The node over a range that consists of whole peaks."""
    position, inside = 0, []
    for peak, size in zip(tree.peaks, _peak_sizes(tree.size), strict=True):
        if start <= position < end:
            inside.append(peak)
        position += size
    return _joined(inside)


def _peak_sizes(size: int) -> list[int]:
    return [1 << bit for bit in reversed(range(size.bit_length())) if size >> bit & 1]
