"""What the demo of a review demands of its outcome."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

from clearinghouse.cli.demo_review import ORACLE, differences, plan_of
from clearinghouse.core.review.report import compute
from clearinghouse.core.review.samples import Outcome
from tests.evaluation import folders

PLAN = plan_of(SimpleNamespace(name="open", version="1", digest="ab" * 32))  # type: ignore[arg-type]
OTHER = PLAN.agents[1].name


def outcome(**changes: object) -> list[str]:
    """What differs where the oracle solves everything and the other nothing, with one sample of each changed."""
    samples = [
        replace(one, agent=agent, outcome=Outcome.PASS if agent == ORACLE else Outcome.FAIL)
        for one in folders.samples()
        if one.epoch == 1 and one.agent == folders.MODEL
        for agent in (ORACLE, OTHER)
    ]
    samples[:2] = [replace(one, **changes) for one in samples[:2]]
    return differences(SimpleNamespace(computed=compute(PLAN, folders.tasks(), samples)))  # type: ignore[arg-type]


def test_the_oracle_must_solve_everything_and_nothing_may_lack_a_verdict() -> None:
    assert outcome() == []
    assert outcome(outcome=Outcome.FAIL) == ["find: the oracle solved 23 of 24"]
    lacking = outcome(outcome=Outcome.NO_VERDICT)
    assert [line.split(",")[1].split(":")[0].strip() for line in lacking if "without a verdict" in line] == [
        ORACLE,
        OTHER,
    ]
