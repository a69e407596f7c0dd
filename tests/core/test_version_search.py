"""The search for affected releases: each boundary of ordinary histories, within the bound; no silence from nothing."""

from __future__ import annotations

import math
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from clearinghouse.core.version_search import SPARE, Answer, Search, Stretch, affected_stretches

A, U, X = Answer.AFFECTED, Answer.UNAFFECTED, Answer.UNKNOWN
History = list[Answer]


def searched(history: History, *known: int, **given: object) -> Search:
    """The search carried out on a history; `known` are the releases that a bundle names."""
    anchors = [*known, 0, len(history) - 1]
    search = Search(len(history), anchors, **given)  # type: ignore[arg-type]
    for _ in range(len(history) + 1):
        index = search.next()
        if index is None:
            return search
        assert index not in search.answers, "nothing is tried twice"
        search.record(index, history[index])
    raise AssertionError("the search did not end")


@st.composite
def one_boundary(draw: st.DrawFn) -> tuple[History, int, int]:
    """Affected from the first release up to a fix; with the releases that a bundle names on either side of it."""
    count = draw(st.integers(2, 400))
    fix = draw(st.integers(1, count - 1))
    vulnerable = draw(st.integers(0, fix - 1))
    fixed = draw(st.integers(fix, count - 1))
    return [A] * fix + [U] * (count - fix), vulnerable, fixed


@st.composite
def one_stretch(draw: st.DrawFn) -> tuple[History, int]:
    """Introduced at some release, fixed at a later one, with an affected one that a bundle names."""
    before, inside, after = draw(st.integers(0, 150)), draw(st.integers(1, 150)), draw(st.integers(0, 150))
    return [U] * before + [A] * inside + [U] * after, before + draw(st.integers(0, inside - 1))


@given(one_boundary())
def test_the_boundary_of_a_fixed_history_is_found_with_log2_n_plus_6_releases_at_most(
    case: tuple[History, int, int],
) -> None:
    history, vulnerable, fixed = case
    search = searched(history, vulnerable, fixed)
    fix = history.index(U)
    assert affected_stretches(search.answers) == (Stretch(0, fix - 1, None, fix),)
    assert search.open_boundaries() == ()
    assert len(search.answers) <= math.log2(len(history)) + SPARE


@given(one_boundary())
def test_an_unfixed_history_is_the_same_seen_from_the_other_side(case: tuple[History, int, int]) -> None:
    history, vulnerable, _fixed = case
    mirrored = history[::-1]
    search = searched(mirrored, len(history) - 1 - vulnerable)
    first = mirrored.index(A)
    assert affected_stretches(search.answers) == (Stretch(first, len(history) - 1, first - 1, None),)
    assert len(search.answers) <= math.log2(len(history)) + SPARE


@given(one_stretch())
def test_both_boundaries_of_one_affected_stretch_are_found(case: tuple[History, int]) -> None:
    history, vulnerable = case
    search = searched(history, vulnerable)
    first, last = history.index(A), len(history) - 1 - history[::-1].index(A)
    expected = Stretch(first, last, first - 1 if first else None, last + 1 if last < len(history) - 1 else None)
    assert affected_stretches(search.answers) == (expected,)
    assert len(search.answers) <= 2 * math.log2(len(history)) + SPARE


@given(st.lists(st.sampled_from(list(Answer)), min_size=1, max_size=60), st.booleans())
def test_what_is_claimed_of_any_history_was_answered(history: History, everything: bool) -> None:
    search = searched(history, everything=everything)
    stretches = affected_stretches(search.answers)
    for stretch in stretches:
        assert {history[stretch.first], history[stretch.last]} == {A}
        assert {history[i] for i in (stretch.before, stretch.after) if i is not None} <= {U}
        inside = {history[i] for i in search.answers if stretch.first <= i <= stretch.last}
        assert U not in inside, "a stretch that an answer contradicts is two"
    for low, high in search.open_boundaries():
        assert X in history[low : high + 1], "only what says nothing leaves a boundary open"
    if everything:
        decided = [answer for answer in history if answer is not X]
        runs = sum(a is A for a in decided[:1]) + sum(b is A and a is U for a, b in pairwise(decided))
        assert len(stretches) == runs


@given(st.integers(1, 300), st.integers(1, 20))
def test_a_budget_is_kept(count: int, budget: int) -> None:
    search = searched([A] * count, budget=budget)
    assert len(search.answers) <= budget


def test_a_line_that_the_fix_did_not_come_to_is_found_at_its_start() -> None:
    lines = [(1, 0)] * 20 + [(2, 0)] * 20 + [(3, 0)] * 200
    history = [A] * 15 + [U] * 5 + [A] * 18 + [U] * 2 + [A] * 3 + [U] * 197
    search = searched(history, 37, 38, lines=lines)
    assert affected_stretches(search.answers) == (
        Stretch(0, 14, None, 15), Stretch(20, 37, 19, 38), Stretch(40, 42, 39, 43),
    )  # fmt: skip


def test_releases_that_say_nothing_leave_a_gap_and_are_never_taken_for_unaffected() -> None:
    history = [X] * 30 + [A] * 20 + [X] * 3 + [U] * 20
    search = searched(history, 49, 53)
    assert affected_stretches(search.answers) == (Stretch(30, 49, None, 53),)
    assert search.open_boundaries() == ((49, 53),)
    assert len(search.answers) <= 2 * math.log2(len(history)) + SPARE + 3


def test_one_release_that_says_nothing_does_not_stop_the_search() -> None:
    history = [A] * 32 + [U] * 32
    for silent in range(64):
        changed = [X if i == silent else answer for i, answer in enumerate(history)]
        found = affected_stretches(searched(changed, 10, 50).answers)
        if silent not in {10, 50}:
            stretch = found[0]
            assert (stretch.last, stretch.after) == (30 if silent == 31 else 31, 33 if silent == 32 else 32)
