"""What reading a case gives: values for pages, commands and the API, holding what their reader may see and no more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from clearinghouse.core.matching import Evidence, Relation
    from clearinghouse.core.priority import Priority
    from clearinghouse.core.proof import Grade
    from clearinghouse.core.protocol.consent import Consent
    from clearinghouse.core.protocol.embargo import Embargo
    from clearinghouse.core.roles import CaseRole, Tlp
    from clearinghouse.journal.queries import EntryView
    from clearinghouse.proofs.queries import ProofView


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One line of the case list. Title, weakness and aliases are claims; the rest was executed or decided.

    `id` is the public one inside the house and after publication, the opaque key before. Figures and names are of what
    the reader may see; `finders` is empty where it may not see who they are.
    """

    id: str
    title: str
    package: str
    vulnerable: tuple[str, ...]
    fixed: tuple[str, ...]
    weakness: tuple[str, ...]
    aliases: tuple[str, ...]
    function: str | None
    oracle: str
    grade: Grade | None
    confirm: tuple[str, ...]
    priority: Priority
    reports: int
    finders: tuple[str, ...]
    state: str
    opened_at: datetime
    published_at: datetime | None
    tlp: Tlp
    embargo: Embargo
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class Invitation:
    """All that a participant sees of a case before it signed: that it is there, and how long it may take to answer."""

    key: str
    roles: tuple[CaseRole, ...]
    consent: Consent
    embargo: Embargo
    ends_at: datetime | None
    invited_at: datetime
    rsvp_by: datetime | None


@dataclass(frozen=True, slots=True)
class ParticipantView:
    """A party's part in a case."""

    party: str
    name: str
    handle: str
    roles: tuple[CaseRole, ...]
    consent: Consent
    named: bool
    invited_at: datetime
    rsvp_by: datetime | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Claim:
    """What one finder said in one report; credit goes by `received_at`."""

    report_id: str
    finder: str
    received_at: datetime
    bundle_id: str
    title: str
    summary: str
    weakness: tuple[str, ...]
    aliases: tuple[str, ...]
    severity: str


@dataclass(frozen=True, slots=True)
class PairView:
    """Why two proofs are, or are not, one bug. `other_case` names the other proof's case when it is another one."""

    left: str
    right: str
    left_title: str
    right_title: str
    relation: Relation
    matcher: str
    evidence: tuple[Evidence, ...]
    other_case: str | None


@dataclass(frozen=True, slots=True)
class CaseDetail:
    """Of a case what the reader may see; what it may not is empty, as if there were none.

    `pairs` are within the case, `neighbours` reach into other cases that were looked at. `opened` are the bundles whose
    logs, signed verdicts and reports may be read. Not `whole`: a merge added what no signature of the reader covers.
    """

    row: CaseRow
    whole: bool
    claims: tuple[Claim, ...]
    proofs: tuple[ProofView, ...]
    pairs: tuple[PairView, ...]
    neighbours: tuple[PairView, ...]
    opened: frozenset[str]
    logs: frozenset[str]
    participants: tuple[ParticipantView, ...]
    journal: tuple[EntryView, ...]
    advisory_id: str | None
    merged_into: str | None
