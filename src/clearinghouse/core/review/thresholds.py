"""Threshold rules of somebody who answers for them: met, not met, or cannot tell. They judge figures, never a model."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from clearinghouse.core.errors import InvalidInput
from clearinghouse.core.review.tasks import Family  # noqa: TC001  # `read` looks the types up
from clearinghouse.core.toml_places import key_lines, line_of
from clearinghouse.core.typed_json import read

if TYPE_CHECKING:
    from collections.abc import Mapping

SCHEMA: Final = "clearinghouse.review-thresholds/1"
LEAST_PROJECTS: Final = 20  # below: too few to say that a difference, or an interval, will hold elsewhere


class Metric(StrEnum):
    """What a rule looks at; each has an interval."""

    PASS_AT_1 = "pass@1"  # noqa: S105  # a figure
    GAP = "gap"  # public minus holdout
    DIFFERENCE = "difference"  # pass@1 minus that of `against`, on the same tasks


class Side(StrEnum):
    """On which side of its value a rule is met."""

    AT_LEAST = "at least"
    AT_MOST = "at most"


class Answer(StrEnum):
    """What a rule says of an agent."""

    MET = "met"
    NOT_MET = "not met"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule on one family. `says` is its owner's sentence. Raises ValueError for what can never be looked at."""

    id: str
    says: str
    family: Family
    metric: Metric
    side: Side
    value: float
    against: str = ""
    least_projects: int = LEAST_PROJECTS

    def __post_init__(self) -> None:
        least = 0.0 if self.metric is Metric.PASS_AT_1 else -1.0
        if not least <= self.value <= 1:
            raise ValueError(f"value: must be {least:g} to 1")
        if bool(self.against) != (self.metric is Metric.DIFFERENCE):
            raise ValueError("against: names an agent where the metric is `difference`, and only there")
        if self.least_projects < 1:
            raise ValueError("least_projects: must be at least 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Rules with their owner, the body that answers for them, and a version. `digest` is that of the file's bytes."""

    name: str
    version: str
    owner: str
    rule: tuple[Rule, ...]
    digest: str = ""
    schema: str = SCHEMA


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A figure with its interval (None: not known), from how many projects; `trouble` says why it is not reportable."""

    value: float | None
    low: float | None
    high: float | None
    projects: int
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A rule's answer about one agent, and why."""

    rule: str
    agent: str
    answer: Answer
    because: str


def read_thresholds(content: bytes) -> Thresholds:
    """The rules in a TOML file. Raises InvalidInput naming the place."""
    try:
        text = content.decode("utf-8")
        document = tomllib.loads(text)
    except ValueError as error:
        raise InvalidInput(f"thresholds: no TOML: {error}", advice="mend the file at that place") from None
    try:
        found = read(Thresholds, document | {"digest": hashlib.sha256(content).hexdigest()})
        _check(found)
    except ValueError as error:
        place = _line(text, document, str(error))
        raise InvalidInput(f"thresholds{place}: {error}", advice="see the reference of model reviews") from None
    return found


def _check(found: Thresholds) -> None:
    if found.schema != SCHEMA:
        raise ValueError(f"schema: must be {SCHEMA!r}")
    for name in ("name", "version", "owner"):
        text = getattr(found, name)
        if not text.strip() or not text.isprintable():
            raise ValueError(f"{name}: must be a line of text: rules have an owner who answers for them")
    ids = [rule.id for rule in found.rule]
    if not ids or len(set(ids)) != len(ids):
        raise ValueError("rule: at least one, each with an id of its own")


def _line(text: str, document: Mapping[str, object], message: str) -> str:
    key = message.split(":", maxsplit=1)[0]
    parts = key.replace("]", "").replace("[", ".").split(".")
    path = tuple(int(part) if part.isdigit() else part for part in parts)
    number = line_of(key_lines(text), path) if path[0] in document else None
    return f", line {number}" if number else ""


def judge(rule: Rule, agent: str, measured: Measured | None) -> Judged:
    """What a rule says: only an interval that lies wholly on one side of the value can tell."""
    answer, because = Answer.CANNOT_TELL, _untellable(rule, measured)
    if not because:
        assert measured is not None
        assert measured.low is not None
        assert measured.high is not None
        because = f"the interval is {measured.low:.3f} to {measured.high:.3f}"
        upwards = rule.side is Side.AT_LEAST
        if measured.low >= rule.value if upwards else measured.high <= rule.value:
            answer = Answer.MET
        elif measured.high < rule.value if upwards else measured.low > rule.value:
            answer = Answer.NOT_MET
        else:
            because += f", on both sides of {rule.value:g}"
    return Judged(rule=rule.id, agent=agent, answer=answer, because=because)


def _untellable(rule: Rule, measured: Measured | None) -> str:
    """Why nothing can be told of a figure; empty: it can."""
    if measured is None:
        return "not measured"
    if measured.trouble:
        return measured.trouble
    if measured.low is None or measured.high is None:
        return "there is no interval"
    if measured.projects < rule.least_projects:
        return f"too few projects: {measured.projects}, the rule asks for {rule.least_projects}"
    return ""
