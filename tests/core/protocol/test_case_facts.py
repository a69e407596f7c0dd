from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearinghouse.core.errors import Conflict, InvalidInput
from clearinghouse.core.protocol.case_facts import (
    CaseFacts,
    Fact,
    Learned,
    compound_states,
    histories,
    learn,
    parse_facts,
)

ALL = tuple(histories())
V, F, D, P, X, A = Fact


def test_there_are_32_states_of_which_20_are_stored_and_12_are_not() -> None:
    states = set(compound_states())
    assert len(states) == 32
    assert sum(state.forced is None for state in states) == 20
    public_unaware = {s for s in states if P in s and V not in s}
    unpublic_exploit = {s for s in states if X in s and P not in s}
    assert {s for s in states if s.forced} == public_unaware | unpublic_exploit
    assert (len(public_unaware), len(unpublic_exploit)) == (4, 8)


def test_any_other_combination_cannot_be_made() -> None:
    impossible = 0
    for size in range(7):
        for some in itertools.combinations(Fact, size):
            try:
                assert CaseFacts(frozenset(some)) in compound_states()
            except Conflict:
                impossible += 1
    assert impossible == 64 - 32


def test_there_are_exactly_70_complete_histories() -> None:
    assert len(ALL) == len(set(ALL)) == 70


def test_a_rule_on_orders_alone_gives_the_same_70() -> None:
    def right_after(order: tuple[Fact, ...], one: Fact, other: Fact) -> bool:
        return order.index(one) == order.index(other) + 1

    by_rule = {
        order
        for order in itertools.permutations(Fact)
        if order.index(V) < order.index(F) < order.index(D)
        and (order.index(P) < order.index(X) or right_after(order, P, X))
        and (order.index(V) < order.index(P) or right_after(order, V, P))
    }
    assert by_rule == set(ALL)


def test_an_exploit_tells_the_public_and_the_public_tells_the_vendor_with_their_causes() -> None:
    facts, told = learn(CaseFacts(), X)
    assert told == (Learned(X), Learned(P, X), Learned(V, P))
    assert str(facts) == "VfdPXa"


def test_a_fact_that_holds_appends_nothing() -> None:
    facts, _ = learn(CaseFacts(), V)
    assert learn(facts, V) == (facts, ())


@pytest.mark.parametrize(("fact", "first"), [(F, "vendor aware"), (D, "vendor aware")])
def test_a_fix_waits_for_its_vendor(fact: Fact, first: str) -> None:
    with pytest.raises(Conflict, match=f'record "{first}"'):
        learn(CaseFacts(), fact)


@given(st.lists(st.sampled_from(Fact)))
def test_facts_learned_in_any_order_go_through_stored_states_only_and_never_back(facts: list[Fact]) -> None:
    state, journal = CaseFacts(), []
    for fact in facts:
        before = state
        try:
            state, told = learn(state, fact)
        except Conflict:
            assert fact in {F, D}
            continue
        assert state.forced is None
        assert state.facts == before.facts | {entry.fact for entry in told}
        journal += [entry.fact for entry in told]
    assert any(history[: len(journal)] == tuple(journal) for history in ALL)


@pytest.mark.parametrize("state", compound_states(), ids=str)
def test_the_six_letters_are_read_back(state: CaseFacts) -> None:
    assert parse_facts(str(state)) == state


@pytest.mark.parametrize("code", ["", "vfdpx", "vfdpxaa", "fvdpxa", "vfd pxa"])
def test_other_letters_are_refused(code: str) -> None:
    with pytest.raises(InvalidInput, match="no state of a case"):
        parse_facts(code)


def test_letters_of_an_impossible_state_are_refused() -> None:
    with pytest.raises(Conflict, match="fix ready"):
        parse_facts("vFdpxa")


def test_a_forced_fact_comes_before_any_other() -> None:
    with pytest.raises(Conflict, match='record "public aware" first'):
        parse_facts("vfdpXa").flip(A)
