"""The shapes that the API takes and gives. What it takes is strict: unknown members, long and odd texts are refused."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from ninja import Schema
from pydantic import ConfigDict, Field, StringConstraints

# No control characters; lines of text may break. Spelled so that OpenAPI and pydantic read the pattern alike.
Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=20_000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]+$")]
Word = Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9_+.-]+$")]


class Taken(Schema):
    """The base of what clients send: unknown members are refused. Numbers and truths are strict one by one."""

    model_config = ConfigDict(extra="forbid")


class Given(Schema):
    """The base of what clients get."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)


class Me(Given):
    """On whose behalf a token acts."""

    name: str = Field(description="the handle that the journal names")
    person: str | None = Field(description="the key of the person's own party; null for an organisation's token")
    parties: list[str] = Field(description="the keys of the parties that it acts for")
    roles: list[str] = Field(description="roles on the whole site")
    scopes: list[str] | None = Field(description="what the token may be used for")


class ReportReceipt(Given):
    """What the sender of a report gets back."""

    id: str
    state: str
    known: bool = Field(description="these very bytes came from the same sender before")
    kind: str
    title: str
    sha256: str
    received_at: datetime
    reasons: list[str]
    status_token: str = Field(description="tells where the report stands, without an account: GET report-status")
    report: str = Field(description="where the report is")
    status: str = Field(description="where the status token is taken")


class ReportStatus(Given):
    """Where a report stands, for who holds its status token."""

    id: str
    state: str
    reasons: list[str]
    received_at: datetime
    closed_at: datetime | None
    verdict: str | None
    settled: bool = Field(description="the state changes by itself no more")


class ReportItem(Given):
    """A report as one line."""

    id: str
    finder: str
    received_at: datetime
    name: str
    kind: str
    title: str
    state: str
    reasons: list[str]
    verdict: str | None
    grade: str | None
    case: str | None


class Finding(Given):
    """One claimed weakness, as the report words it."""

    ordinal: int
    title: str
    rule: str
    location: str
    grade: str


class Report(ReportItem):
    """A report in full."""

    sha256: str
    size: int
    findings: list[Finding]
    text: str = Field(description="the content of prose or SARIF; empty for a bundle")
    bundle: str | None = Field(description="the id of the proof bundle")


class ReportPage(Given):
    """A part of a list, and the cursor of what follows it."""

    items: list[ReportItem]
    next: str | None


class Verdict(Given):
    """What running a proof showed."""

    bundle: str
    title: str
    package: str
    vulnerable: str
    fixed: str | None
    oracle: str
    verdict: str | None = Field(description="null while it is being run")
    grade: str | None
    function: str | None
    runs: int
    decided_at: datetime | None
    attested_by: str | None
    confirm: list[str]
    result: dict[str, Any] | None = Field(description="the result in full, with its matrix and the digests of its logs")
