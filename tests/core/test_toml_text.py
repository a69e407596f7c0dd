"""What is written as TOML is read back as it was."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from clearinghouse.core.toml_text import toml_text

DOCUMENT: dict[str, Any] = {
    "text": 'quote " backslash \\ line\nend \x00\x7f \u2028 \U0001f600',
    "numbers": [1, -2, 1.5, 1e300, True],
    "empty": {},
    "table": {"a b": 1, "inner": {"$cat": ["x", {"$rep": ["y", 3]}]}},
    "list": [{"one": [{"deep": {}}]}, {"two": []}],
}


def test_a_document_comes_back_as_it_was() -> None:
    assert tomllib.loads(toml_text(DOCUMENT)) == DOCUMENT


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), b"x", "\ud800"])
def test_what_toml_has_no_word_for_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"TOML|surrogate"):
        toml_text({"a": value})
