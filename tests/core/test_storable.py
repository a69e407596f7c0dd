from __future__ import annotations

from clearinghouse.core.storable import storable, storable_json


def test_what_no_database_keeps_is_shown_as_a_replacement() -> None:
    assert storable("a\x00b\ud800c") == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}c"
    assert storable("käse 🧀\n\t") == "käse 🧀\n\t"


def test_a_text_is_cut_to_what_its_column_holds() -> None:
    assert storable("x" * 600, 500) == "x" * 500
    assert storable("x" * 600) == "x" * 600


def test_every_text_of_a_json_value_is_made_storable_and_nothing_else_changes() -> None:
    value = {"a\x00": ["b\x00", 1, 1.5, None, True, {"c": ("d\udfff",)}]}
    shown = "\N{REPLACEMENT CHARACTER}"
    assert storable_json(value) == {f"a{shown}": [f"b{shown}", 1, 1.5, None, True, {"c": [f"d{shown}"]}]}
