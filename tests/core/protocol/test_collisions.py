from __future__ import annotations

import pytest

from clearinghouse.core.priority import Fact, evaluate
from clearinghouse.core.protocol.collisions import independent_finders, raised_by_collision
from clearinghouse.core.ssvc import Decision


@pytest.mark.parametrize(
    ("finders", "independent"),
    [
        ([], 0),
        ([("ann", None), ("bob", None), ("ann", None)], 2),
        ([("ann", "lab"), ("bob", "lab")], 1),
        ([("ann", "lab"), ("bob", None), ("cid", "other")], 3),
        ([("lab", None), ("ann", "lab")], 2),
    ],
)
def test_colleagues_are_one_finder(finders: list[tuple[str, str | None]], independent: int) -> None:
    assert independent_finders(finders) == independent


def test_a_second_finder_raises_every_reachable_decision_by_one_step_and_says_why() -> None:
    unknown = evaluate([Fact("exploitation", "none", "", ""), Fact("automatable", "no", "", "")])
    assert unknown.reachable == (Decision.TRACK, Decision.TRACK_STAR)
    raised = raised_by_collision(unknown, 2)
    assert raised.reachable == (Decision.TRACK_STAR, Decision.ATTEND)
    assert raised.facts[-1].evidence == "2 independent finders"
    assert {d for flip in raised.flips for _, reach in flip.outcomes for d in reach} <= set(raised.reachable)
    assert raised.sort_key > unknown.sort_key
    assert raised_by_collision(unknown, 5).reachable == raised.reachable
    assert raised_by_collision(unknown, 1) is unknown


def test_nothing_is_above_act() -> None:
    everything = {"exploitation": "active", "automatable": "yes", "technical_impact": "total", "mission": "high"}
    gravest = evaluate([Fact(name, value, "", "") for name, value in everything.items()])
    assert raised_by_collision(gravest, 3).reachable == gravest.reachable == (Decision.ACT,)
