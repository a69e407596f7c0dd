from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearinghouse.core.errors import InvalidInput
from clearinghouse.formats.sarif import MAX_RESULTS, read_sarif


def sarif(*results: Any, **changes: Any) -> bytes:
    run = {"tool": {"driver": {"name": "scanner"}}, "results": list(results)}
    return json.dumps({"version": "2.1.0", "runs": [run], **changes}).encode()


def test_a_result_keeps_its_rule_message_and_first_place() -> None:
    place = {"physicalLocation": {"artifactLocation": {"uri": "src/a.py"}, "region": {"startLine": 7}}}
    (found,) = read_sarif(sarif({"ruleId": "r1", "message": {"text": "bad\nthing"}, "locations": [place]}))
    assert (found.tool, found.rule, found.message, found.location) == ("scanner", "r1", "bad thing", "src/a.py:7")


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"\xff", "byte 0"),
        (b"{", "not JSON"),
        (b"[]", "the document"),
        (sarif(version="2.0.0"), "version"),
        (sarif(runs=None), "runs"),
        (sarif(runs=[1]), "runs[0]"),
        (sarif(runs=[{}]), "runs[0].tool"),
        (sarif(runs=[{"tool": {"driver": {"name": 1}}}]), "runs[0].tool.driver.name"),
        (sarif(1), "runs[0].results[0]"),
        (sarif({"message": "text"}), "runs[0].results[0].message"),
        (sarif({"message": {"text": 5}}), "runs[0].results[0].message.text"),
        (sarif({"message": {"text": ""}, "ruleId": []}), "runs[0].results[0].ruleId"),
        (b"[" * 200_000, "not JSON"),
    ],
)
def test_a_fault_names_its_place(content: bytes, place: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_sarif(content)
    assert place in str(caught.value)


def test_a_flood_of_results_is_refused() -> None:
    with pytest.raises(InvalidInput, match="more than 2000"):
        read_sarif(sarif(*[{"message": {"text": "x"}}] * (MAX_RESULTS + 1)))


def test_an_odd_place_loses_the_place_and_keeps_the_finding() -> None:
    for locations in ("x", [], [1], [{"physicalLocation": {"artifactLocation": {"uri": 5}}}], {"a": 1}):
        (found,) = read_sarif(sarif({"message": {"text": "m"}, "locations": locations}))
        assert found.location == ""


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["message", "text", "ruleId", "rule", "id", "locations", "physicalLocation", "region"]),
            inner,
            max_size=3,
        )
    ),
    max_leaves=12,
)


@given(st.lists(json_values, max_size=3))
def test_any_json_is_read_or_refused_never_anything_else(results: list[Any]) -> None:
    try:
        found = read_sarif(sarif(*results))
    except InvalidInput:
        return
    assert len(found) == len(results)
