"""Bounds against values computed elsewhere, and the laws that any such bound obeys."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearinghouse.core.statistics import FIRST_RUNS, LEAST_RATE, MOST_RUNS, lower_bound, silent_runs


@pytest.mark.parametrize(
    ("k", "n", "bound"),
    # n of n: 0.05 ** (1 / n). The others are quantiles of the beta distribution B(k, n - k + 1) at 0.05.
    [
        (5, 5, 0.549),
        (10, 10, 0.741),
        (20, 20, 0.861),
        (1, 20, 0.00256),
        (10, 20, 0.302),
        (19, 20, 0.784),
        (1, 5, 0.0102),
    ],
)
def test_the_bound_is_that_of_clopper_and_pearson(k: int, n: int, bound: float) -> None:
    assert lower_bound(k, n) == pytest.approx(bound, rel=0.005)


@pytest.mark.parametrize(
    ("rate", "runs"), [(0.549, 4), (0.741, 3), (0.861, 2), (0.302, 9), (0.2, 14), (0.5, 5), (0.99, 1)]
)
def test_silence_needs_so_many_runs(rate: float, runs: int) -> None:
    assert silent_runs(rate) == runs


def test_five_of_five_ask_for_four_silent_runs() -> None:
    assert silent_runs(lower_bound(FIRST_RUNS, FIRST_RUNS)) == 4


def test_the_least_rate_keeps_silence_affordable() -> None:
    assert silent_runs(LEAST_RATE) <= MOST_RUNS


def test_what_never_fired_has_no_rate() -> None:
    assert lower_bound(0, 20) == 0.0


@pytest.mark.parametrize(("k", "n"), [(0, 0), (-1, 5), (6, 5)])
def test_what_is_no_count_is_refused(k: int, n: int) -> None:
    with pytest.raises(ValueError, match="is not a count"):
        lower_bound(k, n)


@pytest.mark.parametrize("rate", [0.0, 1.0, -0.1, 1.5])
def test_what_is_no_rate_is_refused(rate: float) -> None:
    with pytest.raises(ValueError, match="is not a rate"):
        silent_runs(rate)


@given(st.integers(1, 40).flatmap(lambda n: st.tuples(st.integers(1, n), st.just(n))))
def test_the_bound_lies_below_what_was_seen(counts: tuple[int, int]) -> None:
    k, n = counts
    assert 0 < lower_bound(k, n) < k / n or (k == n and 0 < lower_bound(k, n) < 1)


@given(st.integers(2, 40).flatmap(lambda n: st.tuples(st.integers(1, n - 1), st.just(n))))
def test_seeing_more_raises_the_bound(counts: tuple[int, int]) -> None:
    k, n = counts
    assert lower_bound(k, n) < lower_bound(k + 1, n)
    assert lower_bound(k, n + 1) < lower_bound(k, n)


@given(st.integers(1, 30), st.floats(0.5, 0.99))
def test_more_confidence_lowers_the_bound(n: int, confidence: float) -> None:
    assert lower_bound(n, n, confidence) == pytest.approx((1 - confidence) ** (1 / n), rel=1e-6)


@given(st.floats(0.01, 0.99))
def test_the_runs_asked_for_suffice_and_one_less_does_not(rate: float) -> None:
    runs = silent_runs(rate)
    assert (1 - rate) ** runs <= 0.05 * (1 + 1e-9)
    assert (1 - rate) ** (runs - 1) > 0.05 * (1 - 1e-9)
