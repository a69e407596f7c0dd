"""The figures of one agent in one family: what was solved, how surely, at what price; or why it cannot be reported."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from clearinghouse.core.review import rates
from clearinghouse.core.review.budget_curve import Point, scores, token_curve
from clearinghouse.core.review.comparison import ENOUGH_PROJECTS
from clearinghouse.core.review.gap import gap
from clearinghouse.core.review.samples import Outcome, Sample
from clearinghouse.core.review.tasks import Family  # noqa: TC001  # `read` looks the types up

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from clearinghouse.core.review.tasks import TaskInfo

MOST_WITHOUT_VERDICT: Final = 0.05  # a larger share of samples without a verdict: the family is not reportable
_DIGITS: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A figure with its 95 % interval; None on both sides where there is none. From `tasks` tasks."""

    value: float
    low: float | None
    high: float | None
    tasks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """pass@1 had attempts ended at `amount`, which is `share` of the budget."""

    share: float
    amount: float
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PassK:
    """`some`: at least one of k attempts succeeds (pass@k). `every`: all k do (pass^k)."""

    k: int
    some: float
    every: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GapFigure:
    """Public minus holdout, at equal information levels."""

    value: float
    low: float | None
    high: float | None
    public_tasks: int
    holdout_tasks: int
    projects: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All of it. Rates are None where `trouble` says why the family is not reportable; counts are always there.

    `no_verdict` counts `missing` samples too. `answered` is pass@1 over attempts that were not refused. `bound` is the
    rule of three's where all or none succeeded. Costs in millionths of the prices' currency, None where a price is
    unknown; per solve: everything spent, divided by the attempts that succeeded, None where none did.
    """

    agent: str
    family: Family
    tasks: int
    projects: int
    samples: int
    passes: int
    fails: int
    no_verdict: int
    missing: int
    refusals: int
    no_verdict_share: float
    refusal_share: float
    trouble: str = ""
    flag: str = ""  # `saturated`, `floored`
    bound: float | None = None
    few_projects: bool = False
    effective_size: float | None = None
    pass_at_1: Value | None = None
    answered: float | None = None
    levels: dict[str, Value]
    pass_k: tuple[PassK, ...] = ()
    curve: tuple[CurvePoint, ...] = ()
    gap: GapFigure | None = None
    tokens: int = 0
    tokens_per_solve: float | None = None
    cost_micros: int | None = None
    cost_micros_per_solve: float | None = None
    seconds: float = 0.0
    judge_cpu_seconds: float = 0.0


def figures(
    agent: str, family: Family, tasks: Sequence[TaskInfo], samples: Iterable[Sample], *, epochs: int, tokens: int | None
) -> Figures:
    """The figures of an agent over these tasks of a family, of which each was to be tried in every epoch."""
    known = {task.id: task for task in tasks}
    made = [sample for sample in samples if sample.agent == agent and sample.task in known]
    counts = {outcome: sum(sample.outcome is outcome for sample in made) for outcome in Outcome}
    planned = len(tasks) * epochs
    missing = planned - len(made)
    unjudged = counts[Outcome.NO_VERDICT] + missing
    refusals, solved = sum(sample.refused for sample in made), counts[Outcome.PASS]
    trouble = ""
    if planned and unjudged / planned > MOST_WITHOUT_VERDICT:
        trouble = f"not reportable: {unjudged} of {planned} samples have no verdict, more than 5 %"
    costs = [sample.usage.cost_micros for sample in made]
    cost = None if not made or None in costs else sum(one for one in costs if one is not None)
    spent = sum(sample.usage.tokens for sample in made)
    found = scores(made, {task.id: task.project for task in tasks})
    return Figures(
        agent=agent, family=family, tasks=len(tasks), projects=len({task.project for task in tasks}), samples=planned,
        passes=solved, fails=counts[Outcome.FAIL], no_verdict=unjudged, missing=missing, refusals=refusals,
        no_verdict_share=rounded(unjudged / planned), refusal_share=rounded(refusals / planned), trouble=trouble,
        tokens=spent, tokens_per_solve=rounded(spent / solved) if solved else None,
        cost_micros=cost, cost_micros_per_solve=rounded(cost / solved) if solved and cost is not None else None,
        seconds=rounded(math.fsum(sample.seconds for sample in made)),
        judge_cpu_seconds=rounded(math.fsum(sample.judge_cpu_seconds for sample in made)),
        **({"levels": {}} if trouble or not found else _rates(found, known, made, epochs, tokens)),
    )  # fmt: skip


def _rates(
    found: Sequence[rates.Score],
    known: Mapping[str, TaskInfo],
    made: Sequence[Sample],
    epochs: int,
    tokens: int | None,
) -> dict[str, Any]:
    projects = {task.id: task.project for task in known.values()}
    count = len({score.project for score in found})
    flag = "saturated" if rates.saturated(found) else "floored" if rates.floored(found) else ""
    answered = scores([sample for sample in made if not sample.refused], projects)
    size = rates.effective_size([(score.project, score.share) for score in found])
    return {
        "flag": flag,
        "bound": rounded(rates.rule_of_three(count)) if flag else None,
        "few_projects": count < ENOUGH_PROJECTS,
        "effective_size": rounded(size),
        "pass_at_1": value(found),
        "answered": rounded(rates.pass_at_1(answered)) if answered else None,
        "levels": _levels(found, known),
        "pass_k": tuple(_pass_k(found, epochs)),
        "curve": tuple(map(point, token_curve(made, projects, tokens))),
        "gap": _gap(found, known),
    }


def value(found: Sequence[rates.Score]) -> Value:
    """pass@1 with its interval."""
    bounds = rates.interval(found)
    return Value(
        value=rounded(rates.pass_at_1(found)), low=_known(bounds.low), high=_known(bounds.high), tasks=len(found)
    )


def point(one: Point) -> CurvePoint:
    """A point of a curve as it is reported."""
    return CurvePoint(
        share=one.share, amount=rounded(one.amount), value=rounded(one.value),
        low=_known(one.interval.low), high=_known(one.interval.high),
    )  # fmt: skip


def _levels(found: Sequence[rates.Score], known: Mapping[str, TaskInfo]) -> dict[str, Value]:
    levels = sorted({known[score.task].level for score in found})
    if len(levels) == 1:
        return {}
    return {str(level): value([score for score in found if known[score.task].level == level]) for level in levels}


def _pass_k(found: Sequence[rates.Score], epochs: int) -> Iterable[PassK]:
    for k in range(2, epochs + 1):
        some, every = rates.pass_at_k(found, k), rates.pass_all_k(found, k)
        if some is not None and every is not None:
            yield PassK(k=k, some=rounded(some), every=rounded(every))


def _gap(found: Sequence[rates.Score], known: Mapping[str, TaskInfo]) -> GapFigure | None:
    public = [score for score in found if not known[score.task].holdout]
    holdout = [score for score in found if known[score.task].holdout]
    one = gap(public, holdout, lambda task: known[task].level)
    if one is None:
        return None
    return GapFigure(
        value=rounded(one.value), low=_known(one.interval.low), high=_known(one.interval.high),
        public_tasks=one.public_tasks, holdout_tasks=one.holdout_tasks, projects=one.projects,
    )  # fmt: skip


def rounded(number: float) -> float:
    """As figures are reported: to six places."""
    return round(float(number), _DIGITS) + 0.0


def _known(number: float | None) -> float | None:
    return None if number is None else rounded(number)
