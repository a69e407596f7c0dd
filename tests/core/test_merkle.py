"""Merkle trees against the definitions of RFC 6962, section 2.1, written down here once more as they stand there."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearinghouse.core import merkle

LEAVES = [bytes([n]) * 3 for n in range(70)]
HASHES = [merkle.leaf_hash(leaf) for leaf in LEAVES]


def half(n: int) -> int:
    k = 1
    while 2 * k < n:
        k *= 2
    return k


def mth(d: list[bytes]) -> bytes:
    if not d:
        return hashlib.sha256().digest()
    if len(d) == 1:
        return hashlib.sha256(b"\x00" + d[0]).digest()
    k = half(len(d))
    return hashlib.sha256(b"\x01" + mth(d[:k]) + mth(d[k:])).digest()


def path(m: int, d: list[bytes]) -> list[bytes]:
    if len(d) == 1:
        return []
    k = half(len(d))
    return [*path(m, d[:k]), mth(d[k:])] if m < k else [*path(m - k, d[k:]), mth(d[:k])]


def subproof(m: int, d: list[bytes], *, whole: bool) -> list[bytes]:
    if m == len(d):
        return [] if whole else [mth(d)]
    k = half(len(d))
    if m <= k:
        return [*subproof(m, d[:k], whole=whole), mth(d[k:])]
    return [*subproof(m - k, d[k:], whole=False), mth(d[:k])]


def frontier(size: int) -> merkle.Frontier:
    tree = merkle.Frontier()
    for leaf in HASHES[:size]:
        tree.add(leaf)
    return tree


@pytest.mark.parametrize("size", range(len(LEAVES) + 1))
def test_roots_and_inclusion_proofs_are_those_of_the_definition_and_verify(size: int) -> None:
    root = mth(LEAVES[:size])
    assert merkle.root(HASHES[:size]) == root
    slots = merkle.Slots()
    for index in range(size):
        slots.set(index, HASHES[index])
    assert slots.root == root
    for index in range(size):
        proof = merkle.inclusion(HASHES[:size], index)
        assert proof == path(index, LEAVES[:size])
        assert merkle.includes(HASHES[index], index, size, proof, root)


@pytest.mark.parametrize("size", range(1, 40))
def test_growth_proofs_are_those_of_the_definition_and_verify(size: int) -> None:
    for old in range(1, size + 1):
        proof = merkle.growth(frontier(old), HASHES[old:size])
        assert proof == subproof(old, LEAVES[:size], whole=True)
        assert merkle.grew((old, mth(LEAVES[:old])), (size, mth(LEAVES[:size])), proof)
    assert merkle.grew((0, merkle.EMPTY), (size, mth(LEAVES[:size])), merkle.growth(frontier(0), HASHES[:size]))


@given(st.integers(1, 40), st.data())
def test_a_proof_holds_for_no_other_leaf_place_size_or_root(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    root, proof = mth(LEAVES[:size]), merkle.inclusion(HASHES[:size], index)
    other = data.draw(st.integers(0, 50).filter(lambda n: n != index))
    assert not merkle.includes(HASHES[other], index, size, proof, root)
    assert not merkle.includes(HASHES[index], other, size, proof, root)
    assert not merkle.includes(HASHES[index], index, size, proof, mth(LEAVES[: size + 1]))
    assert not merkle.includes(HASHES[index], index, size, [*proof, root], root)
    if proof:
        place = data.draw(st.integers(0, len(proof) - 1))
        assert not merkle.includes(HASHES[index], index, size, proof[:place] + proof[place + 1 :], root)
        changed = [*proof[:place], merkle.leaf_hash(proof[place]), *proof[place + 1 :]]
        assert not merkle.includes(HASHES[index], index, size, changed, root)


@given(st.integers(1, 39), st.integers(1, 20), st.data())
def test_a_list_that_was_changed_before_it_grew_has_no_growth_proof(old: int, more: int, data: st.DataObject) -> None:
    changed = list(HASHES[: old + more])
    place = data.draw(st.integers(0, old - 1))
    changed[place] = merkle.leaf_hash(b"another")
    tree = merkle.Frontier()
    for leaf in changed[:old]:
        tree.add(leaf)
    proof = merkle.growth(tree, changed[old:])
    honest = merkle.growth(frontier(old), HASHES[old : old + more])
    new = (old + more, merkle.root(changed))
    assert merkle.grew((old, merkle.root(changed[:old])), new, proof)
    assert not merkle.grew((old, mth(LEAVES[:old])), new, proof)
    assert not merkle.grew((old, mth(LEAVES[:old])), new, honest)
    assert not merkle.grew(new, (old, merkle.root(changed[:old])), proof)


@given(st.lists(st.integers(0, 30), min_size=1, max_size=60))
def test_replacing_leaves_gives_the_root_of_the_list_as_it_is_then(indices: list[int]) -> None:
    slots, plain = merkle.Slots(), []
    for turn, index in enumerate(indices):
        leaf = merkle.leaf_hash(turn.to_bytes(4, "big"))
        place = min(index, len(plain))
        plain[place : place + 1] = [leaf]
        slots.set(place, leaf)
        assert slots.root == merkle.root(plain)


def test_a_tree_is_taken_up_from_its_peaks_and_from_no_others() -> None:
    before = frontier(13)
    after = merkle.Frontier(before.size, before.peaks)
    after.add(HASHES[13])
    assert after.root == mth(LEAVES[:14])
    with pytest.raises(ValueError, match="peaks"):
        merkle.Frontier(13, before.peaks[:-1])


def test_there_is_no_proof_for_a_leaf_that_is_not_there() -> None:
    with pytest.raises(IndexError):
        merkle.inclusion(HASHES[:3], 3)
    assert not merkle.includes(HASHES[0], 0, 0, [], merkle.EMPTY)
    assert merkle.root([]) == merkle.Slots().root == merkle.EMPTY
