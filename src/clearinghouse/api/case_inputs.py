"""What clients send to change a case. Every text is capped, every member known, nothing is converted."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Annotated

from pydantic import AwareDatetime, BeforeValidator, Field, StrictBool, StrictInt, StringConstraints

from clearinghouse.api.schemas import Line, Taken, Text
from clearinghouse.core.errors import UsageError
from clearinghouse.core.priority import INPUTS
from clearinghouse.core.protocol.case_facts import Fact
from clearinghouse.core.protocol.embargo_terms import BACKSTOP, LONGEST, Anchor, Preset, Terms
from clearinghouse.core.protocol.report_management import Management, ManagementStep
from clearinghouse.core.protocol.vendor_path import VendorPath
from clearinghouse.core.review.use import ReviewUse
from clearinghouse.core.roles import CaseRole, Tlp

_INSTANT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d")


def _as_text(value: object) -> object:
    if not isinstance(value, str) or not _INSTANT.match(value):
        raise ValueError("should be an instant as 2026-12-01T14:00+00:00")
    return value


Instant = Annotated[AwareDatetime, BeforeValidator(_as_text)]
Days = Annotated[StrictInt, Field(ge=0, le=LONGEST.days)]
Party = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[a-z0-9_-]+$")]
Roles = Annotated[list[CaseRole], Field(min_length=1, max_length=len(CaseRole))]
Reason = Annotated[str, StringConstraints(min_length=1, max_length=2000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]+$")]
Whose = Annotated[Party | None, Field(description="the party you act for, by key or handle, where you act for several")]


class NewParticipant(Taken):
    """Whom to invite, and as what."""

    party: Annotated[Party, Field(description="the key or the handle of a person or an organisation")]
    roles: Roles
    lines: Annotated[list[Line], Field(max_length=50)] = Field(
        default_factory=list, description="the release lines that a vendor supports"
    )
    wait_days: Annotated[StrictInt, Field(ge=1, le=90)] = Field(7, description="silence until then is a no")


class NewRoles(Taken):
    """What a participant is from now on."""

    roles: Roles


class Naming(Taken):
    """Whether a person is named individually, as TLP:RED asks."""

    named: StrictBool


class NewLabel(Taken):
    """How far a case may be passed on."""

    tlp: Tlp
    because: Reason


class Answer(Taken):
    """Yes or no."""

    yes: StrictBool
    party: Whose = None


class Leaving(Taken):
    """Who leaves."""

    party: Whose = None


class NewTerms(Taken):
    """When an embargo is to end: a number of days after an anchor, or an instant with the anchor `date`."""

    anchor: Anchor
    days: Days = 0
    until: Instant | None = None
    backstop_days: Days = Field(
        BACKSTOP.days, description="after the report, for what counts from a fact that has not come"
    )

    def terms(self) -> Terms:
        """The terms as a value; raises InvalidInput where they contradict themselves."""
        moment: datetime | None = self.until
        return Terms(self.anchor, timedelta(days=self.days), until=moment, backstop=timedelta(days=self.backstop_days))


class NewProposal(Taken):
    """Terms that somebody wants for a case: one of the presets, or terms of its own."""

    preset: Preset | None = None
    terms: NewTerms | None = None
    because: Annotated[Reason | None, Field(description="why; needed with `despite_fix`")] = None
    party: Whose = None
    despite_fix: StrictBool = Field(default=False, description="start an embargo although a vendor has a fix")

    def wanted(self) -> Terms | Preset:
        """What is proposed; raises UsageError unless it is one thing."""
        if (self.preset is None) == (self.terms is None):
            raise UsageError("a proposal holds a preset or terms", advice="give one of the two")
        return self.preset or self.terms.terms()  # type: ignore[union-attr]


class Decision(Taken):
    """What becomes of what is on the table."""

    accept: StrictBool
    proposal: Annotated[str | None, Field(pattern=r"^[0-9a-f]{32}$", description="which one it is to be")] = None
    because: Reason | None = None


class Because(Taken):
    """A reason."""

    because: Reason


class NewAssessment(Taken):
    """One input of a case's priority."""

    name: Annotated[str, Field(description=f"one of {', '.join(INPUTS)}", max_length=40)]
    value: Annotated[str, Field(max_length=40)]
    because: Reason


class NewMessage(Taken):
    """What is to be said."""

    text: Text
    tlp: Annotated[Tlp | None, Field(description="stricter than the case's, if need be")] = None
    party: Whose = None


class NewReviewUse(Taken):
    """What tasks made of a case may be shown to."""

    use: Annotated[ReviewUse, Field(description="no; weights: models that the house runs; endpoint: all models")]
    because: Reason | None = None
    party: Whose = None


class NewFact(Taken):
    """A fact that holds."""

    fact: Fact
    because: Reason | None = None
    line: Annotated[Line | None, Field(description="the vendor's release line, if not all it has")] = None
    party: Whose = None


class NewStep(Taken):
    """What a participant does with a case."""

    step: ManagementStep
    because: Reason | None = None
    party: Whose = None


class NewDeployment(Taken):
    """Whether what an operator runs has the fix."""

    deployed: StrictBool
    weight: Annotated[StrictInt, Field(ge=1, le=1_000_000)] = Field(1, description="how much that is")
    party: Whose = None


class NewStatus(Taken):
    """How far a participant is, and what it knows."""

    facts: Annotated[list[Fact], Field(max_length=len(Fact))] = Field(default_factory=list)
    management: Management | None = None
    lines: Annotated[dict[Line, VendorPath], Field(max_length=50)] = Field(
        default_factory=dict, description="how far the fix is for each release line"
    )
    because: Reason | None = None
    party: Whose = None


class NewMerge(Taken):
    """Into which case, and why."""

    into: Annotated[str, Field(max_length=40, description="the key or the public id of the case that is kept")]
    because: Reason


class NewSplit(Taken):
    """Which proofs leave, and why."""

    bundles: Annotated[
        list[Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]], Field(min_length=1, max_length=200)
    ]
    because: Reason
