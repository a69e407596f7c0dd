"""What suites, engines, agents and the judge agree on, so that each can be exchanged without the others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from clearinghouse.core.review.samples import Outcome
    from clearinghouse.core.review.tasks import TaskInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Where an agent leaves what is judged: one file, by its path below the work folder, of at most `max_bytes`."""

    path: str
    max_bytes: int = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What an agent is given: a prompt, files of its own (path below the work folder to content), trees to read only.

    A tree is given as its path inside the sandbox to the folder on this machine; with it come variables, and the place
    where its answer is looked for.
    """

    prompt: str
    answer: Answer
    files: Mapping[str, bytes] = field(default_factory=dict)
    trees: Mapping[str, Path] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the judge says of one artifact; `finding`: the folder of a bundle for a weakness not the task's own."""

    outcome: Outcome
    reasons: tuple[str, ...]
    cpu_seconds: float = 0.0
    finding: Path | None = None


class Task(Protocol):
    """A task that can be offered and judged; made from a bundle by a suite."""

    @property
    def info(self) -> TaskInfo:
        """What everybody may know of it."""

    def offer(self, epoch: int) -> Offer:
        """What an agent gets in this epoch. Raises ClearinghouseError where the target cannot be set up."""

    def judge(self, artifact: bytes | None) -> Judgement:
        """Judge an answer alone, in a fresh sandbox on pristine builds; None: nothing was handed in."""


@runtime_checkable
class AnsweredTask(Task, Protocol):
    """A task with an answer known to the suite's secret side: the oracle agent shows with it that it can be solved."""

    def known_answer(self, epoch: int) -> bytes | None:
        """What would pass in this epoch, as the agent would hand it in; None: unknown. Never part of an offer."""
