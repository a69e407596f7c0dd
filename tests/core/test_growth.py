"""The growth law fires on what grows faster than its input, and on nothing that is merely slow."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearinghouse.core.growth import EXPONENT, Cost, alike, exceeds, exponent, grows, nearly, quietest

if TYPE_CHECKING:
    from collections.abc import Callable

LADDER = [2**power for power in range(4, 20)]


def series(law: Callable[[float], float], budget: float = 1.0, stop: float = 4.0) -> list[Cost]:
    """What the harness reports of a law: sizes doubled until one took the budget, or was stopped."""
    costs = []
    for size in LADDER:
        seconds = law(size)
        costs.append(Cost(size, min(seconds, stop), seconds <= stop))
        if seconds >= budget:
            break
    return costs


@pytest.mark.parametrize("power", [2.0, 2.5, 3.0, 4.0])
def test_a_power_is_measured_as_what_it_is(power: float) -> None:
    measured = exponent(series(lambda n: 1e-7 * n**power))
    assert measured is not None
    assert measured >= power - 0.3


@pytest.mark.parametrize("power", [2.0, 2.5, 3.0, 4.0])
def test_superlinear_cost_fires(power: float) -> None:
    assert grows(series(lambda n: 1e-7 * n**power), 1.0)


@pytest.mark.parametrize("law", [lambda n: 1e-4 * n, lambda n: 1e-5 * n**1.3, lambda _: 0.9, lambda n: 0.5 + 1e-5 * n])
def test_slow_but_honest_cost_does_not_fire(law: Callable[[float], float]) -> None:
    assert not grows(series(law), 1.0)


def test_an_exponential_fires_though_its_first_long_run_was_stopped() -> None:
    costs = [Cost(16, 0.001, finished=True), Cost(32, 4.0, finished=False)]
    assert grows(costs, 1.0)


def test_a_run_stopped_at_the_first_size_says_nothing_of_growth() -> None:
    assert exponent([Cost(16, 4.0, finished=False)]) is None
    assert not grows([Cost(16, 4.0, finished=False)], 1.0)


def test_runs_below_twenty_milliseconds_measure_the_machine() -> None:
    assert exponent([Cost(size, 1e-9 * size**2, finished=True) for size in (16, 32, 64)]) is None


def test_growth_without_the_budget_does_not_fire() -> None:
    costs = [Cost(size, 1e-3 * size**2, finished=True) for size in (8, 16, 24)]
    assert exponent(costs) == pytest.approx(2.0, abs=0.3)
    assert grows(costs, 0.5)
    assert not grows(costs, 1.0)


def test_nothing_measured_does_not_fire() -> None:
    assert not grows([], 1.0)
    assert not grows([Cost(None, 5.0, finished=True)], 1.0)


@given(st.floats(1e-7, 1e-2), st.floats(0.2, 1.2))
def test_no_law_at_most_linear_ever_fires(scale: float, power: float) -> None:
    assert not grows(series(lambda n: scale * n**power), 1.0)


@given(st.floats(1e-9, 1e-5), st.floats(2.2, 4.0))
def test_every_law_well_above_the_exponent_fires_once_it_costs_the_budget(scale: float, power: float) -> None:
    costs = series(lambda n: scale * n**power)
    if costs[-1].amount >= 1.0 and len(costs) > 1:
        measured = exponent(costs)
        assert measured is not None
        assert measured >= EXPONENT


@pytest.mark.parametrize(
    ("seconds", "reference", "fires"),
    [(1.0, 0.1, True), (0.99, 0.01, False), (1.0, 0.11, False), (5.0, 0.5, True), (1.0, 0.0, True), (30.0, 4.0, False)],
)
def test_without_sizes_both_the_budget_and_ten_times_the_reference_are_needed(
    seconds: float, reference: float, fires: bool
) -> None:
    assert exceeds(seconds, 1.0, reference) is fires


@pytest.mark.parametrize(("seconds", "expected"), [(0.0, False), (0.24, False), (0.25, True), (1.0, True), (2.0, True)])
def test_a_release_that_takes_a_quarter_of_the_time_or_more_is_no_fix(seconds: float, *, expected: bool) -> None:
    assert alike(seconds, 1.0) is expected


def test_noise_that_hides_a_growth_is_told_from_cost_that_does_not_grow() -> None:
    noisy = [Cost(size, seconds, finished=True) for size, seconds in ((1024, 0.04), (2048, 0.09), (4096, 0.3))]
    assert not grows(noisy, 0.2)
    assert nearly(noisy, 0.2)
    assert not nearly(noisy, 0.4)
    assert not nearly(series(lambda n: 1e-7 * n**2), 1.0)
    assert not nearly([Cost(None, 5.0, finished=True)], 1.0)
    assert not nearly([], 1.0)


@given(st.floats(1e-8, 1e-5), st.sampled_from([0.9, 1.0, 2.2, 3.0]), st.data())
def test_of_series_that_were_disturbed_now_and_then_the_least_is_the_law_itself(
    scale: float, power: float, data: st.DataObject
) -> None:
    law = [Cost(size, scale * size**power, finished=True) for size in LADDER]
    quiet = [data.draw(st.integers(0, 2)) for _ in law]
    disturbed = [
        [
            cost if which == calm else Cost(cost.size, cost.amount * data.draw(st.floats(1.0, 5.0)), finished=True)
            for cost, calm in zip(law, quiet, strict=True)
        ]
        for which in range(3)
    ]
    assert quietest(disturbed) == tuple(law)


def test_of_a_size_that_was_stopped_once_the_finished_one_holds() -> None:
    ended, stopped = Cost(16, 3.0, finished=True), Cost(16, 2.0, finished=False)
    assert quietest([[stopped], [ended]]) == (ended,)
    assert quietest([[ended], [stopped]]) == (ended,)
    assert quietest([[stopped], [Cost(16, 1.0, finished=False)]]) == (Cost(16, 1.0, finished=False),)
