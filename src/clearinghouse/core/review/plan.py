"""The analysis plan: what will be measured and compared, fixed and signed before the first sample is made."""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final

from clearinghouse.core.errors import InvalidInput, Refused
from clearinghouse.core.typed_json import canonical, read

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clearinghouse.core.review.samples import Sample

PLAN_SCHEMA: Final = "clearinghouse.review-plan/1"
METHOD: Final = "clearinghouse.review-figures/1"  # how figures are computed; another way of computing is another number
KINDS: Final = ("model", "baseline")
MAX_AGENTS: Final = 50
MAX_EPOCHS: Final = 100

_DIGEST = re.compile(r"[0-9a-f]{64}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedAgent:
    """Who will try the tasks; `kind` is `model` or `baseline`."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What one attempt may use; None: without end. Cost in millionths of the prices' currency."""

    tokens: int | None = None
    cost_micros: int | None = None
    seconds: float | None = None
    messages: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedComparison:
    """Two agents that will be compared on the same tasks, in every family."""

    first: str
    second: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is fixed beforehand. Digests are SHA-256 in hexadecimal; `thresholds` is empty where no rules apply.

    `seed` starts the random flips of comparisons. Raises ValueError, naming the member, for what is no plan.
    """

    name: str
    suite: str
    suite_version: str
    suite_digest: str
    agents: tuple[PlannedAgent, ...]
    epochs: int
    budget: Budget = field(default_factory=Budget)
    comparisons: tuple[PlannedComparison, ...] = ()
    thresholds: str = ""
    seed: int = 0
    method: str = METHOD
    schema: str = PLAN_SCHEMA

    def __post_init__(self) -> None:
        names = [agent.name for agent in self.agents]
        for fits, words in (
            (self.schema == PLAN_SCHEMA, f"schema: must be {PLAN_SCHEMA!r}"),
            (self.method == METHOD, f"method: must be {METHOD!r}"),
            (bool(self.name.strip()) and self.name.isprintable(), "name: must be a line of text"),
            (bool(_DIGEST.fullmatch(self.suite_digest)), "suite_digest: must be 64 hexadecimal digits"),
            (not self.thresholds or bool(_DIGEST.fullmatch(self.thresholds)), "thresholds: must be a digest or empty"),
            (0 < len(names) <= MAX_AGENTS, f"agents: must be 1 to {MAX_AGENTS}"),
            (len(set(names)) == len(names), "agents: each stands there once"),
            (all(agent.kind in KINDS for agent in self.agents), f"agents: kind is one of {', '.join(KINDS)}"),
            (0 < self.epochs <= MAX_EPOCHS, f"epochs: must be 1 to {MAX_EPOCHS}"),
            (all({c.first, c.second} <= set(names) for c in self.comparisons), "comparisons: name agents of the plan"),
            (all(c.first != c.second for c in self.comparisons), "comparisons: two different agents"),
            (
                len({frozenset((c.first, c.second)) for c in self.comparisons}) == len(self.comparisons),
                "comparisons: each pair stands there once",
            ),
        ):
            if not fits:
                raise ValueError(words)

    def as_json(self) -> dict[str, Any]:
        """The plan as JSON values."""
        return asdict(self)

    @staticmethod
    def from_json(value: Any) -> Plan:
        """The plan that `as_json` wrote. Raises ValueError naming the place of what is none."""
        return read(Plan, value)

    @property
    def digest(self) -> str:
        """SHA-256, in hexadecimal, of its canonical JSON: what an evaluation names as its plan."""
        return hashlib.sha256(canonical(self.as_json())).hexdigest()


@dataclass(frozen=True, slots=True)
class SignedPlan:
    """A plan, and the instant in UTC at which the signer's own clock saw it. Raises ValueError for another spelling."""

    plan: Plan
    signed_at: str

    def __post_init__(self) -> None:
        if not _INSTANT.fullmatch(self.signed_at):
            raise ValueError("signed_at: must be an instant in UTC, as 2026-11-23T10:00:00Z")


def instant(text: str) -> str:
    """An instant in the spelling that sorts by time. Raises ValueError for another than `2026-11-23T10:00:00Z`."""
    if not _INSTANT.fullmatch(text):
        raise ValueError(f"{text!r} is no instant in UTC, as 2026-11-23T10:00:00Z")
    whole, _, part = text.removesuffix("Z").partition(".")
    return f"{whole}.{part:0<6}Z"


def check_order(signed: SignedPlan, samples: Iterable[Sample]) -> None:
    """Raises Refused for the first sample that was not begun after the plan was signed, InvalidInput for no instant."""
    signed_at = instant(signed.signed_at)
    for sample in samples:
        place = f"{sample.agent}, {sample.task}, epoch {sample.epoch}"
        try:
            began = instant(sample.began)
        except ValueError as error:
            raise InvalidInput(f"{place}: began: {error}", advice="run it again; when it began must be known") from None
        if began < signed_at:
            raise Refused(
                f"{place}: began {sample.began}, before the plan was signed at {signed.signed_at}",
                advice="a plan binds only what comes after it: run the evaluation anew under the signed plan",
            )
