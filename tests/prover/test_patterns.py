"""A finder's pattern is searched for, and stopped when it is an attack."""

from __future__ import annotations

import pytest

from clearinghouse.prover import patterns
from clearinghouse.prover.patterns import PatternTooSlow, search


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("endless", "raised: endless loop", True),
        ("^end", "the end", False),
        (r"(?m)^end", "the\nend", True),
        ("\udcff", "bad \udcff byte", True),
        ("ü", "für", True),
        ("a.b", "a\0b", True),
    ],
)
def test_a_pattern_is_searched_anywhere_in_the_text(pattern: str, text: str, found: bool) -> None:
    assert search(pattern, text) is found


def test_a_catastrophic_pattern_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "SECONDS", 0.5)
    with pytest.raises(PatternTooSlow, match=r"takes more than 0\.5 s"):
        search(r"^(a+)+$", "a" * 40 + "b")


def test_a_pattern_that_fails_on_a_text_is_told_apart_from_one_that_does_not_match() -> None:
    with pytest.raises(PatternTooSlow, match="fails on this text"):
        search("(", "anything")
