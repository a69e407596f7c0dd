"""Ranges in OSV: what was executed is written so that it validates, what a record says is read as OSV reads it."""

from __future__ import annotations

from typing import Any

import pytest

from clearinghouse.core.version_search import Stretch
from clearinghouse.formats.osv import osv_problems
from clearinghouse.formats.osv_ranges import affected_of, affects, compare, executed_affected

VERSIONS = ["1.0", "1.1", "1.2", "1.3", "1.4", "1.5"]


def written(*stretches: Stretch, unknown: tuple[str, ...] = ()) -> dict[str, Any]:
    return executed_affected("pypi", "gizmo", VERSIONS, stretches, fired=["1.2"], unknown=unknown)


@pytest.mark.parametrize(
    ("stretches", "events"),
    [
        ([Stretch(0, 2, None, 3)], [[{"introduced": "0"}, {"fixed": "1.3"}]]),
        ([Stretch(1, 2, 0, 3)], [[{"introduced": "1.1"}, {"fixed": "1.3"}]]),
        ([Stretch(1, 5, 0, None)], [[{"introduced": "1.1"}]]),
        ([Stretch(1, 3, 0, None)], [[{"introduced": "1.1"}, {"last_affected": "1.3"}]]),
        (
            [Stretch(0, 1, None, 2), Stretch(3, 4, 2, None)],
            [[{"introduced": "0"}, {"fixed": "1.2"}], [{"introduced": "1.3"}, {"last_affected": "1.4"}]],
        ),
    ],
)
def test_a_stretch_becomes_events_that_validate(stretches: list[Stretch], events: list[list[dict[str, str]]]) -> None:
    affected = written(*stretches, unknown=("1.5",))
    assert [entry["events"] for entry in affected["ranges"]] == events
    assert affected["database_specific"] == {"not_executed": ["1.5"]}
    document = {"id": "x_1", "modified": "2026-11-23T12:00:00Z", "affected": [affected]}
    assert osv_problems(document) == ()


def test_what_is_written_is_read_back_the_same() -> None:
    stretches = [Stretch(0, 0, None, 1), Stretch(3, 4, 2, 5)]
    said = [affects([{"ranges": written(*stretches)["ranges"]}], version, "pypi") for version in VERSIONS]
    assert said == [True, False, False, True, True, False]


def test_a_range_is_read_in_the_order_of_its_versions_and_the_list_adds_to_it() -> None:
    events = [{"fixed": "1.10"}, {"introduced": "1.2"}, {"introduced": "2.0"}, {"last_affected": "2.1"}]
    affected = [{"ranges": [{"type": "ECOSYSTEM", "events": events}], "versions": ["0.5.0"]}]
    said = {v: affects(affected, v, "pypi") for v in ("0.5", "1.1", "1.2", "1.9", "1.10", "2.0", "2.1", "2.2")}
    assert [version for version, inside in said.items() if inside] == ["0.5", "1.2", "1.9", "2.0", "2.1"]
    assert not affects([{"ranges": [{"type": "GIT", "events": [{"introduced": "0"}]}]}], "1.0", "pypi")


def test_a_record_is_compared_release_by_release() -> None:
    record = {
        "id": "PYSEC-1",
        "affected": [
            {
                "package": {"ecosystem": "PyPI", "name": "Giz_mo"},
                "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.2"}]}],
            },
            {"package": {"ecosystem": "npm", "name": "giz-mo"}, "versions": ["1.3"]},
        ],
    }
    executed = {"1.0": "affected", "1.1": "unknown", "1.2": "affected", "1.3": "unaffected"}
    assert len(affected_of(record, "pypi", "giz-mo")) == 1
    assert compare([record], executed, "pypi", "giz-mo") == {
        "agree": 2,
        "disagreements": [
            {"record": "PYSEC-1", "version": "1.2", "published": "unaffected", "executed": "affected"},
        ],
        "unknown": ["1.1"],
    }
