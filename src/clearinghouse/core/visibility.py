"""Decides who may do what with a case, a report, a proof or a review. Pure, and the only place where that is decided.

(Accounts have rules of their own: `core.permissions`.)

The gates in order, each of which must open: the site role, taking part in the case, consent to its embargo, the TLP
label, and the part of the case that is asked for. In a review: the site role, taking part in it, and whether it is as
far as that. What no rule allows is forbidden. The rooms say the same in SQL
(`registry.access`), and a property test holds the two against each other.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from clearinghouse.core.protocol.consent import Consent
from clearinghouse.core.review.seats import OF_THE_HOUSE, PUBLISHED, SHARED, ReviewFacts, ReviewRole
from clearinghouse.core.roles import CaseRole, Scope, SiteRole, Tlp

if TYPE_CHECKING:
    from collections.abc import Mapping

    from clearinghouse.core.protocol.embargo import Embargo


@dataclass(frozen=True, slots=True)
class Actor:
    """On whose behalf something is asked. `parties` are the ids of those it acts for: itself and its organisations.

    `person` is its own party's id, None for the public and for who sits at the machine. `scopes` limits what a token
    may be used for; None is no limit.
    """

    name: str
    person: str | None = None
    parties: frozenset[str] = frozenset()
    roles: frozenset[SiteRole] = frozenset()
    scopes: frozenset[Scope] | None = None

    def within(self, scope: Scope) -> Actor:
        """Who asks for something of that scope: a token that lacks it asks as the public."""
        return self if self.scopes is None or scope in self.scopes else PUBLIC

    def called(self, name: str) -> Actor:
        """The same under the name that the journal is to keep."""
        return replace(self, name=name)


PUBLIC = Actor("the public")
# Who may run commands against the database file, or browses a server that listens on loopback only.
LOCAL = Actor("coordinator", roles=frozenset({SiteRole.COORDINATOR}))


class Action(StrEnum):
    """What can be asked for. Reading first, from the least to the most; then doing."""

    SEE_CASE = "see case"  # that it is there: its key, the terms proposed, the date to answer by, the own roles
    READ_CASE = "read case"  # the summary: package, releases, priority, state
    READ_CLAIMS = "read claims"  # what finders claim, who they are, what running their proofs gave, why they are one
    READ_PARTICIPANTS = "read participants"
    READ_MESSAGES = "read messages"
    READ_PROOF = "read proof"  # the bundle, its logs, the signed verdict
    READ_REPORT = "read report"  # as it was sent, and where it stands
    READ_JOURNAL_METADATA = "read journal metadata"  # which kind, who, when, and the hashes
    READ_JOURNAL = "read journal"  # with the entries' bodies
    READ_SYSTEM_JOURNAL = "read system journal"
    READ_FIGURES = "read figures"  # counts of the whole house, also of what nobody outside knows of
    SUBMIT_REPORT = "submit report"
    ANSWER_INVITATION = "answer invitation"
    PROPOSE_EMBARGO = "propose embargo"
    WRITE_MESSAGE = "write message"
    STATE_FACT = "state fact"  # that something became public, is exploited, is attacked
    STATE_STATUS = "state status"  # how far a participant's own fix or deployment is
    DECIDE_EMBARGO = "decide embargo"
    INVITE = "invite"
    ASSESS = "assess"  # an input of the priority
    ANSWER_REVIEW_USE = "answer review use"  # whether tasks for model reviews may be made of the case
    RELABEL = "relabel"  # change the TLP label
    REARRANGE = "rearrange"  # merge and split cases
    PUBLISH = "publish"
    SEE_REVIEW = "see review"  # that it is there: the model's name, the state, the dates, who takes part
    READ_SUBMISSION = "read submission"  # the card, what was agreed, what was spent, the developer's comment
    READ_SAMPLES = "read samples"  # tasks, transcripts, what was judged
    READ_DRAFT = "read draft"  # the report before it is final
    READ_REVIEW_REPORT = "read review report"  # the final one
    READ_REVIEW_JOURNAL = "read review journal"
    READ_RECEIPT = "read receipt"  # that and what was destroyed
    OFFER_MODEL = "offer model"  # write the submission, hand it in, comment, withdraw
    APPOINT = "appoint"
    DECIDE_REVIEW = "decide review"  # accept, decline, final: two people
    LEAD_REVIEW = "lead review"  # dates, the plan, closing, the report
    RUN_EVALUATION = "run evaluation"  # start, pause, resume; be handed the credential


class Gate(StrEnum):
    """What stood in the way; for the journal and for tests, never told to who was refused."""

    SITE_ROLE = "site role"
    PARTICIPATION = "participation"
    CONSENT = "consent"
    TLP = "tlp"
    FIELD = "field"


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may do one thing. `site` passes every gate; `roles` are those of participants, `after` once published.

    What publication opens is what was part of the case at that moment, never what joined it later.

    `content`: an embargo in force holds it back without a signature. `whole`: the signature must extend to everything
    in the case. `own`: who brought the report may, whatever the case. `public`: everybody, once published.
    `account`: whoever signed in, where the label and no embargo allow it. `anyone`: no gate at all.

    In a review: roles that may at any time (`review`), once its report was shown to the developer (`shared`), once that
    is final (`final`).
    """

    scope: Scope
    site: frozenset[SiteRole] = frozenset()
    roles: frozenset[CaseRole] = frozenset()
    after: frozenset[CaseRole] = frozenset()
    content: bool = True
    whole: bool = False
    own: bool = False
    public: bool = False
    account: bool = False
    anyone: bool = False
    review: frozenset[ReviewRole] = frozenset()
    shared: frozenset[ReviewRole] = frozenset()
    final: frozenset[ReviewRole] = frozenset()

    def allowed(self, *, published: bool) -> frozenset[CaseRole]:
        """The roles of participants that may."""
        return self.roles | self.after if published else self.roles


ALL = frozenset(CaseRole)
LEADS = frozenset({CaseRole.COORDINATOR, CaseRole.OWNER, CaseRole.MANAGER})
INSIDERS = LEADS | {CaseRole.VENDOR, CaseRole.FINDER, CaseRole.REPORTER}
CHIEFS = frozenset({CaseRole.OWNER, CaseRole.MANAGER})
_COORDINATOR = frozenset({SiteRole.COORDINATOR})
_TRIAGE = _COORDINATOR | {SiteRole.TRIAGER}
_DRAFTS = _TRIAGE | {SiteRole.PUBLISHER}
_AUDIT = _TRIAGE | {SiteRole.AUDITOR}
_READ, _WRITE, _JOURNAL = Scope.CASES_READ, Scope.CASES_WRITE, Scope.JOURNAL_READ
_REVIEWS, _REVIEWING = Scope.REVIEWS_READ, Scope.REVIEWS_WRITE
_SUBMITTER, _LEAD = frozenset({ReviewRole.SUBMITTER}), frozenset({ReviewRole.LEAD})
_TWO = _LEAD | {ReviewRole.SECOND}
_PARTIES = OF_THE_HOUSE | _SUBMITTER
_EVERY_ROLE = frozenset(ReviewRole)

RULES: Mapping[Action, Rule] = MappingProxyType(
    {
        Action.SEE_CASE: Rule(_READ, _DRAFTS, ALL, content=False, public=True, account=True),
        Action.READ_CASE: Rule(_READ, _DRAFTS, ALL, public=True, account=True),
        Action.READ_CLAIMS: Rule(_READ, _DRAFTS, INSIDERS, after=ALL, own=True, public=True),
        Action.READ_PARTICIPANTS: Rule(_READ, _DRAFTS, INSIDERS, whole=True),
        Action.READ_MESSAGES: Rule(_READ, _TRIAGE, ALL),
        Action.READ_PROOF: Rule(_READ, _TRIAGE, INSIDERS, after=ALL, own=True),
        Action.READ_REPORT: Rule(_READ, _TRIAGE, INSIDERS, after=ALL, own=True),
        Action.READ_JOURNAL_METADATA: Rule(_JOURNAL, _AUDIT, CHIEFS, whole=True, own=True),
        Action.READ_JOURNAL: Rule(_JOURNAL, _TRIAGE, CHIEFS, whole=True),
        Action.READ_SYSTEM_JOURNAL: Rule(_JOURNAL, _AUDIT),
        Action.READ_FIGURES: Rule(_READ, _DRAFTS),
        Action.SUBMIT_REPORT: Rule(Scope.REPORTS_SUBMIT, anyone=True),
        Action.ANSWER_INVITATION: Rule(_WRITE, _COORDINATOR, ALL, content=False),
        Action.PROPOSE_EMBARGO: Rule(_WRITE, _COORDINATOR, INSIDERS, content=False),
        Action.WRITE_MESSAGE: Rule(_WRITE, _COORDINATOR, ALL),
        Action.STATE_FACT: Rule(_WRITE, _COORDINATOR, ALL),
        Action.STATE_STATUS: Rule(_WRITE, _COORDINATOR, LEADS | {CaseRole.VENDOR, CaseRole.DEPLOYER}),
        Action.DECIDE_EMBARGO: Rule(_WRITE, _COORDINATOR, LEADS),
        Action.INVITE: Rule(_WRITE, _COORDINATOR, LEADS),
        Action.ASSESS: Rule(_WRITE, _COORDINATOR, LEADS),
        Action.ANSWER_REVIEW_USE: Rule(_WRITE, _COORDINATOR, INSIDERS),
        Action.RELABEL: Rule(_WRITE, _COORDINATOR, CHIEFS),
        Action.REARRANGE: Rule(_WRITE, _COORDINATOR),
        Action.PUBLISH: Rule(_WRITE, _COORDINATOR | {SiteRole.PUBLISHER}),
        Action.SEE_REVIEW: Rule(_REVIEWS, _COORDINATOR, review=_EVERY_ROLE),
        Action.READ_SUBMISSION: Rule(_REVIEWS, review=_PARTIES),
        Action.READ_SAMPLES: Rule(_REVIEWS, review=OF_THE_HOUSE),
        Action.READ_DRAFT: Rule(_REVIEWS, review=OF_THE_HOUSE, shared=_SUBMITTER),
        Action.READ_REVIEW_REPORT: Rule(_REVIEWS, review=OF_THE_HOUSE, final=_EVERY_ROLE),
        Action.READ_REVIEW_JOURNAL: Rule(_REVIEWS, _COORDINATOR, review=_TWO),
        Action.READ_RECEIPT: Rule(_REVIEWS, _COORDINATOR, review=_PARTIES),
        Action.OFFER_MODEL: Rule(_REVIEWING, review=_SUBMITTER),
        Action.APPOINT: Rule(_REVIEWING, _COORDINATOR),
        Action.DECIDE_REVIEW: Rule(_REVIEWING, review=_TWO),
        Action.LEAD_REVIEW: Rule(_REVIEWING, review=_LEAD),
        Action.RUN_EVALUATION: Rule(_REVIEWING, review=_LEAD | {ReviewRole.EVALUATOR}),
    },
)


OF_REVIEWS = frozenset(action for action, rule in RULES.items() if rule.scope in {_REVIEWS, _REVIEWING})
OF_CASES = frozenset(Action) - OF_REVIEWS


@dataclass(frozen=True, slots=True)
class Seat:
    """One party's part in a case. `covers` names the origins its signature extends to; `named`: as an individual."""

    party: str
    roles: frozenset[CaseRole]
    consent: Consent = Consent.NO_EMBARGO
    named: bool = False
    covers: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """What the decision needs of a case. `origins`: the cases that its proofs were first brought to."""

    published: bool
    embargo: Embargo
    tlp: Tlp
    origins: frozenset[str] = frozenset()
    seats: tuple[Seat, ...] = ()


@dataclass(frozen=True, slots=True)
class Brought:
    """A report, proof or message: whether the actor itself brought it, its case, and the one it came to first.

    `published`: it was part of the case when that was published. What joined later is not public by that.
    """

    own: bool
    case: CaseFacts | None = None
    origin: str = ""
    published: bool = False


Thing = CaseFacts | Brought | ReviewFacts | None


def can(actor: Actor, action: Action, thing: Thing = None) -> bool:
    """Whether the actor may do that with the thing; None stands for the house as a whole."""
    return refused_by(actor, action, thing) is None


def refused_by(actor: Actor, action: Action, thing: Thing = None) -> Gate | None:
    """The first gate that does not open, or None. Who asks must never learn which it was."""
    rule = RULES[action]
    asks = actor.within(rule.scope)
    if rule.anyone or asks.roles & rule.site:
        return None
    if isinstance(thing, ReviewFacts):
        return _reviewing(asks, rule, thing)
    case, origin = (thing.case, thing.origin) if isinstance(thing, Brought) else (thing, None)
    if rule.own and isinstance(thing, Brought) and thing.own and actor.within(Scope.REPORTS_READ).parties:
        return None
    if case is None:
        return Gate.SITE_ROLE
    published = case.published and (thing.published if isinstance(thing, Brought) else True)
    if _open_to_outsiders(asks, rule, case, published=published):
        return None
    return _participant(asks, rule, case, origin, published=published)


def _reviewing(actor: Actor, rule: Rule, review: ReviewFacts) -> Gate | None:
    """Seats of the house are for evaluators in person: no organisation has one, none counts without the site role."""
    evaluates = SiteRole.EVALUATOR in actor.roles
    seats = [
        seat
        for seat in review.seats
        if seat.party in actor.parties and (seat.role not in OF_THE_HOUSE or (evaluates and seat.party == actor.person))
    ]
    if not seats:
        return Gate.PARTICIPATION
    roles = rule.review
    if review.state in SHARED:
        roles |= rule.shared
    if review.state in PUBLISHED:
        roles |= rule.final
    return None if any(seat.role in roles for seat in seats) else Gate.FIELD


def _open_to_outsiders(actor: Actor, rule: Rule, case: CaseFacts, *, published: bool) -> bool:
    """Labels that reach beyond those who take part: CLEAR the public once published, GREEN whoever signed in.

    Of a published case neither reaches what joined it later.
    """
    if case.embargo.in_force or (case.published and not published):
        return False
    if rule.public and published and case.tlp is Tlp.CLEAR:
        return True
    return rule.account and bool(actor.parties) and case.tlp in {Tlp.CLEAR, Tlp.GREEN}


def _participant(actor: Actor, rule: Rule, case: CaseFacts, origin: str | None, *, published: bool) -> Gate | None:
    """One and the same seat must pass every gate: rights of two parties do not add up."""
    seats = [seat for seat in case.seats if seat.party in actor.parties]
    if not seats:
        return Gate.PARTICIPATION
    if rule.content and case.embargo.in_force:
        seats = [seat for seat in seats if seat.consent.adheres and _covers(seat, rule, case, origin)]
    if not seats:
        return Gate.CONSENT
    if case.tlp is Tlp.RED:
        seats = [seat for seat in seats if seat.named and seat.party == actor.person]
    if not seats:
        return Gate.TLP
    allowed = rule.allowed(published=published)
    return None if any(seat.roles & allowed for seat in seats) else Gate.FIELD


def _covers(seat: Seat, rule: Rule, case: CaseFacts, origin: str | None) -> bool:
    """Whether a signature extends to what is asked for; the frame of a case is open to each that signed anything."""
    if rule.whole:
        return case.origins <= seat.covers
    return origin is None or origin in seat.covers
