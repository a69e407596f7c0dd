"""One case under the lock of a transaction: what the protocol sees of it, and how what a move changed is written down.

A verb opens the docket, which asks whether the actor may, takes a pure move of `core.protocol.moves`, and hands the
outcome back. Rows and journal entries are written together, or not at all.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Min, Q

from clearinghouse.cases.access import locked, no_case, seen
from clearinghouse.cases.models import Case, CaseState, Participant, ProposalState, StatusFact, VendorLine
from clearinghouse.cases.participants import cover_all
from clearinghouse.core.errors import NotFound, UsageError
from clearinghouse.core.protocol import consent as consents
from clearinghouse.core.protocol import situation as protocol
from clearinghouse.core.protocol.case_facts import CaseFacts, Fact, Learned
from clearinghouse.core.protocol.consent import Consent
from clearinghouse.core.protocol.embargo import Embargo, EmbargoStep
from clearinghouse.core.protocol.embargo_terms import Anchor, Anchors, ends_at, terms_from
from clearinghouse.core.protocol.events import FACT_EVENTS, embargo_event
from clearinghouse.core.protocol.moves import Outcome
from clearinghouse.core.protocol.report_management import Management
from clearinghouse.core.protocol.situation import Situation
from clearinghouse.core.protocol.vendor_path import Deployment, Line, VendorPath, deployed_share
from clearinghouse.core.report import ReportState
from clearinghouse.core.roles import CaseRole, SiteRole
from clearinghouse.intake.models import Report
from clearinghouse.journal import services as journal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from clearinghouse.core.visibility import Action, Actor
    from clearinghouse.core.visibility import CaseFacts as CaseView

# The clearinghouse owns every case and is bound by its embargo. It has no row: nobody can invite it or turn it out.
HOUSE = "clearinghouse"
_REACHED = {VendorPath.AWARE: "aware_at", VendorPath.READY: "fixed_at", VendorPath.DEPLOYED: "deployed_at"}


@contextmanager
def opened(name: str, actor: Actor, action: Action, *, at: datetime) -> Iterator[Docket]:
    """The case of that public id or key, locked until the block ends, which is one transaction.

    Raises NotFound when there is none, when it was merged into another, and when the actor may not.
    """
    with transaction.atomic():
        case = locked(name, action, actor=actor)
        if case.state == CaseState.MERGED:
            raise no_case(name)
        yield Docket(case, actor, at)


def situation_of(case: Case) -> Situation:
    """What the protocol sees of a case. Parties go by their keys."""
    embargo = Embargo(case.embargo)
    house = protocol.Participant(
        HOUSE,
        frozenset({CaseRole.OWNER, CaseRole.COORDINATOR}),
        Management.ACCEPTED,
        Consent.SIGNATORY if embargo.in_force else Consent.NO_EMBARGO,
    )
    people = [
        protocol.Participant(
            row.party.key, frozenset(map(CaseRole, row.roles)), Management(row.management), Consent(row.consent)
        )
        for row in case.participants.select_related("party").order_by("id")
    ]
    lines = case.lines.select_related("party").order_by("id")
    found = Situation(
        embargo=embargo,
        facts=CaseFacts(frozenset(Fact(row.fact) for row in case.status.all())),
        participants=(house, *people),
        lines=tuple(Line(row.party.key, row.line, VendorPath(row.path)) for row in lines),
        share=deployed_share(
            Deployment(row.party.key, row.deployed, row.weight)
            for row in case.deployments.select_related("party").order_by("id")
        ),
        no_embargo_decided=case.goes_without,
    )
    return found.consenting({})


def anchors_of(case: Case) -> Anchors:
    """When the things happened that a case's embargo may count from."""
    attached = Report.objects.filter(state=ReportState.ATTACHED, proof__membership__case=case)
    lines = case.lines.aggregate(aware=Min("aware_at"), fixed=Min("fixed_at"))
    facts = {row.fact: row.at for row in case.status.all()}
    return Anchors(
        report=attached.aggregate(first=Min("received_at"))["first"] or case.opened_at,
        vendor_aware=lines["aware"] or facts.get(Fact.VENDOR_AWARE),
        fix_ready=lines["fixed"] or facts.get(Fact.FIX_READY),
    )


@dataclass
class Docket:
    """The case, on whose behalf, and when; `now` is its situation after every move taken so far."""

    case: Case
    actor: Actor
    at: datetime
    now: Situation = field(init=False)

    def __post_init__(self) -> None:
        self.now = situation_of(self.case)

    def note(self, kind: str, **body: Any) -> None:
        """Keep it in the case's journal."""
        journal.append(f"case/{self.case.public_id}", kind, actor=self.actor.name, at=self.at, body=body)

    def seen(self) -> CaseView:
        """The case as `core.visibility.can` asks about it."""
        return seen(self.case)

    def participant(self, party: str) -> Participant:
        """The participant by its party's key or handle; raises NotFound for one who takes no part."""
        found = self.case.participants.select_related("party").filter(Q(party__key=party) | Q(party__handle=party))
        row = found.first()
        if row is None:
            raise NotFound(f"{party} takes no part in this case", advice="invite it first")
        return row

    def acting(self, asked: str | None = None) -> str:
        """For whom the actor acts: the clearinghouse (`HOUSE`), or a participant, by its key.

        A coordinator of the clearinghouse may act for any participant that asked it to; everybody else for the parties
        it is or belongs to. Raises NotFound for others, UsageError where it must be said which.
        """
        coordinates = SiteRole.COORDINATOR in self.actor.roles
        if asked is None and coordinates:
            return HOUSE
        if asked is not None:
            key = self.participant(asked).party.key
            if not coordinates and key not in self.actor.parties:
                raise NotFound(f"{asked} takes no part in this case", advice="act for yourself")
            return key
        found = [one.party for one in self.now.participants if one.party in self.actor.parties]
        bodies = [party for party in found if party != self.actor.person] or found
        if len(bodies) > 1:
            raise UsageError("you act for several participants of this case", advice="name the party you act for")
        if not bodies:
            raise NotFound(f"{self.actor.name} takes no part in this case", advice="have yourself invited first")
        return bodies[0]

    def acting_participant(self, asked: str | None = None) -> str:
        """For whom the actor acts, as `acting` has it, but a participant: the clearinghouse must say for which."""
        found = self.acting(asked)
        if found == HOUSE:
            raise UsageError("for whom?", advice="name the participant that asked you to")
        return found

    def called(self, party: str) -> str:
        """How the journal calls a party."""
        return HOUSE if party == HOUSE else self.participant(party).party.handle

    def take(self, moved: Situation | Outcome, *, because: str = "") -> None:
        """Write down everything that a move changed: facts, lines, consents, management, and what they end."""
        outcome = moved if isinstance(moved, Outcome) else Outcome(moved)
        before, self.now = self.now, outcome.now
        for learned in outcome.learned:
            self._learn(learned, because)
        fresh = self._write_lines(before)
        self._write_people(before, because or outcome.ended)
        if before.no_embargo_decided != self.now.no_embargo_decided:
            self.case.goes_without = self.now.no_embargo_decided
        if outcome.ended:
            self.closed(before.embargo, outcome.ended)
        elif before.embargo is not self.now.embargo:
            self.case.embargo = self.now.embargo
        self.case.save()
        if self.now.embargo.in_force and (fresh or outcome.learned):
            self._move_end()

    def closed(self, before: Embargo, because: str) -> None:
        """Note that the embargo, or what was proposed for one, is over, and why; `now` says so already."""
        step = EmbargoStep.TERMINATE if before.in_force else EmbargoStep.REJECT
        self.case.embargo = self.now.embargo
        if before.in_force:
            self.case.ends_at = min(self.case.ends_at or self.at, self.at)
        self.case.proposals.filter(state=ProposalState.OPEN).update(
            state=ProposalState.SETTLED, answered_at=self.at, answered_by=self.actor.name
        )
        self.case.save()
        self.note(embargo_event(before, step), because=because)

    def _learn(self, learned: Learned, because: str) -> None:
        StatusFact.objects.create(
            case=self.case,
            fact=learned.fact,
            cause=learned.cause or "",
            at=self.at,
            stated_by=self.actor.name,
            because=because,
        )
        cause = {"cause": learned.cause} if learned.cause else {}
        self.note(FACT_EVENTS[learned.fact], because=because, **cause)

    def _write_lines(self, before: Situation) -> bool:
        """Whether a line went further than it was."""
        old, fresh = {(line.vendor, line.line): line.path for line in before.lines}, False
        for line in self.now.lines:
            was = old.get((line.vendor, line.line))
            if was is line.path:
                continue
            party = self.participant(line.vendor).party
            row, _ = VendorLine.objects.get_or_create(case=self.case, party=party, line=line.line)
            row.path = line.path
            if line.path in _REACHED:
                setattr(row, _REACHED[line.path], self.at)
            row.save()
            if was is not None or line.path is not VendorPath.UNAWARE:
                fresh = True
                self.note("vendor line moved", party=party.handle, line=line.line, path=line.path)
        return fresh

    def _write_people(self, before: Situation, because: str) -> None:
        old = {one.party: one for one in before.participants}
        changed: dict[str, list[str]] = {}
        for one in self.now.participants:
            was = old.get(one.party)
            if one.party == HOUSE or was is None or one == was:
                continue
            row = self.participant(one.party)
            row.roles, row.management = sorted(one.roles), one.management
            if one.consent is not was.consent:
                changed[row.party.handle] = [was.consent, one.consent]
                self._consent(row, one.consent)
            row.save()
        if changed:
            self.note("consent changed", changed=changed, because=because)

    def _consent(self, row: Participant, consent: Consent) -> None:
        row.consent = consent
        if consent is Consent.INVITED:
            row.invited_at, row.invited_by = self.at, self.actor.name
            row.rsvp_by, row.answered_at = consents.rsvp_by(self.at), None
        elif consent is Consent.SIGNATORY:
            cover_all(row)
        elif consent is Consent.NO_EMBARGO:
            row.covers.clear()
            row.rsvp_by = None

    def _move_end(self) -> None:
        """The end of the embargo follows the fact that its terms count from."""
        if self.case.terms is None:
            return
        terms = terms_from(self.case.terms)
        if terms.anchor not in {Anchor.VENDOR_AWARE, Anchor.FIX_READY}:
            return
        end = ends_at(terms, anchors_of(self.case))
        if end != self.case.ends_at:
            was, self.case.ends_at = self.case.ends_at, end
            self.case.save(update_fields=["ends_at"])
            self.note("embargo end moved", to=end.isoformat(), was=was and was.isoformat(), terms=str(terms))
