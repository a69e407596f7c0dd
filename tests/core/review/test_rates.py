"""Rates of tasks solved: against values worked out by hand, against inspect-ai where it is there, and by property."""

from __future__ import annotations

import math
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearinghouse.core.review import rates
from clearinghouse.core.review.rates import Score
from clearinghouse.core.review.student import critical, within

values = st.lists(
    st.tuples(st.sampled_from("abcdefgh"), st.sampled_from([0.0, 1 / 3, 0.5, 2 / 3, 1.0])), min_size=2, max_size=40
)


@pytest.mark.parametrize(
    ("degrees", "level", "t"),
    [(1, 0.95, 12.706205), (2, 0.95, 4.302653), (4, 0.95, 2.776445), (9, 0.99, 3.249836), (30, 0.95, 2.042272)],
)
def test_critical_values_are_those_of_the_printed_tables(degrees: int, level: float, t: float) -> None:
    assert critical(degrees, level) == pytest.approx(t, abs=1e-6)
    assert within(t, degrees) == pytest.approx(level, abs=1e-7)


def test_the_interval_of_four_tasks_in_two_projects_is_as_worked_out_by_hand() -> None:
    # Values 1, 0 in a and 1, 1 in b: mean 3/4; deviations sum to -1/2 and 1/2; variance (1/4 + 1/4) * 2/1 / 16 = 1/16.
    four = [("a", 1.0), ("a", 0.0), ("b", 1.0), ("b", 1.0)]
    assert rates.clustered_variance(four) == pytest.approx(1 / 16)
    assert rates.effective_size(four) == pytest.approx(3)  # (3/16) / (1/16)
    t = 12.706204736  # one degree of freedom
    centre, scale = (0.75 + t * t / 6) / (1 + t * t / 3), 1 + t * t / 3
    half = t * math.sqrt(0.1875 / 3 + t * t / 36) / scale
    found = rates.wilson(four)
    assert (found.low, found.high) == pytest.approx((centre - half, min(1, centre + half)), abs=1e-9)


def test_unclustered_widths_are_near_those_known_for_sixty_tasks() -> None:
    for passes, low, high in ((0, 0.0, 0.06), (30, 0.38, 0.62), (60, 0.94, 1.0)):
        found = rates.wilson([(str(i), float(i < passes)) for i in range(60)])
        assert (found.low, found.high) == pytest.approx((low, high), abs=0.01)


@given(values)
def test_the_interval_is_that_of_inspect_ai(given_values: list[tuple[str, float]]) -> None:
    scorer = pytest.importorskip("inspect_ai.scorer", reason="the extra `reviews` is not installed")
    if len({cluster for cluster, _ in given_values}) < 2:
        return
    theirs = scorer.ci_wilson(cluster="project")(
        [
            scorer.SampleScore(score=scorer.Score(value=value), sample_metadata={"project": cluster})
            for cluster, value in given_values
        ]
    )
    found = rates.wilson(given_values)
    assert (found.low, found.high) == pytest.approx((theirs["lower"], theirs["upper"]), abs=1e-9)


@given(values)
def test_an_interval_holds_its_mean_and_stays_between_0_and_1(given_values: list[tuple[str, float]]) -> None:
    found = rates.wilson(given_values)
    mean = sum(value for _, value in given_values) / len(given_values)
    if len({cluster for cluster, _ in given_values}) < 2:
        assert found == rates.NOTHING
    else:
        assert found.low is not None
        assert found.high is not None
        assert 0 <= found.low <= mean + 1e-12
        assert mean - 1e-12 <= found.high <= 1


@given(st.integers(1, 8).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n), st.integers(1, n))))
def test_pass_at_k_and_pass_all_k_are_the_shares_of_all_ways_to_draw_k_attempts(drawn: tuple[int, int, int]) -> None:
    passes, attempts, k = drawn
    ways = [sum(way) for way in combinations([1] * passes + [0] * (attempts - passes), k)]
    score = [Score("t", "p", passes, attempts)]
    assert rates.pass_at_k(score, k) == pytest.approx(sum(way > 0 for way in ways) / len(ways))
    assert rates.pass_all_k(score, k) == pytest.approx(sum(way == k for way in ways) / len(ways))
    assert rates.pass_at_k(score, attempts + 1) is None


def test_all_or_none_says_no_more_than_the_rule_of_three_over_projects() -> None:
    none = [Score(f"t{i}", f"p{i % 12}", 0, 3) for i in range(60)]
    every = [Score(one.task, one.project, 3, 3) for one in none]
    assert rates.floored(none)
    assert rates.saturated(every)
    assert rates.rule_of_three(12) == 0.25
    assert rates.interval(none) == rates.Interval(0.0, 0.25)
    assert rates.interval(every) == rates.Interval(0.75, 1.0)
    assert rates.rule_of_three(1) == 1.0


def test_pass_at_1_is_a_mean_over_tasks_whatever_their_attempts() -> None:
    assert rates.pass_at_1([Score("a", "p", 1, 1), Score("b", "p", 0, 3)]) == 0.5
