"""One house with two tenants and everybody who might look: the case that is asked about, and one of somebody else.

Every text that nobody outside may read holds a word of its own (see `CANARIES`), so that a leak names what leaked.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from allauth.account.internal.flows.login import record_authentication
from django.http import HttpRequest
from django.test import Client

from clearinghouse.adapters.clock import now
from clearinghouse.cases import participants, queries, services
from clearinghouse.cases.models import Case, CaseState, Membership, Participant
from clearinghouse.cases.participants import cover_all
from clearinghouse.cases.services.publication import let_out
from clearinghouse.core.protocol.consent import Consent
from clearinghouse.core.protocol.embargo import Embargo
from clearinghouse.core.protocol.embargo_terms import Preset
from clearinghouse.core.review.seats import ReviewRole
from clearinghouse.core.review.states import ReviewState
from clearinghouse.core.roles import CaseRole, OrganisationRole, SiteRole, Tlp
from clearinghouse.core.visibility import LOCAL as LOCAL_ACTOR
from clearinghouse.intake import services as intake
from clearinghouse.intake.models import Report
from clearinghouse.proofs import blobs
from clearinghouse.prover.bundle import pack, read_archive
from clearinghouse.registry.models import Membership as Belonging
from clearinghouse.registry.models import Organisation, Person
from clearinghouse.registry.queries import actor_of
from clearinghouse.reviews import services as reviews
from clearinghouse.reviews.models import Review
from clearinghouse.web.viewer import LOCAL
from tests.api.factories import Program, person, token
from tests.intake.factories import House, Ticking
from tests.proofs.factories import Sketch, archive
from tests.proofs.simulator import Bug, Simulator
from tests.registry.factories import organisation

if TYPE_CHECKING:
    from clearinghouse.core.proof import ProofResult
    from clearinghouse.core.roles import Scope
    from clearinghouse.proofs.models import Proof
    from clearinghouse.registry.models import Party

# What only those may read that a case is open to. Each is one word, in small letters: pages may fold and cut texts.
CANARIES = {
    "title": "zqtitle",
    "summary": "zqsummary",
    "file": "zqfile",
    "input": "zqinput",
    "log": "zqlog",
    "function": "zqfunction",
    "finder": "zqfinder",
    "merged finder": "zqmerged",
    "alias": "cve-2026-77001",
    "package": "zqpackage",
    "message": "zqmessage",
}

SITE = tuple(SiteRole)
# Who signed for everything in the case, in one role each.
SIGNERS = {
    "vendor": CaseRole.VENDOR,
    "deployer": CaseRole.DEPLOYER,
    "observer": CaseRole.OBSERVER,
    "cna": CaseRole.CNA,
    "lead": CaseRole.COORDINATOR,
    "owner": CaseRole.OWNER,
    "manager": CaseRole.MANAGER,
}
# Vendors who did not sign, or no more.
SILENT = {"invited": Consent.INVITED, "declined": Consent.DECLINED, "lapsed": Consent.LAPSED}
# Every row of the matrix, from the least known to the best.
VIEWERS = (
    "public",
    "account",
    "tenant",
    *SITE,
    "reporter",
    "merged finder",
    "unsigned finder",
    *SIGNERS,
    *SILENT,
    "named vendor",
    "named invited",
)


@dataclass
class Loud(Simulator):
    """Logs say a word that must not get out."""

    def prove(self, bundle: bytes) -> ProofResult:
        result = super().prove(bundle)
        return replace(result, logs={digest: f"{text} {CANARIES['log']}" for digest, text in result.logs.items()})


@dataclass
class World:
    """The case that is asked about, with its proof and report; `other` is the tenant's, which nobody else knows."""

    house: House
    case: Case
    proof: Proof
    report: Report
    other: Case
    others_report: Report
    people: dict[str, Person]
    proposal: str
    review: Review
    tokens: dict[tuple[str, tuple[Scope, ...]], str] = field(default_factory=dict)
    browsers: dict[str, Client] = field(default_factory=dict)

    @property
    def log(self) -> str:
        """The digest of a log of the proof."""
        return self.proof.logs.order_by("digest")[0].digest

    def program(self, viewer: str, *scopes: Scope) -> Program:
        """The viewer's program: with a token of these scopes, of all without any; the public has none."""
        if viewer == "public":
            return Program()
        key = (viewer, scopes)
        if key not in self.tokens:
            self.tokens[key] = token(self.people[viewer].party, *scopes)
        return Program(self.tokens[key])

    def browser(self, viewer: str) -> Client:
        """The viewer's browser, elsewhere, signed in with a second factor; the public's is not."""
        if viewer not in self.browsers:
            made = Client(enforce_csrf_checks=True, HTTP_HOST="localhost", REMOTE_ADDR="192.0.2.7", **{LOCAL: False})
            if viewer != "public":
                made.force_login(self.people[viewer])
                request = HttpRequest()
                request.session = made.session
                record_authentication(request, self.people[viewer], "mfa", type="totp")
                request.session.save()
            self.browsers[viewer] = made
        return self.browsers[viewer]

    def put(self, *, embargo: Embargo = Embargo.NONE, tlp: Tlp = Tlp.AMBER, published: bool = False) -> None:
        """Put the case into a state, as plain facts."""
        self.case.embargo, self.case.tlp = embargo, tlp
        self.case.ends_at = now() + timedelta(days=30) if embargo.in_force else None
        self.case.state = CaseState.PUBLISHED if published else CaseState.OPEN
        self.case.published_at = now() if published else None
        self.case.save()
        if published:
            detail = queries.case(self.case.public_id, actor=LOCAL_ACTOR)
            assert detail is not None
            let_out(self.case, detail, at=self.case.published_at or now())


def bundle(sketch: Sketch) -> bytes:
    """A bundle whose summary and second file hold words that must not get out."""
    read = read_archive(archive(sketch))
    manifest = read.files["proof.toml"].decode()
    manifest = manifest.replace("[claim]\n", f'[claim]\nsummary = "{CANARIES["summary"]}"\n')
    return pack({"proof.toml": manifest.encode(), "notes.txt": CANARIES["file"].encode()})


def secret(words: str = "") -> Sketch:
    """What the reporter of the case sends; others who send it with `words` of their own show the same bug."""
    return Sketch(
        "alpha",
        package=f"pkg:pypi/{CANARIES['package']}",
        title=f"{CANARIES['title']} a crafted document runs a program",
        words=f"{CANARIES['input']} {words}".strip(),
        aliases=(CANARIES["alias"].upper(),),
    )


def world() -> World:
    """The house, with the case open and under no embargo; everyone's part in it stands."""
    bugs = {"alpha": Bug(f"pkg.core:{CANARIES['function']}"), "gamma": Bug("gizmo.other:dump")}
    house = House(Loud(bugs), Ticking(now()))
    people: dict[str, Person] = {"account": person("Account")}
    for role in SITE:
        people[role] = person(role.value.title(), role)
    people["reporter"] = _member("reporter", organisation(f"Lab {CANARIES['finder']}"))
    people["merged finder"] = _member("merged", organisation(f"Lab {CANARIES['merged finder']}"))
    people["unsigned finder"] = _member("unsigned", organisation("Lab Three"))
    people["tenant"] = _member("tenant", organisation("Lab Nine"))
    case = _cases(house, people)
    _enrol(case, people)
    proof = case.memberships.order_by("pk")[0].proof
    proof.attestation = blobs.keep(b'{"payload": "of the verdict"}')
    proof.save()
    others_report = Report.objects.get(finder=_lab(people["tenant"]))
    other = Case.objects.get(memberships__proof=others_report.proof)
    other.participants.update(consent=Consent.SIGNATORY)
    report = Report.objects.get(proof=proof)
    proposal = services.propose_embargo(case.key, Preset.DISTROS, actor=LOCAL_ACTOR, at=now())
    services.post_message(case.key, f"{CANARIES['message']} says who leads", actor=LOCAL_ACTOR, at=now())
    return World(house, case, proof, report, other, others_report, people, proposal, _reviewed(people))


def _reviewed(people: dict[str, Person]) -> Review:
    """The tenant's model in a final review that the evaluator led; the observer's organisation observes it."""
    at = now()
    actor = actor_of(people["tenant"])
    key = reviews.open_review(_lab(people["tenant"]).key, model="Model zqmodel", actor=actor, at=at)
    review = Review.objects.get(key=key)
    review.appointments.create(party=people["evaluator"].party, role=ReviewRole.LEAD, appointed_by="x", at=at)
    review.appointments.create(party=_lab(people["observer"]), role=ReviewRole.OBSERVER, appointed_by="x", at=at)
    review.state, review.report, review.report_digest = ReviewState.FINAL, '{"figures": "zqfigures"}', "ab" * 32
    review.accepted_lead = review.final_lead = people["evaluator"].party
    review.accepted_second = review.final_second = people["account"].party
    review.save()
    return review


def hand_in(house: House, sender: Person, content: bytes, name: str = "bundle.tar") -> intake.Receipt:
    """A report in the name of the sender's organisation, or of the sender where it has none."""
    actor = actor_of(sender)
    return intake.hand_in(content, actor=actor, party=_lab(sender).key, name=name, clock=house.clock, queue=house.queue)


def _lab(someone: Person) -> Party:
    belonging = Belonging.objects.filter(person=someone).first()
    return belonging.organisation.party if belonging else someone.party


def _member(name: str, of: Organisation) -> Person:
    made = person(f"Member {name}")
    Belonging.objects.create(person=made, organisation=of, role=OrganisationRole.MANAGER, since=now())
    return made


def _cases(house: House, people: dict[str, Person]) -> Case:
    """The reporter's case, with a proof in it that came by a merge; and the tenant's, of another package."""
    hand_in(house, people["reporter"], bundle(secret()))
    house.work()
    case = Case.objects.get()
    hand_in(house, people["merged finder"], bundle(secret("side")))
    house.work()
    side = Case.objects.create(
        public_id="CLH-2026-00090", opened_at=now(), package=case.package, title=case.title, state=CaseState.MERGED
    )
    side.merged_into = case
    side.save()
    case.memberships.filter(proof__reports__finder=_lab(people["merged finder"])).update(brought_to=side)
    hand_in(house, people["unsigned finder"], bundle(secret("again")))
    hand_in(house, people["tenant"], archive(Sketch("gamma", package="pkg:pypi/tenant", title="of the other tenant")))
    house.work()
    return case


def _enrol(case: Case, people: dict[str, Person]) -> None:
    for name, role in SIGNERS.items():
        people[name] = _member(name, organisation(f"Org {name}"))
        _sign(participants.enrol_finder(case, _lab(people[name]), by="coordinator", at=now()), role)
    for name, consent in SILENT.items():
        people[name] = _member(name, organisation(f"Org {name}"))
        _join(case, _lab(people[name]), consent)
    people["named vendor"], people["named invited"] = person("Named vendor"), person("Named invited")
    _sign(_join(case, people["named vendor"].party, Consent.SIGNATORY, named=True), CaseRole.VENDOR)
    _join(case, people["named invited"].party, Consent.INVITED, named=True)
    merged = case.participants.get(party=_lab(people["merged finder"]))
    merged.consent = Consent.SIGNATORY  # its signature reaches as far as its own side
    merged.save()
    merged.covers.set(
        Membership.objects.filter(case=case).exclude(brought_to=case).values_list("brought_to", flat=True)
    )
    reporter = case.participants.get(party=_lab(people["reporter"]))
    reporter.consent = Consent.SIGNATORY
    reporter.save()
    cover_all(reporter)
    case.participants.filter(party=_lab(people["unsigned finder"])).update(consent=Consent.INVITED)


def _join(case: Case, party: Party, consent: Consent, *, named: bool = False) -> Participant:
    return Participant.objects.create(
        case=case,
        party=party,
        roles=[CaseRole.VENDOR],
        consent=consent,
        named=named,
        invited_at=now(),
        invited_by="coordinator",
        rsvp_by=now() + timedelta(days=7),
    )


def _sign(row: Participant, role: CaseRole) -> Participant:
    row.roles, row.consent = [role], Consent.SIGNATORY
    row.save()
    cover_all(row)
    return row
