"""The shapes of cases: what the API gives of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import Field

from clearinghouse.api.schemas import Given, Verdict


class CaseItem(Given):
    """A case as one line. Title, weakness and aliases are claims; the rest was executed or decided."""

    id: str = Field(description="the public id inside the house and after publication, the opaque key before")
    title: str
    package: str
    vulnerable: list[str]
    fixed: list[str]
    weakness: list[str]
    aliases: list[str]
    function: str | None
    oracle: str
    grade: str | None
    confirm: list[str] = Field(description="what a person must confirm before anything leaves the house")
    priority: dict[str, Any] = Field(description="the class with its reasons, and the inputs that are not known")
    reports: int
    finders: list[str]
    state: str
    opened_at: datetime
    published_at: datetime | None
    tlp: str
    embargo: str
    ends_at: datetime | None = Field(description="the instant at which the embargo in force ends")


class CasePage(Given):
    """A part of a list, and the cursor of what follows it."""

    items: list[CaseItem]
    next: str | None


class Claim(Given):
    """What one finder said in one report."""

    report: str
    finder: str
    received_at: datetime
    bundle: str
    title: str
    summary: str
    weakness: list[str]
    aliases: list[str]
    severity: str


class Case(CaseItem):
    """Of a case what you may see; what you may not is empty, as if there were none."""

    whole: bool = Field(description="false when a merge added what your signature does not cover: sign again")
    claims: list[Claim]
    advisory: str | None
    merged_into: str | None


class Invitation(Given):
    """A case that you were invited to and may not read yet."""

    case: str = Field(description="the opaque key by which you answer")
    roles: list[str]
    consent: str
    embargo: str
    ends_at: datetime | None
    invited_at: datetime
    rsvp_by: datetime | None = Field(description="silence until then is a no")


class Invitations(Given):
    """Everything you were invited to and may not read yet, soonest to be answered first."""

    items: list[Invitation]


class Participant(Given):
    """A party's part in a case."""

    party: str
    name: str
    handle: str
    roles: list[str]
    consent: str
    named: bool = Field(description="named as an individual, as TLP:RED asks")
    invited_at: datetime
    rsvp_by: datetime | None
    answered_at: datetime | None


class Participants(Given):
    """Who takes part, as far as you may see."""

    items: list[Participant]


class Proposal(Given):
    """Terms that somebody wants. Names, and reasons of others, are empty where you may not see who takes part."""

    key: str
    words: str
    ends_at: datetime | None = Field(description="null for public at once")
    preset: str
    standing: bool = Field(description="a default that a participant publishes, not put there by hand")
    state: str
    turn: bool = Field(description="the one to be decided now")
    because: str
    proposed_at: datetime
    by: str
    yes: list[str]
    no: list[str]


class Embargo(Given):
    """What holds a case back, and until when."""

    state: str
    tlp: str
    words: str = Field(description="the terms that hold, for people")
    ends_at: datetime | None = Field(description="UTC; the instant at which it ends by itself")
    proposals: list[Proposal]


class Proposed(Given):
    """What was put on the table."""

    proposal: str


class EmbargoState(Given):
    """Where the embargo stands."""

    state: str


class Consent(Given):
    """How a participant stands to the embargo."""

    party: str | None
    consent: str


class Priority(Given):
    """How urgent a case is."""

    label: str


class Done(Given):
    """It was done."""

    done: bool = True


class ReviewAnswer(Given):
    """What one participant said; `clearinghouse` is the house itself."""

    party: str
    use: str
    at: datetime
    counts: bool = Field(description="false for a yes of somebody whose signature is missing now")


class ReviewUseState(Given):
    """What tasks made of a case may be shown to. Answers are empty where you may not see who takes part."""

    use: str | None
    lacking: list[str]
    answers: list[ReviewAnswer]


class ReviewUsed(Given):
    """What it comes to with everybody's answers."""

    use: str


class Verdicts(Given):
    """What running each proof of a case showed."""

    items: list[Verdict]


class Entry(Given):
    """One entry of a journal; `body` is empty where you may read the metadata only."""

    seq: int
    at: datetime
    actor: str
    kind: str
    body: dict[str, Any]
    previous: str
    hash: str


class EntryPage(Given):
    """A part of a journal, and the cursor of what follows it."""

    items: list[Entry]
    next: str | None


class FactItem(Given):
    """One of the six facts; `at` is null while it does not hold."""

    fact: str
    at: datetime | None
    stated_by: str
    cause: str


class LineOf(Given):
    """How far a vendor's fix is for one release line."""

    vendor: str
    line: str
    path: str
    trailing: bool


class Managed(Given):
    """Where a participant stands with the case."""

    party: str
    management: str


class Facts(Given):
    """What is known of a case. Capitals among `letters` (v f d p x a) are the facts that hold."""

    letters: str
    facts: list[FactItem]
    lines: list[LineOf]
    management: list[Managed]
    asks: list[str] = Field(description="what people are asked to decide")


class Letters(Given):
    """The facts that hold now, as capitals."""

    letters: str


class ManagementState(Given):
    """Where the participant stands now."""

    management: str


class StatusTaken(Given):
    """What was taken over of a status report, and what was not, with the reason."""

    adopted: list[str]
    refused: list[str]


class Message(Given):
    """Something said in a case."""

    key: str
    author: str
    text: str
    tlp: str
    at: datetime


class MessagePage(Given):
    """A part of what was said, and the cursor of what follows it."""

    items: list[Message]
    next: str | None


class Posted(Given):
    """The message."""

    message: str


class Rearranged(Given):
    """The case in which the proofs are now."""

    case: str
