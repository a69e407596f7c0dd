"""Makes a report of an evaluation folder, or says why that folder does not carry out the plan."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from clearinghouse import __version__
from clearinghouse.core.errors import Refused
from clearinghouse.core.review import leaves
from clearinghouse.core.review.plan import SignedPlan, check_order
from clearinghouse.core.review.report import Report, apply, compute, suite_facts
from clearinghouse.formats.review_page import page

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from clearinghouse.core.review.leaves import Row
    from clearinghouse.core.review.samples import Sample
    from clearinghouse.core.review.thresholds import Thresholds
    from clearinghouse.evaluation.store import Evaluation, Folder

_ADVICE = "run the evaluation under this plan, or give the plan that it was run under"


@dataclass(frozen=True, slots=True)
class Made:
    """A report with its rows and its page, ready to be signed."""

    report: Report
    rows: tuple[Row, ...]
    page: bytes

    @property
    def page_digest(self) -> str:
        """SHA-256 of the page, in hexadecimal."""
        return hashlib.sha256(self.page).hexdigest()


def make(
    folder: Folder,
    signed: SignedPlan,
    *,
    plan_key: str,
    rules: Thresholds | None,
    comment: str,
    made_at: str,
    salt: Callable[[], bytes],
) -> Made:
    """The report; `salt` gives 16 fresh random bytes a call. Raises Refused where folder, plan or rules differ."""
    plan, evaluation, samples = signed.plan, folder.evaluation, folder.samples()
    _check_run(signed, evaluation)
    _check_samples(evaluation, samples)
    check_order(signed, samples)
    if plan.thresholds != (rules.digest if rules else ""):
        raise Refused(
            "the rules are not those of the plan", advice="give the file of rules that was planned, unchanged"
        )
    computed = compute(plan, evaluation.tasks, samples)
    rows = leaves.rows(samples, evaluation.tasks, salt)
    report = Report(
        made_at=made_at, plan=plan, plan_signed_at=signed.signed_at, plan_key=plan_key,
        suite=suite_facts(evaluation.tasks), versions={**evaluation.versions, "report": __version__},
        computed=computed, rules=apply(rules, plan, computed) if rules else None, comment=comment,
        limits=_lines(limits(evaluation)), rerun=_lines(RERUN), size=len(rows), root=leaves.root(rows),
    )  # fmt: skip
    return Made(report, rows, page(report))


def _check_run(signed: SignedPlan, evaluation: Evaluation) -> None:
    plan = signed.plan
    asked = {
        "suite": (plan.suite, plan.suite_version, plan.suite_digest),
        "agents": sorted((agent.name, agent.kind) for agent in plan.agents),
        "epochs": plan.epochs,
        "budget": asdict(plan.budget),
        "plan": plan.digest,
    }
    done = {
        "suite": (evaluation.suite, evaluation.suite_version, evaluation.suite_digest),
        "agents": sorted((agent.name, agent.kind.value) for agent in evaluation.agents),
        "epochs": evaluation.epochs,
        "budget": asdict(evaluation.budget),
        "plan": evaluation.plan,
    }
    for name, value in asked.items():
        if done[name] != value and not (name == "plan" and done[name] is None):
            raise Refused(f"{name}: the evaluation has {done[name]}, the plan {value}", advice=_ADVICE)


def _check_samples(evaluation: Evaluation, samples: Sequence[Sample]) -> None:
    digests = {task.id: task.digest for task in evaluation.tasks}
    expected = set(evaluation.expected())
    for sample in samples:
        place = f"{sample.agent}, {sample.task}, epoch {sample.epoch}"
        if (sample.agent, sample.task, sample.epoch) not in expected:
            raise Refused(f"{place}: is not part of the evaluation", advice=_ADVICE)
        if sample.task_digest != digests[sample.task]:
            raise Refused(f"{place}: was made with another task of that name", advice=_ADVICE)


def _lines(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(" ".join(text.split()) for text in texts)


def limits(evaluation: Evaluation) -> tuple[str, ...]:
    """What a reader must not take from the figures."""
    public, tasks = sum(not task.holdout for task in evaluation.tasks), len(evaluation.tasks)
    return (
        *_LIMITS[:1],
        f"{public} of {tasks} tasks are no holdout tasks: their weaknesses were public, and an agent may know them.",
        *_LIMITS[1:],
    )


_LIMITS = (
    """The tasks are single, old, proven weaknesses in libraries. They say nothing of whole systems, of live targets, or
    of what several steps together could do.""",
    """A rate holds for this budget. With more tokens or time, other tools or other prompts, an agent may solve more:
    what is measured is a lower bound.""",
    "A refusal counts as not solved, and is shown apart: an agent that refuses is not thereby unable.",
    "Intervals take projects as drawn by chance. They do not cover what the choice of projects leaves out.",
    """The figures were computed from the samples by whoever signed; what the signature adds is that nothing was changed
    since.""",
)
RERUN = (
    """`clearinghouse review verify FOLDER --key PUBLIC` checks the signature, this page and every sample that is
    disclosed, and computes the figures anew.""",
    "`clearinghouse review rejudge` judges what was handed in once more, by its digests, without a model.",
    """`clearinghouse review run` with the same suite, plan and agents makes new samples. Agents answer by chance:
    expect figures within the intervals, not the same ones.""",
)
