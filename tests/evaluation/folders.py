"""Makes evaluation folders of any outcome, as a run would leave them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clearinghouse.core.review.plan import Budget, Plan, PlannedAgent, PlannedComparison
from clearinghouse.core.review.samples import Outcome, Sample, Usage
from clearinghouse.core.review.tasks import Family, TaskInfo
from clearinghouse.evaluation import store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MODEL, FUZZER = "example-model", "baseline/fuzzer"
PROJECTS = 24
FAMILIES = (Family.FIND, Family.REPRODUCE, Family.PATCH)
PLAN = Plan(
    name="A review", suite="open", suite_version="1", suite_digest="ab" * 32, epochs=2, seed=7,
    agents=(PlannedAgent(name=MODEL, kind="model"), PlannedAgent(name=FUZZER, kind="baseline")),
    budget=Budget(tokens=1000, seconds=60.0),
    comparisons=(PlannedComparison(first=MODEL, second=FUZZER),),
)  # fmt: skip


def tasks() -> tuple[TaskInfo, ...]:
    """One of each family in each project; a quarter of them holdout."""
    return tuple(
        TaskInfo(
            id=f"{family.value}-secret-{i}" if i % 4 == 0 else f"{family.value}-public-{i}",
            digest=f"{number:02x}{i:02x}" * 16, family=family, level=i % 2 if family is Family.REPRODUCE else 0,
            project=f"pkg:pypi/{'hidden' if i % 4 == 0 else 'known'}-{i}", weaknesses=("CWE-400",),
            disclosed="" if i % 4 == 0 else f"2024-01-{i + 1:02}", holdout=i % 4 == 0,
        )
        for number, family in enumerate(FAMILIES)
        for i in range(PROJECTS)
    )  # fmt: skip


def samples() -> Iterator[Sample]:
    """The model solves two of three, the fuzzer one of four; in `patch` the model often has no verdict."""
    for number, task in enumerate(tasks()):
        for epoch in (1, 2):
            for agent in (MODEL, FUZZER):
                model = agent == MODEL
                passed = (number + epoch) % 3 > 0 if model else number % 4 == 1
                outcome = Outcome.PASS if passed else Outcome.FAIL
                if model and task.family is Family.PATCH and number % 3 == 0:
                    outcome = Outcome.NO_VERDICT
                usage = Usage(input_tokens=300 + number, output_tokens=100, cost_micros=1200) if model else Usage()
                yield Sample(
                    agent=agent, task=task.id, task_digest=task.digest, epoch=epoch, outcome=outcome,
                    reasons=(f"what the judge says of {task.id}",), refused=model and number == 5,
                    artifact="cd" * 32, usage=usage, submitted_at_tokens=(80, 250, 390)[number % 3] if model else None,
                    began="2026-11-23T12:00:00Z", seconds=2.5 + number % 5, judge_cpu_seconds=0.25,
                )  # fmt: skip


def folder(path: Path, plan: str | None = None) -> store.Folder:
    """The folder, finished."""
    made = store.Folder.create(
        path,
        store.Evaluation(
            suite=PLAN.suite, suite_version=PLAN.suite_version, suite_digest=PLAN.suite_digest, epochs=PLAN.epochs,
            agents=(
                store.Agent(name=MODEL, kind=store.Kind.MODEL), store.Agent(name=FUZZER, kind=store.Kind.BASELINE),
            ),
            budget=store.Budget(tokens=1000, seconds=60.0), tasks=tasks(), versions={"prover": "1"}, plan=plan,
        ),
    )  # fmt: skip
    with made.writing():
        for sample in samples():
            made.add_sample(sample)
    return made
