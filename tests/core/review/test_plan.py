"""Analysis plans: read strictly, told apart by their digest, and binding only what began after they were signed."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from clearinghouse.core.errors import InvalidInput, Refused
from clearinghouse.core.review.plan import Budget, Plan, PlannedAgent, PlannedComparison, SignedPlan, check_order
from clearinghouse.formats.intoto_review import read_plan, write_plan
from tests.core.review.test_samples import SAMPLE

PLAN = Plan(
    name="a plan", suite="open", suite_version="1", suite_digest="ab" * 32, epochs=3,
    agents=(PlannedAgent(name="model", kind="model"), PlannedAgent(name="baseline/fuzzer", kind="baseline")),
    budget=Budget(tokens=1000, seconds=60.0), comparisons=(PlannedComparison(first="model", second="baseline/fuzzer"),),
)  # fmt: skip
SIGNED = SignedPlan(PLAN, "2026-11-23T10:00:00.5Z")


def test_a_plan_survives_being_written_and_read_and_signed() -> None:
    assert Plan.from_json(json.loads(json.dumps(PLAN.as_json()))) == PLAN
    assert read_plan(write_plan(SIGNED)) == SIGNED


@pytest.mark.parametrize("change", [{"epochs": 4}, {"seed": 1}, {"thresholds": "cd" * 32}, {"suite_version": "2"}])
def test_any_change_changes_the_digest(change: dict[str, Any]) -> None:
    assert replace(PLAN, **change).digest != PLAN.digest


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"epochs": 0}, "epochs"),
        ({"suite_digest": "x"}, "suite_digest"),
        ({"agents": []}, "agents"),
        ({"agents": [{"name": "model", "kind": "person"}]}, "agents: kind"),
        ({"comparisons": [{"first": "model", "second": "nobody"}]}, "comparisons"),
        ({"comparisons": [{"first": "model", "second": "model"}]}, "comparisons"),
        ({"more": 1}, "more"),
        ({"method": "another"}, "method"),
    ],
)
def test_what_is_no_plan_is_refused_with_its_place(change: dict[str, Any], place: str) -> None:
    with pytest.raises(ValueError, match=place):
        Plan.from_json(PLAN.as_json() | change)


@pytest.mark.parametrize(
    "other", [b"{}", b"hello", write_plan(SIGNED) + b" ", write_plan(SIGNED).replace(b":1", b":2")]
)
def test_what_is_no_statement_about_a_plan_is_refused(other: bytes) -> None:
    with pytest.raises(InvalidInput, match="not a statement about a plan"):
        read_plan(other)


def test_samples_that_began_before_the_signature_are_refused() -> None:
    check_order(
        SIGNED, [replace(SAMPLE, began="2026-11-23T10:00:00.500001Z"), replace(SAMPLE, began="2026-11-24T00:00:00Z")]
    )
    with pytest.raises(Refused, match="find-idna, epoch 2: began 2026-11-23T10:00:00Z, before"):
        check_order(SIGNED, [replace(SAMPLE, began="2026-11-23T10:00:00Z")])
    with pytest.raises(InvalidInput, match="began"):
        check_order(SIGNED, [replace(SAMPLE, began="")])
