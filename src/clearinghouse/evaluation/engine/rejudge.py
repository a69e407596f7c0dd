"""Judges again what was handed in, without any agent: whether the same outcomes come."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clearinghouse.core.errors import InvalidInput
from clearinghouse.core.review.samples import Outcome
from clearinghouse.evaluation.engine.judging import judge

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from clearinghouse.core.review.samples import Sample
    from clearinghouse.evaluation.interface import Judgement, Task
    from clearinghouse.evaluation.store import Folder


@dataclass(frozen=True, slots=True)
class Rejudged:
    """A sample, and what the judge says of its artifact now."""

    sample: Sample
    now: Judgement

    @property
    def equal(self) -> bool:
        """Whether the outcome is the one that was recorded."""
        return self.sample.outcome is self.now.outcome


def rejudge(
    folder: Folder, tasks: Mapping[str, Task], *, lanes: int = 2, say: Callable[[int, int], None] = lambda *_: None
) -> tuple[Rejudged, ...]:
    """Every sample that was judged, judged again; what never came to a judgement (no verdict, no artifact) is left out.

    Changes nothing in the folder. Raises InvalidInput where a task is not the one that was tried.
    """
    chosen = [sample for sample in folder.samples() if _judgeable(sample)]
    for sample in chosen:
        task = tasks.get(sample.task)
        if task is None or task.info.digest != sample.task_digest:
            raise InvalidInput(
                f"the suite has no task {sample.task} with the digest {sample.task_digest}",
                advice="give the suite of this evaluation",
            )
    found: list[Rejudged] = []
    with ThreadPoolExecutor(lanes) as judges:

        def again(sample: Sample) -> Judgement:
            return judge(tasks[sample.task], None if sample.artifact is None else folder.artifact(sample.artifact))

        for sample, now in zip(chosen, judges.map(again, chosen), strict=True):
            found.append(Rejudged(sample, now))
            say(len(found), len(chosen))
    return tuple(found)


def _judgeable(sample: Sample) -> bool:
    return sample.outcome is not Outcome.NO_VERDICT or sample.artifact is not None
