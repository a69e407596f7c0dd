"""Samples as leaves under a report's Merkle root, in two halves that can each be hidden without losing the root.

A leaf is the hash of two commitments. Each commitment is the SHA-256 of a salt and of the canonical JSON of a half: one
says what was tried and handed in, by name; the other what came of it, with numbers instead of names. Whoever gets a
half gets its salt, and can check it. Whoever does not cannot guess it from its hash, for the salt stays away too.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from clearinghouse.core import merkle
from clearinghouse.core.review.samples import Sample, Usage
from clearinghouse.core.review.tasks import Family, TaskInfo
from clearinghouse.core.typed_json import canonical, members, read

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

SALT_BYTES: Final = 16
_HASH = re.compile(r"[0-9a-f]{64}")
_SALT = re.compile(rf"[0-9a-f]{{{2 * SALT_BYTES}}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What a sample was about. `sample` is its digest in the evaluation folder."""

    sample: str
    task: str
    task_digest: str
    project: str
    weaknesses: tuple[str, ...]
    disclosed: str
    reasons: tuple[str, ...]
    artifact: str | None
    log: str | None
    finding: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What came of it, enough to compute every figure anew; `task` and `project` are numbers drawn by lot."""

    agent: str
    epoch: int
    family: Family
    level: int
    holdout: bool
    task: int
    project: int
    outcome: str
    refused: bool
    usage: Usage
    submitted_at_tokens: int | None
    began: str
    seconds: float
    judge_cpu_seconds: float
    limit: str | None


@dataclass(frozen=True, slots=True)
class Half:
    """One half of a row: with its salt, or hidden behind its commitment."""

    commitment: str
    salt: str | None = None
    content: Names | Results | None = None

    def hidden(self) -> Half:
        """The same half, of which only the commitment is left."""
        return Half(self.commitment)

    def as_json(self) -> dict[str, Any]:
        """The half as JSON values."""
        if self.content is None:
            return {"commitment": self.commitment}
        return {"salt": self.salt, "content": _plain(self.content)}


@dataclass(frozen=True, slots=True)
class Row:
    """One sample of a report."""

    names: Half
    results: Half

    @property
    def leaf(self) -> bytes:
        """Its leaf in the tree."""
        return merkle.leaf_hash(bytes.fromhex(self.names.commitment) + bytes.fromhex(self.results.commitment))

    def as_json(self) -> dict[str, Any]:
        """The row as JSON values."""
        return {"names": self.names.as_json(), "results": self.results.as_json()}


def root(rows: Iterable[Row]) -> str:
    """The root over rows in their order, in hexadecimal."""
    return merkle.root(row.leaf for row in rows).hex()


def rows(samples: Sequence[Sample], tasks: Sequence[TaskInfo], salt: Callable[[], bytes]) -> tuple[Row, ...]:
    """The rows of a report; `salt` gives 16 fresh random bytes a call. What names a holdout task is hidden at once."""
    known = {task.id: task for task in tasks}
    task_numbers = _by_lot([task.id for task in tasks], salt)
    project_numbers = _by_lot(sorted({task.project for task in tasks}), salt)
    made = []
    for sample in sorted(samples, key=lambda one: (one.agent, task_numbers[one.task], one.epoch)):
        task = known[sample.task]
        names = _half(_names(sample, task), salt())
        results = _half(_results(sample, task, task_numbers[task.id], project_numbers[task.project]), salt())
        made.append(Row(names.hidden() if task.holdout else names, results))
    return tuple(made)


def _by_lot(names: Sequence[str], salt: Callable[[], bytes]) -> dict[str, int]:
    """Numbers from 1 that say nothing of the names: their order is that of hashes under a key nobody keeps."""
    key = salt()
    order = sorted(names, key=lambda name: hashlib.sha256(key + name.encode()).digest())
    return {name: number for number, name in enumerate(order, start=1)}


def _names(sample: Sample, task: TaskInfo) -> Names:
    return Names(
        sample=sample.digest, task=task.id, task_digest=task.digest, project=task.project, weaknesses=task.weaknesses,
        disclosed=task.disclosed, reasons=sample.reasons, artifact=sample.artifact, log=sample.log,
        finding=sample.finding,
    )  # fmt: skip


def _results(sample: Sample, task: TaskInfo, number: int, project: int) -> Results:
    return Results(
        agent=sample.agent, epoch=sample.epoch, family=task.family, level=task.level, holdout=task.holdout,
        task=number, project=project, outcome=sample.outcome.value, refused=sample.refused, usage=sample.usage,
        submitted_at_tokens=sample.submitted_at_tokens, began=sample.began, seconds=float(sample.seconds),
        judge_cpu_seconds=float(sample.judge_cpu_seconds), limit=sample.limit,
    )  # fmt: skip


def _plain(content: Names | Results) -> dict[str, Any]:
    found = {name: getattr(content, name) for name in content.__slots__}
    if isinstance(content, Results):
        found["usage"] = {name: getattr(content.usage, name) for name in content.usage.__slots__}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}


def _half(content: Names | Results, salt: bytes) -> Half:
    commitment = hashlib.sha256(salt + canonical(_plain(content))).hexdigest()
    return Half(commitment, salt.hex(), content)


def read_row(value: Any, place: str) -> Row:
    """A row of a report's file; its halves are as their commitments say. Raises ValueError naming the place."""
    found = members(value, {"names", "results"}, place)
    return Row(
        _read_half(found["names"], Names, f"{place}.names"), _read_half(found["results"], Results, f"{place}.results")
    )


def _read_half(value: Any, kind: type[Names | Results], place: str) -> Half:
    if isinstance(value, dict) and value.keys() == {"commitment"}:
        commitment = value["commitment"]
        if not isinstance(commitment, str) or not _HASH.fullmatch(commitment):
            raise ValueError(f"{place}.commitment: must be 64 hexadecimal digits")
        return Half(commitment)
    found = members(value, {"salt", "content"}, place)
    if not isinstance(found["salt"], str) or not _SALT.fullmatch(found["salt"]):
        raise ValueError(f"{place}.salt: must be {2 * SALT_BYTES} hexadecimal digits")
    return _half(read(kind, found["content"], f"{place}.content"), bytes.fromhex(found["salt"]))


def task_of(results: Results) -> TaskInfo:
    """The task as far as results know it: by number, which is enough for every figure."""
    return TaskInfo(
        id=str(results.task), digest="", family=results.family, level=results.level, project=str(results.project),
        holdout=results.holdout,
    )  # fmt: skip


def sample_of(results: Results) -> Sample:
    """The sample as far as results know it. Raises ValueError for an outcome that there is not."""
    known = {name: getattr(results, name) for name in results.__slots__}
    for name in ("family", "level", "holdout", "project", "usage"):
        del known[name]
    made = Sample.from_json(known | {"task": str(results.task), "task_digest": ""})
    return replace(made, usage=results.usage)


def disclosed(found: Iterable[Row]) -> list[Results] | None:
    """The results of every row; None where some are hidden, and figures cannot be computed anew."""
    contents = [row.results.content for row in found]
    given = [content for content in contents if isinstance(content, Results)]
    return given if len(given) == len(contents) else None


def redact(found: Sequence[Row], *, hide: Callable[[Names | None, Results | None], str]) -> tuple[Row, ...]:
    """Rows with halves hidden: `hide` says `names`, `all` or, for a row that stays as it is, nothing."""
    kept = []
    for row in found:
        names, results = row.names.content, row.results.content
        what = hide(names if isinstance(names, Names) else None, results if isinstance(results, Results) else None)
        if what:
            row = Row(row.names.hidden(), row.results.hidden() if what == "all" else row.results)  # noqa: PLW2901
        kept.append(row)
    return tuple(kept)


def counts(found: Sequence[Row]) -> Mapping[str, int]:
    """How many rows there are, how many without names and how many without results."""
    return {
        "samples": len(found),
        "without_names": sum(row.names.content is None for row in found),
        "without_results": sum(row.results.content is None for row in found),
    }
