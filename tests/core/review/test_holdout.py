"""Which cases give holdout tasks, in which order, and why not the others."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from clearinghouse.core.review.guards import Access
from clearinghouse.core.review.holdout import Asking, Candidate, Preference, choice_digest, choose, cutoff_of
from clearinghouse.core.review.use import ReviewUse

NOW = datetime(2026, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
OPEN = Asking(access=Access.ENDPOINT, cutoff=date(2026, 1, 31), at=NOW)
HOUSE = replace(OPEN, access=Access.WEIGHTS)
FRESH = Candidate(case="fresh", project="a", disclosed=NOW - 3 * DAY)
FIXED = Candidate(case="fixed", project="b", use=ReviewUse.ENDPOINT)
UNFIXED = Candidate(case="unfixed", project="c", fixed=False, use=ReviewUse.ENDPOINT)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("2026-01", date(2026, 1, 31)),
        ("text until 2025-11-30, code until 2026-02", date(2026, 2, 28)),
        ("early this year", None),
        ("2026-02-31", date(2026, 2, 28)),
        ("", None),
    ],
)
def test_the_cut_off_is_the_latest_date_that_the_card_names(words: str, found: date | None) -> None:
    assert cutoff_of(words) == found


def test_newly_public_goes_first_then_what_has_a_fix_and_what_has_none_only_for_models_of_the_house() -> None:
    everything = [UNFIXED, FIXED, FRESH]
    assert [one.preference for one in choose(everything, HOUSE).taken] == list(Preference)
    assert [one.case for one in choose(everything, OPEN).taken] == ["fresh", "fixed"]
    assert choose(everything, OPEN, most=1).left_out == {
        "it is not public, no release has the fix, and the model is not run by the house": 1,
        "there are as many as were asked for": 1,
    }
    assert choose([FRESH], OPEN).taken[0].why == "disclosed 2026-05-29, after the model's cut-off of 2026-01-31"


@pytest.mark.parametrize(
    ("one", "asking", "words"),
    [
        (FRESH, replace(OPEN, cutoff=None), "no date for the model's cut-off"),
        (FRESH, replace(OPEN, cutoff=date(2026, 5, 29)), "public before the model's cut-off"),
        (replace(FRESH, disclosed=NOW - 31 * DAY), OPEN, "more than 30 days"),
        (replace(FRESH, fixed=False), OPEN, "no release has the fix"),
        (replace(FIXED, use=ReviewUse.NO), OPEN, "nobody lets it be used"),
        (replace(FIXED, use=ReviewUse.WEIGHTS), OPEN, "nobody lets it be used"),
        (replace(FIXED, burnt=True), OPEN, "shown to a model of this submitter"),
        (replace(FRESH, burnt=True), OPEN, "shown to a model of this submitter"),
        (replace(FIXED, known=True), OPEN, "takes part in it"),
        (replace(FIXED, proven=False), OPEN, "none of its proofs"),
        (FIXED, replace(OPEN, access=Access.SELF_OPERATED), "runs the agents itself"),
    ],
)
def test_whatever_is_left_out_is_left_out_for_a_reason(one: Candidate, asking: Asking, words: str) -> None:
    found = choose([one], asking)
    assert not found.taken
    assert [words in why for why in found.left_out] == [True]


def test_consent_for_models_of_the_house_is_enough_for_these() -> None:
    assert choose([replace(FIXED, use=ReviewUse.WEIGHTS)], HOUSE).taken


def test_the_order_is_the_same_whatever_comes_in_first_and_goes_project_by_project() -> None:
    many = [replace(FIXED, case=f"{i:02}", project="ab"[i % 4 == 0]) for i in range(12)]
    first = choose(many, OPEN, most=6)
    random.Random(7).shuffle(many)
    assert choose(many, OPEN, most=6) == first
    assert {one.case for one in first.taken} == {"00", "04", "08", "01", "02", "03"}


def test_another_reason_is_another_choice() -> None:
    assert choice_digest([("holdout-1", "b", 1, "x")]) != choice_digest([("holdout-1", "b", 2, "x")])
