from __future__ import annotations

from fractions import Fraction

import pytest

from clearinghouse.core.protocol.case_facts import CaseFacts, Fact, histories
from clearinghouse.core.protocol.disclosure_skill import DESIRED, luck, skill

V, F, D, P, X, A = Fact
PUBLISHED = dict(
    zip(
        ["V<P", "V<X", "V<A", "F<P", "F<X", "F<A", "D<P", "D<X", "D<A", "P<X", "P<A", "X<A"],
        (0.333, 0.667, 0.750, 0.111, 0.333, 0.375, 0.037, 0.167, 0.187, 0.500, 0.667, 0.500),
        strict=True,
    )
)


def test_luck_gives_the_published_baselines() -> None:
    assert {str(order): float(luck(order)) for order in DESIRED} == pytest.approx(PUBLISHED, abs=0.000_501)


def test_the_best_history_has_skill_1_in_every_order_and_the_worst_is_below_luck_in_all() -> None:
    found = {str(one.order): one.alpha for one in skill([(V, F, D, P, X, A)])}
    assert set(found.values()) == {1}
    worst = {str(one.order): one.alpha for one in skill([(A, X, P, V, F, D)])}
    assert all(alpha is not None and alpha < 0 for alpha in worst.values())


def test_an_order_that_no_case_has_decided_has_no_skill() -> None:
    by_order = {str(one.order): one for one in skill([(V,), (V, F), ()])}
    assert (by_order["V<P"].cases, by_order["V<P"].observed) == (2, 1)
    assert by_order["F<P"].cases == 1
    assert (by_order["X<A"].cases, by_order["X<A"].observed, by_order["X<A"].alpha) == (0, None, None)


def test_luck_is_the_mean_over_all_histories_each_weighed_by_its_chance() -> None:
    def chance(history: tuple[Fact, ...]) -> Fraction:
        weight, facts = Fraction(1), CaseFacts()
        for fact in history:
            weight, facts = weight / len(facts.possible), facts.flip(fact)
        return weight

    weights = {history: chance(history) for history in histories()}
    assert sum(weights.values()) == 1
    for order in DESIRED:
        assert sum(weight for history, weight in weights.items() if order.holds(history)) == luck(order)
