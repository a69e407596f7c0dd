"""Whole little worlds of cases for property tests: any labels, embargoes, participants and reports, and any actor."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from clearinghouse.cases.models import Case, CaseState, Membership, Participant
from clearinghouse.core.proof import Verdict
from clearinghouse.core.protocol.consent import Consent
from clearinghouse.core.protocol.embargo import Embargo
from clearinghouse.core.report import ReportKind, ReportState
from clearinghouse.core.roles import CaseRole, Scope, SiteRole, Tlp
from clearinghouse.core.visibility import Actor
from clearinghouse.intake.models import Report
from clearinghouse.journal import services as journal
from clearinghouse.proofs import blobs
from clearinghouse.proofs.models import Proof, RunLog
from clearinghouse.registry.models import Party
from tests.intake.factories import START

if TYPE_CHECKING:
    from clearinghouse.proofs.models import Blob

PARTIES = ("ada", "bob", "lab", "vendor")
PEOPLE = ("ada", "bob")


@dataclass(frozen=True)
class Part:
    """Somebody's place in a case; `covers` counts which of the two cases a signature extends to."""

    party: str
    roles: frozenset[CaseRole]
    consent: Consent
    named: bool
    covers: frozenset[int]


@dataclass(frozen=True)
class Sketched:
    """A case before it is a row."""

    state: CaseState
    embargo: Embargo
    tlp: Tlp
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Sent:
    """A report, by whom, on which of the four proofs, and where it stands."""

    finder: str
    proof: int
    state: ReportState
    let_out: bool = False


@dataclass(frozen=True)
class Plan:
    """Two cases; proof 0 and 1 are in the first, 1 brought to the second before; 2 is in the second, 3 in none.

    `let_out`: for each proof in a case, the case whose publication took it along, if any did.
    """

    cases: tuple[Sketched, Sketched]
    reports: tuple[Sent, ...]
    let_out: tuple[int | None, int | None, int | None] = (None, None, None)


@dataclass
class World:
    """The rows of a plan."""

    cases: list[Case] = field(default_factory=list)
    proofs: list[Proof] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)


def _parts() -> st.SearchStrategy[tuple[Part, ...]]:
    part = st.builds(
        Part,
        party=st.sampled_from(PARTIES),
        roles=st.frozensets(st.sampled_from(CaseRole), min_size=1, max_size=2),
        consent=st.sampled_from(Consent) | st.just(Consent.SIGNATORY),
        named=st.booleans(),
        covers=st.frozensets(st.sampled_from([0, 1])),
    )
    return st.lists(part, max_size=4, unique_by=lambda found: found.party).map(tuple)


def _cases() -> st.SearchStrategy[Sketched]:
    return st.builds(
        Sketched,
        state=st.sampled_from([CaseState.OPEN, CaseState.PUBLISHED]),
        embargo=st.sampled_from(Embargo),
        tlp=st.sampled_from(Tlp),
        parts=_parts(),
    )


def plans() -> st.SearchStrategy[Plan]:
    """Any two cases with what was brought to them."""
    states = st.sampled_from([ReportState.ATTACHED, ReportState.ATTACHED, ReportState.PROVING, ReportState.PARKED])
    sent = st.builds(
        Sent, finder=st.sampled_from(PARTIES), proof=st.integers(0, 3), state=states, let_out=st.booleans()
    )
    reports = st.lists(sent, max_size=4, unique_by=lambda found: (found.finder, found.proof)).map(tuple)
    place = st.sampled_from([None, 0, 1])
    return st.builds(Plan, cases=st.tuples(_cases(), _cases()), reports=reports, let_out=st.tuples(place, place, place))


def actors() -> st.SearchStrategy[Actor]:
    """Anybody: most without a role on the site, some with a token."""
    person = st.none() | st.sampled_from(PEOPLE)
    parties = st.frozensets(st.sampled_from(PARTIES), max_size=3)
    roles = st.just(frozenset[SiteRole]()) | st.frozensets(st.sampled_from(SiteRole), max_size=1)
    scopes = st.none() | st.frozensets(st.sampled_from(Scope))
    return st.builds(
        lambda who, party, role, scope: Actor("somebody", who, party | ({who} if who else set()), role, scope),
        person,
        parties,
        roles,
        scopes,
    )


def ground() -> World:
    """What is the same in every world: parties, who go by their names as keys, two cases and four proofs."""
    world, blob = World(), blobs.keep(b"kept")
    for name in PARTIES:
        Party.objects.create(key=name, name=name, handle=name, known_since=START)
    for number in range(2):
        name = f"CLH-2026-{number:05d}"
        case = Case.objects.create(public_id=name, opened_at=START, title=name, package="pkg:pypi/gizmo")
        world.cases.append(case)
        journal.append(f"case/{name}", "case opened", actor="matcher", at=START, body={"content": name})
    world.proofs = [_proof(number, blob) for number in range(4)]
    first, second = world.cases
    for proof, case, origin in zip(world.proofs, (first, first, second), (first, second, second), strict=False):
        Membership.objects.create(proof=proof, case=case, brought_to=origin, since=START)
    return world


def build(plan: Plan, on: World) -> World:
    """The world as planned, on its ground. Roll back what it does before the next."""
    parties = {party.key: party for party in Party.objects.all()}
    for sketched, case in zip(plan.cases, on.cases, strict=True):
        case.state, case.embargo, case.tlp = sketched.state, sketched.embargo, sketched.tlp
        case.save()
        for part in sketched.parts:
            _seat(part, case, parties[part.party], on.cases)
    for proof, place in zip(on.proofs[:3], plan.let_out, strict=True):
        taken = Membership.objects.filter(proof=proof)
        taken.update(published_in=None if place is None else on.cases[place], published_at=START)
    reports = [_report(number, sent, parties, on.proofs) for number, sent in enumerate(plan.reports)]
    return World(on.cases, on.proofs, reports)


def _proof(number: int, blob: Blob) -> Proof:
    made = Proof.objects.create(
        bundle_id=f"{number:064d}",
        archive=blob,
        attestation=blob,
        stored_at=START,
        title=f"proof {number}",
        package="pkg:pypi/gizmo",
        vulnerable="1.4",
        oracle="exec",
        trigger=str(number),
        verdict=Verdict.PROVEN,
    )
    RunLog.objects.create(digest=f"{number:064x}", content=blob).proofs.add(made)
    journal.append(f"proof/{made.bundle_id}", "proof decided", actor="prover", at=START, body={"content": number})
    return made


def _seat(part: Part, case: Case, party: Party, cases: list[Case]) -> None:
    row = Participant.objects.create(
        case=case,
        party=party,
        roles=sorted(part.roles),
        consent=part.consent,
        named=part.named,
        invited_at=START,
        invited_by="coordinator",
    )
    row.covers.set([cases[number] for number in part.covers])


def _report(number: int, sent: Sent, parties: dict[str, Party], proofs: list[Proof]) -> Report:
    made = Report.objects.create(
        public_id=f"R-{number}",
        finder=parties[sent.finder],
        received_at=START,
        name="proof.zip",
        kind=ReportKind.PROOF,
        content=blobs.keep(f"report {number}".encode()),
        title=f"report {number}",
        state=sent.state,
        proof=proofs[sent.proof],
        published_at=START if sent.let_out else None,
    )
    journal.append(f"report/{made.public_id}", "report received", actor="intake", at=START, body={"content": number})
    return made
