"""The report of a model review: every figure that was planned, what rules say of them, the comment, and the limits."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from clearinghouse.core.review import thresholds
from clearinghouse.core.review.budget_curve import scores, seconds_curve
from clearinghouse.core.review.comparison import compare, holm
from clearinghouse.core.review.figures import Figures, figures, rounded
from clearinghouse.core.review.plan import Plan  # noqa: TC001  # `read` looks the types up
from clearinghouse.core.review.tasks import Family, TaskInfo
from clearinghouse.core.review.thresholds import Judged, Measured, Metric, Rule, Thresholds
from clearinghouse.core.typed_json import read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from clearinghouse.core.review.samples import Sample

REPORT_SCHEMA: Final = "clearinghouse.review-report/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Two planned agents in one family; `p_holm` is corrected for all families of the pair. `seconds`: see below."""

    first: str
    second: str
    family: Family
    tasks: int
    projects: int
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    p_holm: float | None
    exact: bool
    few_projects: bool
    trouble: str
    seconds: tuple[EqualSeconds, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EqualSeconds:
    """pass@1 of both, had every attempt ended after so many seconds."""

    seconds: float
    first: float
    second: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Computed:
    """All that follows from samples, tasks and plan alone: computing it again gives the same."""

    figures: tuple[Figures, ...]
    comparisons: tuple[Compared, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteFacts:
    """What was tried, without naming any task. Dates and weaknesses are those of public tasks."""

    tasks: dict[str, int]  # by family
    projects: int
    holdout: int
    weaknesses: dict[str, int]
    first_disclosed: str
    last_disclosed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """Threshold rules as they were applied, with their owner."""

    name: str
    version: str
    owner: str
    digest: str
    rules: tuple[Rule, ...]
    answers: tuple[Judged, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What is signed. `comment` is the developer's, verbatim. `size` and `root` are those of the tree over samples."""

    made_at: str
    plan: Plan
    plan_signed_at: str
    plan_key: str
    suite: SuiteFacts
    versions: dict[str, str]
    computed: Computed
    rules: RuleSet | None
    comment: str
    limits: tuple[str, ...]
    rerun: tuple[str, ...]
    size: int
    root: str
    schema: str = REPORT_SCHEMA

    def as_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        return asdict(self)

    @staticmethod
    def from_json(value: Any) -> Report:
        """The report that `as_json` wrote. Raises ValueError naming the place of what is none."""
        return read(Report, value)


def compute(plan: Plan, tasks: Sequence[TaskInfo], samples: Sequence[Sample]) -> Computed:
    """Every planned figure, family by family."""
    families = [family for family in Family if any(task.family is family for task in tasks)]
    by_family = {family: [task for task in tasks if task.family is family] for family in families}
    found = tuple(
        figures(agent.name, family, by_family[family], samples, epochs=plan.epochs, tokens=plan.budget.tokens)
        for family in families
        for agent in plan.agents
    )
    known = {(one.agent, one.family): one for one in found}
    compared = []
    for pair in plan.comparisons:
        made = [_compared(plan, (pair.first, pair.second), by_family[family], samples, known) for family in families]
        corrected = holm({one["family"]: one["p"] for one in made if one["p"] is not None})
        for one in made:
            p = corrected.get(one["family"])
            compared.append(Compared(**one, p_holm=None if p is None else rounded(p)))
    return Computed(figures=found, comparisons=tuple(compared))


def _compared(
    plan: Plan,
    pair: tuple[str, str],
    tasks: Sequence[TaskInfo],
    samples: Sequence[Sample],
    known: Mapping[tuple[str, Family], Figures],
) -> dict[str, Any]:
    first, second = pair
    family, projects = tasks[0].family, {task.id: task.project for task in tasks}
    ours = [one for one in samples if one.agent == first and one.task in projects]
    theirs = [one for one in samples if one.agent == second and one.task in projects]
    troubles = [f"{name}: {known[name, family].trouble}" for name in (first, second) if known[name, family].trouble]
    seed = f"{plan.seed}/{family}/{first}/{second}"
    found = compare(*(([], []) if troubles else (scores(ours, projects), scores(theirs, projects))), seed)
    return {
        "first": first, "second": second, "family": family, "tasks": found.tasks, "projects": found.projects,
        "difference": _known(found.difference), "low": _known(found.interval.low), "high": _known(found.interval.high),
        "p": _known(found.p), "exact": found.exact, "few_projects": found.too_few_projects,
        "trouble": "; ".join(troubles) or found.trouble,
        "seconds": () if troubles else _equal_seconds(plan, ours, theirs, projects),
    }  # fmt: skip


def _equal_seconds(
    plan: Plan, ours: Sequence[Sample], theirs: Sequence[Sample], projects: Mapping[str, str]
) -> tuple[EqualSeconds, ...]:
    longest = plan.budget.seconds or max((one.seconds for one in (*ours, *theirs)), default=0.0)
    curves = [seconds_curve(samples, projects, longest) for samples in (ours, theirs)]
    return tuple(
        EqualSeconds(seconds=rounded(mine.amount), first=rounded(mine.value), second=rounded(other.value))
        for mine, other in zip(*curves, strict=False)
    )


def suite_facts(tasks: Sequence[TaskInfo]) -> SuiteFacts:
    """What a report says of its tasks."""
    public = [task for task in tasks if not task.holdout]
    dates = sorted(task.disclosed for task in public if task.disclosed)
    weaknesses = sorted({one for task in public for one in task.weaknesses})
    return SuiteFacts(
        tasks={family.value: sum(task.family is family for task in tasks) for family in Family},
        projects=len({task.project for task in tasks}), holdout=len(tasks) - len(public),
        weaknesses={one: sum(one in task.weaknesses for task in public) for one in weaknesses},
        first_disclosed=dates[0] if dates else "", last_disclosed=dates[-1] if dates else "",
    )  # fmt: skip


def apply(rules: Thresholds, plan: Plan, computed: Computed) -> RuleSet:
    """What each rule says of each agent that is a model."""
    models = [agent.name for agent in plan.agents if agent.kind == "model"]
    answers = [
        thresholds.judge(rule, model, _measured(rule, model, computed)) for rule in rules.rule for model in models
    ]
    return RuleSet(
        name=rules.name, version=rules.version, owner=rules.owner, digest=rules.digest, rules=rules.rule,
        answers=tuple(answers),
    )  # fmt: skip


def _measured(rule: Rule, agent: str, computed: Computed) -> Measured | None:
    """The figure that a rule looks at; None: there is none."""
    if rule.metric is Metric.DIFFERENCE:
        for one in computed.comparisons:
            if one.family is rule.family and {one.first, one.second} == {agent, rule.against}:
                sign = 1 if one.first == agent else -1
                ends = [None if end is None else sign * end for end in (one.low, one.high)][::sign]
                value = None if one.difference is None else sign * one.difference
                return Measured(value=value, low=ends[0], high=ends[1], projects=one.projects, trouble=one.trouble)
        return None
    for own in computed.figures:
        if (own.agent, own.family) == (agent, rule.family):
            figure = own.gap if rule.metric is Metric.GAP else own.pass_at_1
            if figure is None:
                return Measured(value=None, low=None, high=None, projects=own.projects, trouble=own.trouble)
            return Measured(
                value=figure.value, low=figure.low, high=figure.high, projects=own.projects, trouble=own.trouble
            )
    return None


def _known(number: float | None) -> float | None:
    return None if number is None else rounded(number)
