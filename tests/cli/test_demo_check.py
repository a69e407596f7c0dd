from __future__ import annotations

from clearinghouse.cli.demo_check import Outcome, differences
from clearinghouse.cli.demo_inputs import Expected

EXPECTED = Expected({"reports": 4, "cases": 2}, together=(("a", "b"),), apart=(("a", "c"),))
CASES = {"a": "CLH-1", "b": "CLH-1", "c": "CLH-2", "d": None}


def test_an_outcome_that_the_inputs_demand_has_no_differences() -> None:
    assert differences(EXPECTED, Outcome({"reports": 4, "cases": 2, "runs": 9}, CASES)) == []


def test_every_count_that_differs_is_named_with_both_figures() -> None:
    assert differences(EXPECTED, Outcome({"reports": 3}, CASES)) == ["reports: 3 instead of 4", "cases: 0 instead of 2"]


def test_reports_that_should_share_a_case_and_do_not_are_named_with_their_cases() -> None:
    outcome = Outcome({"reports": 4, "cases": 2}, CASES | {"b": "CLH-3"})
    assert differences(EXPECTED, outcome) == ["not in one case: a (CLH-1), b (CLH-3)"]


def test_a_report_that_is_in_no_case_shares_none() -> None:
    outcome = Outcome({"reports": 4, "cases": 2}, CASES | {"a": None, "b": None})
    assert differences(EXPECTED, outcome) == [
        "not in one case: a (no case), b (no case)",
        "not in a case each: a (no case), c (CLH-2)",
    ]


def test_reports_that_must_be_apart_and_share_a_case_are_named() -> None:
    outcome = Outcome({"reports": 4, "cases": 2}, CASES | {"c": "CLH-1"})
    assert differences(EXPECTED, outcome) == ["in one case and should not be: a (CLH-1), c (CLH-1)"]
