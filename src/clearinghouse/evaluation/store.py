"""The evaluation folder: what a run leaves behind, and everything that later reads it relies on.

`evaluation.json` says what was to be done, `attempts.jsonl` what agents handed in, `samples.jsonl` what was judged of
it, `artifacts/<sha256>` are the things handed in, `logs/` what was said. Lines are appended and forced to disk; a line
that a crash tore is no line. `(agent, task, epoch)` stands once in each file. On a server all of it is `sealed`.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar

from clearinghouse.core.errors import Conflict, IntegrityError, InvalidInput, NotFound
from clearinghouse.core.review.samples import Sample, Usage
from clearinghouse.core.review.tasks import TaskInfo  # noqa: TC001  # `read` looks the types up
from clearinghouse.core.typed_json import read, strict_loads
from clearinghouse.evaluation.sealed import PLAIN, line_of, of_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from clearinghouse.evaluation.sealed import Seal

_WHAT: Final = "evaluation.json"
SCHEMA: Final = "clearinghouse.evaluation/1"
Key = tuple[str, str, int]  # (agent, task, epoch)


class Kind(StrEnum):
    """What an agent is."""

    MODEL = "model"
    BASELINE = "baseline"  # needs no model; named `baseline/<name>`


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """Who tries the tasks. `name` is public: never an address, never a key."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What one attempt may use; None: without end. Cost in millionths of the prices' currency."""

    tokens: int | None = None
    cost_micros: int | None = None
    seconds: float | None = None
    messages: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What was to be done: every agent tries every task in epochs 1 to `epochs`. Fixed when the first sample is made.

    `suite_digest` and `plan` (None: there is no plan) are SHA-256 digests in hexadecimal; `versions` names engine and
    prover.
    """

    suite: str
    suite_version: str
    suite_digest: str
    agents: tuple[Agent, ...]
    epochs: int
    budget: Budget
    tasks: tuple[TaskInfo, ...]
    versions: dict[str, str] = field(default_factory=dict)
    plan: str | None = None
    schema: str = SCHEMA

    def expected(self) -> tuple[Key, ...]:
        """Every sample that belongs in it, task by task."""
        return tuple(
            (agent.name, task.id, epoch)
            for task in self.tasks
            for agent in self.agents
            for epoch in range(1, self.epochs + 1)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What an agent did and handed in, before anything was judged; the fields mean what they mean in a Sample.

    `trouble` says why there can be no verdict on the agent: its endpoint did not answer, the house failed.
    """

    agent: str
    task: str
    epoch: int
    artifact: str | None = None
    log: str | None = None
    refused: bool = False
    usage: Usage = field(default_factory=Usage)
    submitted_at_tokens: int | None = None
    began: str = ""
    seconds: float = 0.0
    limit: str | None = None
    reasons: tuple[str, ...] = ()
    trouble: str | None = None


class Keyed(Protocol):
    """A line that stands for one try of one agent at one task."""

    @property
    def agent(self) -> str:
        """Who tried."""

    @property
    def task(self) -> str:
        """What was tried."""

    @property
    def epoch(self) -> int:
        """The how-manieth time, from 1."""


L = TypeVar("L", bound=Keyed)


def key_of(line: Keyed) -> Key:
    """What makes it unique."""
    return (line.agent, line.task, line.epoch)


class Folder:
    """An evaluation folder on this disk. Reading needs no lock; whoever writes holds `writing()`."""

    def __init__(self, path: Path, evaluation: Evaluation, seal: Seal = PLAIN) -> None:
        self.path = path
        self.evaluation = evaluation
        self._seal = seal
        self._there: dict[str, set[Key]] = {}  # what each file holds, known while we are the writer

    @staticmethod
    def open(path: Path, seal: Seal = PLAIN) -> Folder:
        """The folder that lies there. Raises NotFound, InvalidInput naming the place, and what `seal` raises."""
        place = path / _WHAT
        try:
            return Folder(path, read(Evaluation, strict_loads(seal.open(_WHAT, place.read_bytes()))), seal)
        except FileNotFoundError:
            raise NotFound(f"{path}: is no evaluation folder", advice="give the --out of a run") from None
        except (ValueError, OSError) as error:
            raise InvalidInput(f"{place}: {error}", advice="restore the file as the run wrote it") from error

    @staticmethod
    def create(path: Path, evaluation: Evaluation, seal: Seal = PLAIN) -> Folder:
        """The folder for this evaluation, made or gone on with; further agents may join while there is no plan.

        Raises Conflict where the folder holds another evaluation, or something else.
        """
        if not (path / _WHAT).exists():
            if path.exists() and any(one.name not in {".lock", f"{_WHAT}.new"} for one in path.iterdir()):
                raise Conflict(f"{path}: is not empty", advice="name a new folder")
            _save(path, evaluation, seal)
            return Folder(path, evaluation, seal)
        there = Folder.open(path, seal).evaluation
        agents = there.agents + tuple(agent for agent in evaluation.agents if agent not in there.agents)
        if replace(evaluation, agents=()) != replace(there, agents=()) or (there.plan and agents != there.agents):
            raise Conflict(
                f"{path}: holds another evaluation", advice="give the same options as before, or name a new folder"
            )
        if agents != there.agents:
            _save(path, replace(there, agents=agents), seal)
        return Folder.open(path, seal)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Be the only writer; torn last lines are cut off first. Raises Conflict while somebody else writes."""
        with (self.path / ".lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Conflict(f"{self.path}: another run is writing here", advice="wait for it or cancel it") from None
            for name in ("samples.jsonl", "attempts.jsonl"):
                _repair(self.path / name)
            self._there = {
                "samples.jsonl": {key_of(one) for one in self.samples()},
                "attempts.jsonl": {key_of(one) for one in self.attempts()},
            }
            yield

    def samples(self) -> tuple[Sample, ...]:
        """Every judged sample, in the order of judging. Raises IntegrityError naming file and line."""
        return self._lines("samples.jsonl", Sample.from_json)

    def attempts(self) -> tuple[Attempt, ...]:
        """Everything handed in, in the order of its coming. Raises IntegrityError naming file and line."""
        return self._lines("attempts.jsonl", lambda value: read(Attempt, value))

    def missing(self) -> tuple[Key, ...]:
        """What belongs in the evaluation and has no sample yet."""
        done = {key_of(sample) for sample in self.samples()}
        return tuple(key for key in self.evaluation.expected() if key not in done)

    def add_attempt(self, attempt: Attempt) -> None:
        """Keep an attempt, on disk when this returns. Raises Conflict if it is there."""
        self._append("attempts.jsonl", attempt, asdict(attempt))

    def add_sample(self, sample: Sample) -> None:
        """Keep a judged sample, on disk when this returns. Raises Conflict if it is there."""
        self._append("samples.jsonl", sample, sample.as_json())

    def put_artifact(self, content: bytes) -> str:
        """Keep what was handed in, byte for byte; returns its digest."""
        return self.put("artifacts", content)

    def artifact(self, digest: str) -> bytes:
        """What was handed in. Raises IntegrityError if it is gone or no longer the same."""
        return self.content("artifacts", digest)

    def content(self, folder: str, digest: str, suffix: str = "") -> bytes:
        """What `put` kept below `folder`. Raises IntegrityError if it is gone or no longer the same, and as `open`."""
        try:
            name = digest + suffix
            found = self._seal.open(f"{folder}/{name}", (self.path / folder / name).read_bytes())
        except OSError as error:
            raise IntegrityError(f"{self.path}: {folder}/{digest} cannot be read: {error}") from error
        if hashlib.sha256(found).hexdigest() != digest:
            raise IntegrityError(f"{self.path}: {folder}/{digest} has another content")
        return found

    def put(self, folder: str, content: bytes, suffix: str = "") -> str:
        """Keep content below `folder` under its digest, which is returned; on disk when this returns."""
        digest = hashlib.sha256(content).hexdigest()
        self.put_as(folder, digest + suffix, content)
        return digest

    def put_as(self, folder: str, name: str, content: bytes) -> None:
        """Keep content below `folder` under this name, once; on disk when this returns."""
        place = self.path / folder / name
        if not place.exists():
            place.parent.mkdir(exist_ok=True)
            _write(place, self._seal.close(f"{folder}/{name}", content))

    def count(self, folder: str) -> int:
        """How many things are kept below `folder`."""
        place = self.path / folder
        return sum(1 for _ in place.iterdir()) if place.is_dir() else 0

    def kept_as(self, folder: str) -> dict[str, bytes]:
        """What `put_as` keeps below `folder`, by name."""
        places = sorted((self.path / folder).glob("*")) if (self.path / folder).is_dir() else []
        return {place.name: self._seal.open(f"{folder}/{place.name}", place.read_bytes()) for place in places}

    @property
    def sealed(self) -> bool:
        """Whether it lies sealed on the disk."""
        return not self._seal.plain

    def _lines(self, name: str, parse: Callable[[Any], L]) -> tuple[L, ...]:
        try:
            text = (self.path / name).read_bytes()
        except FileNotFoundError:
            return ()
        found: dict[Key, L] = {}
        for number, line in enumerate(
            text.split(b"\n")[:-1], start=1
        ):  # after the last newline: nothing, or a torn line
            try:
                one = parse(strict_loads(of_line(self._seal, name, line)))
            except ValueError as error:
                raise IntegrityError(f"{self.path / name}, line {number}: {error}") from error
            if key_of(one) in found:
                raise IntegrityError(f"{self.path / name}, line {number}: {key_of(one)} stands there twice")
            found[key_of(one)] = one
        return tuple(found.values())

    def _append(self, name: str, line: Keyed, value: dict[str, Any]) -> None:
        there = self._there[name]
        if key_of(line) in there:
            raise Conflict(f"{self.path / name}: {key_of(line)} is there already")
        data = line_of(self._seal, name, json.dumps(value, sort_keys=True, allow_nan=False).encode())
        with (self.path / name).open("ab") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        there.add(key_of(line))


def _save(path: Path, evaluation: Evaluation, seal: Seal) -> None:
    path.mkdir(parents=True, exist_ok=True)
    content = json.dumps(asdict(evaluation), indent=1, sort_keys=True).encode() + b"\n"
    _write(path / _WHAT, seal.close(_WHAT, content))


def _write(place: Path, content: bytes) -> None:
    """Whole or not at all, also through a crash."""
    part = place.with_name(place.name + ".new")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(place)
    folder = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _repair(place: Path) -> None:
    """Cut off what stands after the last newline: a crash tore it."""
    if place.exists():
        content = place.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole != len(content):
            os.truncate(place, whole)
