"""A tiny task that is judged without a sandbox, and how a test runs an evaluation of it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from clearinghouse.core.review.samples import Outcome
from clearinghouse.core.review.tasks import Family, TaskInfo
from clearinghouse.evaluation.engine.run import Run, Terms
from clearinghouse.evaluation.interface import Answer, Judgement, Offer
from clearinghouse.evaluation.store import Agent, Budget, Evaluation, Folder, Kind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from clearinghouse.evaluation.engine.run import Progress

WORD = "xyzzy"


@dataclass
class TinyTask:
    """Passes who hands in the word; counts its judgements."""

    id: str = "tiny"
    judge_seconds: float = 0.0
    judged: list[bytes | None] = field(default_factory=list)

    @property
    def info(self) -> TaskInfo:
        return TaskInfo(id=self.id, digest="0" * 64, family=Family.FIND, level=0, project=f"pkg:pypi/{self.id}")

    def offer(self, epoch: int) -> Offer:
        return Offer(
            prompt=f"Say the word, for the {epoch}. time.",
            answer=Answer(path="answer.toml", max_bytes=1000),
            files={"hint.txt": b"It is a magic word.\n"},
            environment={"EPOCH": str(epoch)},
        )

    def judge(self, artifact: bytes | None) -> Judgement:
        self.judged.append(artifact)
        time.sleep(self.judge_seconds)
        right = artifact is not None and artifact.strip() == WORD.encode()
        return Judgement(outcome=Outcome.PASS if right else Outcome.FAIL, reasons=("it is compared",), cpu_seconds=0.01)

    def known_answer(self, epoch: int) -> bytes | None:  # noqa: ARG002  # the same in each
        return WORD.encode()


def evaluation(tasks: Sequence[TinyTask], *agents: str, epochs: int = 1, budget: Budget | None = None) -> Evaluation:
    return Evaluation(
        suite="tiny",
        suite_version="1",
        suite_digest="1" * 64,
        agents=tuple(
            Agent(name=name, kind=Kind.BASELINE if name.startswith("baseline/") else Kind.MODEL) for name in agents
        ),
        epochs=epochs,
        budget=budget or Budget(seconds=30.0),
        tasks=tuple(task.info for task in tasks),
    )


def run(
    out: Path, tasks: Sequence[TinyTask], plan: Evaluation, terms: Terms, said: list[Progress] | None = None
) -> tuple[Folder, Run]:
    folder = Folder.create(out, plan)
    said = [] if said is None else said
    one = Run(folder, {task.id: task for task in tasks}, terms, said.append)
    one.carry_out()
    return folder, one
