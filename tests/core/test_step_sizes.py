"""How an input grows with its size, and how long it is, is read from the steps alone."""

from __future__ import annotations

from typing import Any

import pytest

from clearinghouse.core.step_sizes import degree, weight

ONE = {"$size": 1}
LINE: dict[str, Any] = {"$rep": ["a", ONE]}
SQUARE: dict[str, Any] = {"$rep": [LINE, ONE]}


@pytest.mark.parametrize(
    ("steps", "power"),
    [
        ([{"call": "a:b", "args": ["x", 3, {"$import": "a:c"}]}], 0),
        ([{"call": "a:b", "args": [LINE, {"$cat": [LINE, LINE]}]}], 1),
        ([{"call": "a:b", "kwargs": {"n": ONE}}], 1),
        ([{"call": "a:b", "args": [SQUARE]}], 2),
        ([{"call": "a:b", "args": [{"$cat": ["x", {"$bytes": SQUARE}]}]}], 2),
        ([{"call": "a:b", "args": [LINE], "as": "t"}, {"call": "a:c", "args": [{"$rep": [{"$": "t"}, ONE]}]}], 2),
        ([{"call": "a:b", "args": [LINE]}, {"call": "a:c", "args": [{"$rep": [{"$": "$result.x"}, ONE]}]}], 2),
        ([{"repeat": ONE, "do": [{"call": "$d.feed", "args": ["a"]}]}, {"call": "$d.end"}], 1),
        ([{"repeat": ONE, "do": [{"call": "$d.feed", "args": [LINE]}]}], 2),
        ([{"repeat": ONE, "do": [{"repeat": ONE, "do": [{"call": "$d.feed"}]}]}], 2),
        ([{"call": "a:b", "as": "o"}, {"set": "$o.x", "value": SQUARE}], 2),
    ],
)
def test_the_power_of_size_is_that_of_the_longest_input(steps: list[dict[str, Any]], power: int) -> None:
    assert degree(steps) == power


@pytest.mark.parametrize(
    ("steps", "length"),
    [
        ([{"call": "a:b"}], 1),
        ([{"call": "a:b", "args": ["abc", {"$bytes": "de"}]}], 1 + 3 + 2),
        ([{"call": "a:b", "args": [["abc", 5], {"k": "d"}]}], 1 + (2 + 3 + 1) + 1),
        ([{"call": "a:b", "args": [{"$rep": ["ab", 500]}]}], 1 + 1000),
        ([{"repeat": 10, "do": [{"call": "a:b", "args": ["abc"]}]}], 10 * (1 + 3)),
        ([{"set": "$o.x", "value": "abc"}, {"call": "a:b", "args": [{"$read": "files/x"}]}], (1 + 3) + (1 + 700)),
    ],
)
def test_the_length_counts_texts_repetitions_files_and_calls(steps: list[dict[str, Any]], length: int) -> None:
    assert weight(steps, {"files/x": 700}) == length
