"""What a whole case looks like to the protocol at one moment: its embargo, its facts, and where everybody stands."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from clearinghouse.core.errors import NotFound
from clearinghouse.core.protocol.case_facts import CaseFacts, Fact
from clearinghouse.core.protocol.consent import Consent
from clearinghouse.core.protocol.embargo import Embargo
from clearinghouse.core.protocol.report_management import Management
from clearinghouse.core.roles import CaseRole

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from fractions import Fraction

    from clearinghouse.core.protocol.vendor_path import Line


@dataclass(frozen=True, slots=True)
class Participant:
    """One party in one case: what it is there, how far it is with the case, and whether it agreed to the embargo."""

    party: str
    roles: frozenset[CaseRole] = frozenset()
    management: Management = Management.START
    consent: Consent = Consent.NO_EMBARGO


@dataclass(frozen=True, slots=True)
class Situation:
    """One case at one moment.

    `readers` are those to whom its content is open, `share` what operators declare as deployed (None: nobody did), and
    `no_embargo_decided` says that somebody decided to do without an embargo.
    """

    embargo: Embargo = Embargo.NONE
    facts: CaseFacts = field(default_factory=CaseFacts)
    participants: tuple[Participant, ...] = ()
    lines: tuple[Line, ...] = ()
    readers: frozenset[str] = frozenset()
    share: Fraction | None = None
    no_embargo_decided: bool = False

    def of(self, party: str) -> Participant:
        """A participant; raises NotFound for one who is none."""
        for participant in self.participants:
            if participant.party == party:
                return participant
        raise NotFound(f"{party} takes no part in this case", advice="invite it first")

    def having(self, changed: Participant) -> Situation:
        """The same with one participant in another state; one who is new is added."""
        others = tuple(one for one in self.participants if one.party != changed.party)
        return replace(self, participants=(*others, changed))

    def consenting(self, consents: Mapping[str, Consent]) -> Situation:
        """The same with the consents given by party; content closes to whom it may no longer be open."""
        people = tuple(replace(one, consent=consents.get(one.party, one.consent)) for one in self.participants)
        changed = replace(self, participants=people)
        return replace(changed, readers=changed.readers & changed.may_read)

    @property
    def consents(self) -> dict[str, Consent]:
        """Everybody's consent by party."""
        return {one.party: one.consent for one in self.participants}

    @property
    def owners(self) -> frozenset[str]:
        """Who leads the case."""
        return frozenset(one.party for one in self.participants if CaseRole.OWNER in one.roles)

    @property
    def may_read(self) -> frozenset[str]:
        """The participants at whom the embargo's gate stands open: signatories, or everybody when none is in force."""
        return frozenset(one.party for one in self.participants if not self.embargo.in_force or one.consent.adheres)

    @property
    def untouched(self) -> bool:
        """Whether the world neither knows nor attacks: no public, no exploit, no attacks."""
        return not {Fact.PUBLIC, Fact.EXPLOIT, Fact.ATTACKS} & self.facts.facts

    @property
    def some_fix(self) -> bool:
        """Whether any vendor has a fix ready."""
        return Fact.FIX_READY in self.facts or any(line.path.fixed for line in self.lines)


def opened(owner: str, reporters: Iterable[str]) -> Situation:
    """A case as it begins: its owner has taken it on, its reporters stand by it and know their own report."""
    people = (
        Participant(owner, frozenset({CaseRole.OWNER}), Management.ACCEPTED),
        *(Participant(party, frozenset({CaseRole.REPORTER}), Management.ACCEPTED) for party in sorted(reporters)),
    )
    return Situation(participants=people, readers=frozenset(one.party for one in people))
