"""What passes between the run and the engine's process: orders in, one event a line out. Keys take another way."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from clearinghouse.core.typed_json import read
from clearinghouse.evaluation.interface import Answer, Offer
from clearinghouse.evaluation.store import Attempt, Budget  # noqa: TC001  # `read` looks the types up


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One attempt to be made. Contents are base64; `secret` is the known answer, which the oracle alone is given."""

    task: str
    epoch: int
    prompt: str
    answer: Answer
    files: dict[str, str] = field(default_factory=dict)
    trees: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    secret: str | None = None

    @property
    def name(self) -> str:
        """What the engine calls it."""
        return f"{self.task}#{self.epoch}"

    @property
    def offer(self) -> Offer:
        """What the agent gets."""
        return Offer(
            prompt=self.prompt,
            answer=self.answer,
            files={path: base64.b64decode(content) for path, content in self.files.items()},
            trees={inside: Path(folder) for inside, folder in self.trees.items()},
            environment=self.environment,
        )

    @property
    def known(self) -> bytes | None:
        """The secret's bytes."""
        return None if self.secret is None else base64.b64decode(self.secret)


def try_of(task: str, epoch: int, offer: Offer, secret: bytes | None = None) -> Try:
    """The order to try this offer."""
    return Try(
        task=task,
        epoch=epoch,
        prompt=offer.prompt,
        answer=offer.answer,
        files={path: base64.b64encode(content).decode() for path, content in offer.files.items()},
        trees={inside: str(folder) for inside, folder in offer.trees.items()},
        environment=dict(offer.environment),
        secret=None if secret is None else base64.b64encode(secret).decode(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """What a million tokens cost, in the budget's currency."""

    input: float
    output: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """All that the engine's process is told, but for credentials. `state` is the sandbox's folder, `scratch` its own.

    `agent` is `baseline/<name>` or the model as the engine names it. `egress` is the Unix socket behind which the one
    host and port lie that it may reach; None: it reaches nothing.
    """

    agent: str
    tries: tuple[Try, ...]
    budget: Budget
    state: str
    scratch: str
    width: int = 2  # attempts at a time
    command_seconds: int = 120  # at most, for one command of the agent
    egress: str | None = None
    prices: Prices | None = None

    def as_bytes(self) -> bytes:
        """One line of JSON."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @staticmethod
    def from_bytes(line: bytes) -> Orders:
        """What `as_bytes` wrote. Raises ValueError naming the place."""
        return read(Orders, json.loads(line))


class Credentials(NamedTuple):
    """How the submitter's endpoint is reached. Comes over a pipe of its own and stays in memory."""

    url: str = ""
    key: str = ""

    def __repr__(self) -> str:
        return "Credentials(…)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An attempt that ended. `artifact` (base64) and `transcript` (JSON text) are yet to be stored."""

    attempt: Attempt
    artifact: str | None = None
    transcript: str = ""

    def as_bytes(self) -> bytes:
        """One line of JSON."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @staticmethod
    def from_json(value: Any) -> Event:
        """What `as_bytes` wrote. Raises ValueError naming the place."""
        return read(Event, value)
