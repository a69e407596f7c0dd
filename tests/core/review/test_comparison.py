"""Comparisons of two agents: exact where they can be, the same each time, and honest about few projects."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearinghouse.core.review import comparison
from clearinghouse.core.review.comparison import compare, holm, sign_flip
from clearinghouse.core.review.gap import gap
from clearinghouse.core.review.rates import Score


def agent(*shares: int) -> list[Score]:
    """One task in each project, solved so many times of two."""
    return [Score(f"t{i}", f"p{i}", share, 2) for i, share in enumerate(shares)]


def test_five_projects_all_on_one_side_give_two_in_thirty_two() -> None:
    found = compare(agent(2, 2, 2, 2, 2), agent(1, 1, 0, 0, 1), "seed")
    assert found.p == 2 / 32
    assert found.exact
    assert found.difference == pytest.approx(0.7)
    assert found.too_few_projects


@given(st.lists(st.sampled_from([-1.0, -0.5, 0.0, 1 / 3, 0.5, 1.0]), min_size=1, max_size=9))
def test_the_exact_test_counts_every_way_to_set_the_signs(sums: list[float]) -> None:
    seen = abs(sum(sums)) - 1e-9
    ways = [abs(sum(s * x for s, x in zip(signs, sums, strict=True))) for signs in product((1, -1), repeat=len(sums))]
    assert sign_flip(sums, "") == (pytest.approx(sum(way >= seen for way in ways) / len(ways)), True)


def test_beyond_that_chance_decides_the_same_way_each_time_and_near_the_exact_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sums = [1.0, 0.5, 0.75, -0.5, 0.25, 0.4, -0.3, 0.2, 0.6, -0.1, 0.35, 0.15]
    exact, _ = sign_flip(sums, "")
    monkeypatch.setattr(comparison, "EXACT_PROJECTS", 5)
    by_chance = sign_flip(sums, "a seed")
    assert by_chance == sign_flip(sums, "a seed") != sign_flip(sums, "another")
    assert by_chance == (pytest.approx(exact, abs=0.02), False)


def test_what_cannot_be_compared_says_why() -> None:
    assert compare(agent(2, 2), agent(2, 2), "").trouble == "every attempt of both succeeded"
    assert compare(agent(0, 0), agent(0, 0), "").trouble == "no attempt of both succeeded"
    assert compare(agent(1), [], "").trouble == "no task was judged for both"
    assert compare(agent(2, 2), agent(0, 0), "").p == 0.5


@given(st.lists(st.sampled_from([0, 1, 2]), min_size=2, max_size=8), st.data())
def test_who_comes_first_changes_only_the_sign(shares: list[int], data: st.DataObject) -> None:
    others = data.draw(st.lists(st.sampled_from([0, 1, 2]), min_size=len(shares), max_size=len(shares)))
    one, other = compare(agent(*shares), agent(*others), "s"), compare(agent(*others), agent(*shares), "s")
    assert (one.p, one.tasks, one.trouble) == (other.p, other.tasks, other.trouble)
    if one.difference is not None:
        assert other.difference == pytest.approx(-one.difference)


def test_holm_is_as_worked_out_by_hand() -> None:
    assert holm({"a": 0.01, "b": 0.04, "c": 0.03, "d": 0.5}) == pytest.approx(
        {"a": 0.04, "c": 0.09, "b": 0.09, "d": 0.5}
    )
    assert holm({}) == {}


@given(st.dictionaries(st.text(max_size=3), st.floats(0, 1), max_size=6))
def test_a_correction_never_makes_anything_surer(ps: dict[str, float]) -> None:
    corrected = holm(ps)
    assert all(p <= corrected[name] <= 1 for name, p in ps.items())


def test_the_gap_compares_equal_levels_only() -> None:
    public = [Score(f"a{i}", f"p{i}", 2, 2) for i in range(4)] + [Score("easy", "p9", 2, 2)]
    holdout = [Score(f"b{i}", f"q{i}", i % 2, 2) for i in range(4)]
    found = gap(public, holdout, lambda task: 3 if task == "easy" else 1)
    assert found is not None
    assert found.value == pytest.approx(0.75)
    assert found.interval.low is not None
    assert found.interval.low < 0.75 < (found.interval.high or 0)
    assert gap(public[:4], holdout, lambda task: 1 if task.startswith("a") else 2) is None
