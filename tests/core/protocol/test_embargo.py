from __future__ import annotations

import pytest

from clearinghouse.core.errors import Conflict
from clearinghouse.core.protocol.case_facts import CaseFacts, compound_states, parse_facts
from clearinghouse.core.protocol.embargo import (
    EMBARGO,
    Embargo,
    EmbargoStep,
    early_end,
    hold_for_trailing,
    quorum_agrees,
)

STORED = [facts for facts in compound_states() if not facts.forced]


def test_an_embargo_that_ended_never_begins_again() -> None:
    assert EMBARGO.steps(Embargo.EXITED) == ()
    with pytest.raises(Conflict, match="nothing follows"):
        EMBARGO.after(Embargo.EXITED, EmbargoStep.PROPOSE)


def test_an_embargo_comes_into_force_by_acceptance_alone() -> None:
    entered = {step for (state, step), to in EMBARGO.table.items() if to.in_force and not state.in_force}
    assert entered == {EmbargoStep.ACCEPT}


def test_only_an_embargo_in_force_can_be_terminated() -> None:
    assert {e for e in Embargo if EMBARGO.allows(e, EmbargoStep.TERMINATE)} == {e for e in Embargo if e.in_force}


@pytest.mark.parametrize("facts", STORED, ids=str)
@pytest.mark.parametrize("embargo", list(Embargo))
def test_what_nobody_can_keep_any_more_is_not_kept(embargo: Embargo, facts: CaseFacts) -> None:
    ending = early_end(embargo, facts)
    after = EMBARGO.after(embargo, *ending.steps)
    _, _, deployed, public, exploit, attacks = (letter.isupper() for letter in str(facts))
    if public or exploit or deployed:
        assert not after.in_force
        assert after is not Embargo.PROPOSED
    if attacks:
        assert after is not Embargo.PROPOSED
    assert bool(ending.asks) is (attacks and after.in_force)
    assert bool(ending.reason) is bool(ending.steps)
    if not (public or exploit or deployed or attacks):
        assert after is embargo


@pytest.mark.parametrize(
    ("ready", "agreeing", "agreed"),
    [
        ("", "", False),
        ("a", "", False),
        ("a", "a", True),
        ("ab", "a", False),
        ("abc", "ab", True),
        ("ab", "xyz", False),
    ],
)
def test_a_quorum_is_more_than_half_of_the_vendors_with_a_fix(ready: str, agreeing: str, agreed: bool) -> None:
    assert quorum_agrees(ready, agreeing) is agreed


def test_an_embargo_is_extended_for_trailing_vendors_when_the_ready_ones_agree() -> None:
    hold_for_trailing(parse_facts("VFdpxa"), ["a", "b", "c"], ["d"], ["a", "b"])
    hold_for_trailing(parse_facts("Vfdpxa"), [], ["d"], [])
    with pytest.raises(Conflict, match="ask b, c"):
        hold_for_trailing(parse_facts("VFdpxa"), ["a", "b", "c"], ["d"], ["a"])
    with pytest.raises(Conflict, match="no vendor is without a fix"):
        hold_for_trailing(parse_facts("VFdpxa"), ["a"], ["a"], ["a"])


@pytest.mark.parametrize("code", ["VFdPxa", "VFdPXa", "VFdpxA"])
def test_nothing_is_extended_once_the_world_knows_or_attacks(code: str) -> None:
    with pytest.raises(Conflict, match="tell the trailing vendors at once"):
        hold_for_trailing(parse_facts(code), ["a"], ["b"], ["a"])
