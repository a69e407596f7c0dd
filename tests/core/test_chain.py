from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearinghouse.core.chain import GENESIS, Link, canonical, first_break


def chain(length: int) -> list[tuple[Link, str]]:
    links: list[tuple[Link, str]] = []
    previous = GENESIS
    for seq in range(1, length + 1):
        body = canonical({"n": seq})
        link = Link("case/1", seq, f"2026-11-23T12:00:{seq:02d}.000000+00:00", "someone", "event", body, previous)
        previous = link.hash
        links.append((link, previous))
    return links


def head(links: list[tuple[Link, str]]) -> str:
    return links[-1][1]


def test_an_untouched_chain_is_whole() -> None:
    links = chain(5)
    assert first_break("case/1", links, length=5, head=head(links)) is None


@pytest.mark.parametrize("field", ["at", "actor", "kind", "body"])
def test_a_changed_field_breaks_the_chain_at_its_entry(field: str) -> None:
    links = chain(5)
    link, stored = links[2]
    links[2] = (replace(link, **{field: "changed"}), stored)  # type: ignore[arg-type]
    broken = first_break("case/1", links, length=5, head=head(links))
    assert broken is not None
    assert broken.seq == 3


@given(st.integers(1, 6), st.data())
def test_a_lost_entry_is_missed_wherever_it_was(length: int, data: st.DataObject) -> None:
    links = chain(length)
    lost = data.draw(st.integers(0, length - 1))
    broken = first_break("case/1", links[:lost] + links[lost + 1 :], length=length, head=head(links))
    assert broken is not None
    assert broken.seq == lost + 1


def test_an_entry_rewritten_with_a_fitting_hash_breaks_the_next() -> None:
    links = chain(4)
    forged = replace(links[1][0], actor="somebody else")
    links[1] = (forged, forged.hash)
    broken = first_break("case/1", links, length=4, head=head(links))
    assert broken is not None
    assert broken.seq == 3


def test_a_chain_rewritten_to_its_end_no_longer_fits_its_head() -> None:
    links = chain(2)
    before = head(links)
    forged = replace(links[1][0], actor="somebody else")
    broken = first_break("case/1", [links[0], (forged, forged.hash)], length=2, head=before)
    assert broken is not None
    assert "head" in broken.reason


def test_equal_values_have_one_canonical_text() -> None:
    assert canonical({"b": [1, None], "a": "é"}) == canonical({"a": "é", "b": [1, None]}) == '{"a":"é","b":[1,null]}'
