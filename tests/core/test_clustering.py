"""Groups of crash records: what joins, what never does, and that order decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearinghouse.core.clustering import BugRecord, grouped, parse_record
from clearinghouse.core.clustering.groups import EVERY_PAIR_UP_TO
from clearinghouse.core.errors import InvalidInput

if TYPE_CHECKING:
    import random


def record(name: str, **fields: object) -> BugRecord:
    """A record that differs from others of its project by what is given."""
    plain = {
        "id": name,
        "project": "images",
        "fuzz_target": "read_fuzzer",
        "sanitizer": "asan",
        "crash_type": "Heap-buffer-overflow READ 4",
        "crash_address": "0x60",
        "crash_state": ["decode", "next", "main"],
        "reported": 1504858091,
        "regressed": "201709070414:201709080414",
        "introduced_osv": ["c1"],
    }
    return parse_record(plain | fields)


FAR = {
    "fuzz_target": "write_fuzzer",
    "crash_type": "Null-dereference WRITE",
    "crash_state": ["encode", "save"],
    "reported": "2021-01-15T05:20:54Z",
    "regressed": "202101140414:202101150414",
    "introduced_osv": ["c9"],
    "crash_address": "0x00",
}


def test_records_that_began_together_in_one_place_join_and_others_do_not() -> None:
    answer = grouped([record("a"), record("z", **FAR), record("b", reported=1504860000, crash_address="0x70")])
    assert answer == {"a": "a", "z": "z", "b": "a"}


def test_no_group_crosses_projects() -> None:
    assert grouped([record("a"), record("b", project="sounds")]) == {"a": "a", "b": "b"}


def test_groups_do_not_grow_by_chaining() -> None:
    chain = [record(f"r{place}") for place in range(6)]

    def alike(one: BugRecord, other: BugRecord) -> float:
        return 0.5 if abs(int(one.id[1:]) - int(other.id[1:])) == 1 else 0.0

    answer = grouped(chain, alike)
    assert max(list(answer.values()).count(group) for group in answer.values()) < len(chain)
    assert answer["r0"] == answer["r1"] != answer["r5"]


@given(st.lists(st.integers(0, 4), min_size=2, max_size=12), st.randoms())
def test_the_order_of_records_decides_nothing(kinds: list[int], chance: random.Random) -> None:
    records = [
        record(f"r{place:02}", reported=1504858091 + kind * 9_000_000, introduced_osv=[f"c{kind}"])
        for place, kind in enumerate(kinds)
    ]
    mixed = list(records)
    chance.shuffle(mixed)
    assert _sets(grouped(records)) == _sets(grouped(mixed))


def _sets(answer: dict[str, str]) -> set[frozenset[str]]:
    return {frozenset(name for name, group in answer.items() if group == wanted) for wanted in answer.values()}


def test_in_a_large_project_only_what_shares_something_is_compared() -> None:
    compared: list[tuple[str, str]] = []

    def alike(one: BugRecord, other: BugRecord) -> float:
        compared.append((one.id, other.id))
        return 1.0

    many = [
        record(f"r{place:05}", crash_state=[f"f{place // 2}"], regressed=None, introduced_osv=[])
        for place in range(EVERY_PAIR_UP_TO + 2)
    ]
    answer = grouped(many, alike)
    assert len(compared) == len(many) // 2
    assert len(set(answer.values())) == len(many) // 2


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"id": None}, "id: not there"),
        ({"id": ""}, "id: not a text"),
        ({"project": 3}, "project: not a text"),
        ({"crash_state": [1]}, "crash_state: not a list of texts"),
        ({"reported": "yesterday"}, "'yesterday' is no instant"),
        ({"reported": []}, "reported: neither"),
        ({"regressed": 3}, "regressed: not a text"),
    ],
)
def test_a_field_that_is_not_what_it_should_be_is_named(fields: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        record("a", **fields)


def test_what_is_missing_is_unknown_and_no_error() -> None:
    bare = parse_record({"id": "a", "project": "p"})
    assert (bare.reported, bare.builds, bare.introduced, bare.state) == (None, None, frozenset(), ())
    assert record("a", regressed="r12:r15", crash_state="decode\nNULL\nnext").builds is None
    assert record("a", regressed="201799070414").builds is None
    assert record("a", crash_state="decode\nNULL\nnext").state == ("decode", "next")
