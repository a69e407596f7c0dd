"""Delta debugging: what is left cannot lose a member, and nothing is asked twice, whatever the test answers."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from clearinghouse.core.reduction import drive, reduce_set

if TYPE_CHECKING:
    from collections.abc import Callable

Set = frozenset[int]


def reduced(count: int, passes: Callable[[Set], bool]) -> tuple[tuple[int, ...], list[Set]]:
    """The result, and every set that was asked about, in order."""
    asked: list[Set] = []

    def first_passing(batch: tuple[tuple[int, ...], ...]) -> int | None:
        for index, candidate in enumerate(batch):
            asked.append(frozenset(candidate))
            if passes(asked[-1]):
                return index
        return None

    return drive(reduce_set(range(count)), first_passing), asked


@given(st.integers(1, 40), st.data())
def test_the_members_that_alone_matter_are_found(count: int, data: st.DataObject) -> None:
    needed = data.draw(st.sets(st.integers(0, count - 1), min_size=1))
    result, _ = reduced(count, lambda candidate: needed <= candidate)
    assert set(result) == needed
    assert list(result) == sorted(result)


@given(st.integers(1, 14), st.integers(0, 2**32), st.floats(0.05, 0.6))
def test_nothing_can_be_dropped_whatever_the_test_answers(count: int, seed: int, share: float) -> None:
    everything = frozenset(range(count))

    def passes(candidate: Set) -> bool:
        if not candidate:
            return False
        return candidate == everything or random.Random(f"{seed}{sorted(candidate)}").random() < share

    result, asked = reduced(count, passes)
    assert passes(frozenset(result))
    assert not any(passes(frozenset(result) - {member}) for member in result)
    smaller = {frozenset(result) - {member} for member in result if len(result) > 1}
    assert smaller <= set(asked)


@given(st.integers(1, 14), st.integers(0, 2**32), st.floats(0, 0.6))
def test_no_set_is_asked_about_twice_and_neither_everything_nor_nothing(count: int, seed: int, share: float) -> None:
    _, asked = reduced(count, lambda candidate: random.Random(f"{seed}{sorted(candidate)}").random() < share)
    assert len(asked) == len(set(asked))
    assert frozenset() not in asked
    assert frozenset(range(count)) not in asked


def test_one_among_many_takes_few_questions() -> None:
    result, asked = reduced(443, lambda candidate: 217 in candidate)
    assert result == (217,)
    assert len(asked) <= 2 * 9
