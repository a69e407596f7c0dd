"""A case with people around it: a lab that found the bug, and whoever a test invites."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from clearinghouse.cases import services
from clearinghouse.cases.models import Case, Participant
from clearinghouse.core.protocol.consent import Consent
from clearinghouse.core.protocol.embargo_terms import Anchor, Terms
from clearinghouse.core.protocol.invariants import broken
from clearinghouse.core.protocol.report_management import Management
from clearinghouse.core.roles import CaseRole, OrganisationKind
from clearinghouse.core.visibility import LOCAL, Actor
from clearinghouse.journal import queries as journal
from clearinghouse.registry.queries import actor_of
from tests.intake.factories import START, House, house
from tests.proofs.factories import Sketch
from tests.proofs.simulator import Bug
from tests.registry.factories import organisation, person

DAY = timedelta(days=1)
LAB, VENDOR, OTHER = "lab-one", "vendor-one", "vendor-two"


def days(number: int) -> Terms:
    """Terms that end that many days after the report."""
    return Terms(Anchor.REPORT, number * DAY)


@dataclass
class Table:
    """One proven case, the clearing house it is in, and the people at the table by their organisation's handle."""

    clearing: House
    people: dict[str, Actor] = field(default_factory=dict)

    @property
    def case(self) -> Case:
        return Case.objects.order_by("pk")[0]

    @property
    def name(self) -> str:
        return self.case.public_id

    @property
    def now(self) -> datetime:
        return self.clearing.clock()

    def later(self, days: float) -> datetime:
        self.clearing.clock.at += timedelta(days=days)
        return self.now

    def seat(self, name: str, kind: OrganisationKind = OrganisationKind.MAINTAINER) -> Actor:
        """An organisation with one person who acts for it."""
        made = organisation(name, kind)
        actor = actor_of(person(f"{name} person", of=made))
        self.people[made.party.handle] = actor
        return actor

    def invite(self, handle: str, *roles: CaseRole, **more: object) -> Consent:
        wanted = roles or (CaseRole.VENDOR,)
        return services.invite(self.name, handle, wanted, actor=LOCAL, at=self.now, **more)  # type: ignore[arg-type]

    def sign(self, handle: str, *, yes: bool = True) -> Consent:
        return services.answer_invitation(self.case.key, yes=yes, actor=self.people[handle], at=self.now)

    def hold(self, number: int = 90) -> None:
        """Put an embargo in force: the clearinghouse proposes it and decides so."""
        services.propose_embargo(self.name, days(number), actor=LOCAL, at=self.now)
        services.decide_embargo(self.name, accept=True, actor=LOCAL, at=self.now)

    def row(self, handle: str) -> Participant:
        return Participant.objects.get(case=self.case, party__handle=handle)

    def consent(self, handle: str) -> Consent:
        return Consent(self.row(handle).consent)

    def consents(self) -> dict[str, Consent]:
        rows = self.case.participants.select_related("party")
        return {row.party.handle: Consent(row.consent) for row in rows}

    def management(self, handle: str) -> Management:
        return Management(self.row(handle).management)

    def kinds(self, start: int = 0) -> list[str]:
        """The kinds of the case's journal from its `start`th entry on."""
        return [entry.kind for entry in journal.entries(f"case/{self.name}")][start:]

    def letters(self) -> list[str]:
        """The protocol's events of the case, by their two letters, in order."""
        return [kind[:2] for kind in self.kinds() if kind[:2].isupper()]

    def holds(self) -> bool:
        """Whether the rows keep every rule across the machines, and the journal is whole."""
        from clearinghouse.cases.docket import situation_of  # noqa: PLC0415

        return broken(situation_of(self.case)) == () and journal.verify().broken is None


def table() -> Table:
    """A case that Lab One reported, with two vendors who have accounts and take no part yet."""
    clearing = house(alpha=Bug("gizmo.core:load"))
    made = Table(clearing)
    made.seat("Lab One", OrganisationKind.LAB)
    clearing.send(Sketch("alpha"), finder="Lab One")
    clearing.work()
    made.seat("Vendor One")
    made.seat("Vendor Two")
    assert clearing.clock.at - START < DAY
    return made
