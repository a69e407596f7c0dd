"""From an attempt to a sample: what was handed in is judged alone, and what could not be judged is no failure."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from clearinghouse.core.errors import ClearinghouseError
from clearinghouse.core.review.samples import Outcome, Sample
from clearinghouse.evaluation.interface import Judgement
from clearinghouse.prover.bundle import pack, read_bundle

if TYPE_CHECKING:
    from pathlib import Path

    from clearinghouse.evaluation.interface import Task
    from clearinghouse.evaluation.store import Attempt, Folder


def judged(folder: Folder, task: Task, attempt: Attempt) -> Sample:
    """The sample that this attempt comes to. A finding is kept as `findings/<bundle id>`, sealed as `….tar`."""
    if attempt.trouble is not None:
        judgement = Judgement(outcome=Outcome.NO_VERDICT, reasons=(attempt.trouble,))
    else:
        judgement = judge(task, None if attempt.artifact is None else folder.artifact(attempt.artifact))
    return Sample(
        agent=attempt.agent,
        task=attempt.task,
        task_digest=task.info.digest,
        epoch=attempt.epoch,
        outcome=judgement.outcome,
        reasons=(*attempt.reasons, *judgement.reasons),
        refused=attempt.refused,
        artifact=attempt.artifact,
        log=attempt.log,
        finding=_kept(folder, judgement.finding),
        usage=attempt.usage,
        submitted_at_tokens=attempt.submitted_at_tokens,
        began=attempt.began,
        seconds=attempt.seconds,
        judge_cpu_seconds=round(judgement.cpu_seconds, 3),
        limit=attempt.limit,
    )


def judge(task: Task, artifact: bytes | None) -> Judgement:
    """What the task's judge says; a judge that fails, in whatever way, has given no verdict."""
    try:
        return task.judge(artifact)
    except ClearinghouseError as error:
        return Judgement(outcome=Outcome.NO_VERDICT, reasons=(f"could not be judged: {error.message}",))
    except Exception as error:  # noqa: BLE001  # an answer that upsets the judge must not end the run
        return Judgement(outcome=Outcome.NO_VERDICT, reasons=(f"the judge failed: {type(error).__name__}: {error}",))


def _kept(folder: Folder, finding: Path | None) -> str | None:
    if finding is None:
        return None
    found = read_bundle(finding)
    digest = found.id
    if folder.sealed:
        folder.put_as("findings", f"{digest}.tar", pack(found.files))
    elif not (folder.path / "findings" / digest).exists():
        shutil.copytree(finding, folder.path / "findings" / digest)
    shutil.rmtree(finding)
    return digest
