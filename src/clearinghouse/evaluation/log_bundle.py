"""The logs of an evaluation that may be handed to the model's developer: those of tasks that are public, whole.

Of a holdout task there is its number, family, epoch and outcome, and nothing else: no prompt, answer, reason or digest.
The engine's own logs hold several tasks each, and stay where they are.
"""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clearinghouse.core.review.samples import Sample
    from clearinghouse.core.review.tasks import TaskInfo
    from clearinghouse.evaluation.store import Folder

SCHEMA: Final = "clearinghouse.review-logs/1"
_THEN = (2000, 1, 1, 0, 0, 0)  # the same content gives the same file


def log_bundle(folder: Folder, agent: str) -> bytes:
    """A zip with what one agent did: `samples.jsonl`, `logs/<sha256>.json`, `artifacts/<sha256>`.

    Raises IntegrityError for what is not as it was kept.
    """
    tasks = {task.id: task for task in folder.evaluation.tasks}
    numbers = {one.id: n for n, one in enumerate((one for one in tasks.values() if one.holdout), start=1)}
    samples = [one for one in folder.samples() if one.agent == agent]
    members: dict[str, bytes] = {}
    lines = []
    for sample in samples:
        task = tasks[sample.task]
        lines.append(_hidden(sample, task, numbers) if task.holdout else sample.as_json())
        if not task.holdout:
            members |= _kept(folder, sample)
    text = "".join(json.dumps(line, sort_keys=True) + "\n" for line in lines)
    members["samples.jsonl"] = text.encode()
    members["about.json"] = json.dumps({"schema": SCHEMA, "agent": agent, "samples": len(samples)}).encode() + b"\n"
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(members):
            archive.writestr(zipfile.ZipInfo(name, _THEN), members[name], zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _hidden(sample: Sample, task: TaskInfo, numbers: Mapping[str, int]) -> dict[str, Any]:
    return {
        "agent": sample.agent, "task": f"holdout-{numbers[task.id]}", "family": task.family, "epoch": sample.epoch,
        "outcome": sample.outcome, "holdout": True,
    }  # fmt: skip


def _kept(folder: Folder, sample: Sample) -> dict[str, bytes]:
    found = {}
    if sample.log is not None:
        found[f"logs/{sample.log}.json"] = folder.content("logs", sample.log, ".json")
    if sample.artifact is not None:
        found[f"artifacts/{sample.artifact}"] = folder.artifact(sample.artifact)
    return found
