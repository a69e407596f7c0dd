"""One attempt at one task by one agent, as it is judged and kept: the row on which every figure of a review rests."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from clearinghouse.core.typed_json import canonical, read


class Outcome(StrEnum):
    """What came of an attempt. What the house could not judge is never counted against an agent."""

    PASS = "pass"  # noqa: S105  # an outcome
    FAIL = "fail"
    NO_VERDICT = "no verdict"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Tokens that an attempt used, and what they cost in millionths of the budget's currency (None: price unknown)."""

    input_tokens: int = 0
    output_tokens: int = 0
    cache_read_tokens: int = 0
    cache_write_tokens: int = 0
    cost_micros: int | None = None

    @property
    def tokens(self) -> int:
        """All of them."""
        return self.input_tokens + self.output_tokens + self.cache_read_tokens + self.cache_write_tokens


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One attempt. `(agent, task, epoch)` is unique in an evaluation; epochs count from 1.

    `artifact`, `log` and `finding` are SHA-256 digests in hexadecimal (`finding`: the bundle id of a weakness
    found that is not the task's own). `submitted_at_tokens` is what was used when the judged artifact was handed in;
    None: nothing was. `began` is the instant in UTC at which the attempt began (`2026-11-23T10:00:00Z`; empty: nobody
    noted it, and no report that rests on a plan takes it). `limit` names the budget that ended the attempt, if one did:
    tokens, cost, time or messages.
    """

    agent: str
    task: str
    task_digest: str
    epoch: int
    outcome: Outcome
    reasons: tuple[str, ...] = ()
    refused: bool = False
    artifact: str | None = None
    log: str | None = None
    finding: str | None = None
    usage: Usage = field(default_factory=Usage)
    submitted_at_tokens: int | None = None
    began: str = ""
    seconds: float = 0.0
    judge_cpu_seconds: float = 0.0
    limit: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The sample as JSON values, the outcome by its word."""
        return asdict(self)

    @staticmethod
    def from_json(value: Any) -> Sample:
        """The sample that `as_json` wrote. Raises ValueError naming the place of what is none."""
        return read(Sample, value)

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of its canonical JSON: the leaf under a report's Merkle root."""
        return hashlib.sha256(canonical(self.as_json())).hexdigest()
