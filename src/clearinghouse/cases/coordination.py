"""Read what people do on a case: its embargo and what is proposed, facts, vendors' fixes, messages; and the skill.

Each part is asked for by itself, so that whoever was only invited sees the terms and nothing else. Instants are UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from clearinghouse.cases.access import called, seen
from clearinghouse.cases.docket import HOUSE, anchors_of, situation_of
from clearinghouse.cases.models import Case, CaseState, ProposalState, StatusFact
from clearinghouse.cases.proposals import to_be_decided
from clearinghouse.cases.queries import visible_to
from clearinghouse.cases.review_use import ReviewUseView, review_use
from clearinghouse.core.protocol.case_facts import Fact
from clearinghouse.core.protocol.disclosure_skill import Skill, skill
from clearinghouse.core.protocol.embargo import Embargo
from clearinghouse.core.protocol.embargo_terms import ends_at, terms_from
from clearinghouse.core.protocol.invariants import asked_of_people
from clearinghouse.core.protocol.report_management import Management
from clearinghouse.core.protocol.vendor_path import VendorPath, trailing_vendors
from clearinghouse.core.roles import Tlp
from clearinghouse.core.visibility import Action, Brought, can

if TYPE_CHECKING:
    from datetime import datetime

    from clearinghouse.cases.models import EmbargoProposal, Message
    from clearinghouse.core.visibility import Actor, CaseFacts
    from clearinghouse.registry.models import Party


@dataclass(frozen=True, slots=True)
class ProposalView:
    """Terms that somebody wants. Names (`by`, `yes`, `no`) are empty for a reader who may not see who takes part.

    So is `because`, unless it is the reader's own: a reason is words of others, and may say anything of the case.
    """

    key: str
    words: str
    ends_at: datetime | None  # None: public at once
    preset: str
    standing: bool
    state: ProposalState
    turn: bool  # the one to be decided now
    because: str
    proposed_at: datetime
    by: str
    yes: tuple[str, ...]
    no: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FactView:
    """One of the six facts, with who said so; `at` None while it does not hold."""

    fact: Fact
    at: datetime | None
    stated_by: str
    cause: str


@dataclass(frozen=True, slots=True)
class LineView:
    """How far a vendor's fix is for one release line."""

    vendor: str
    line: str
    path: VendorPath
    trailing: bool


@dataclass(frozen=True, slots=True)
class MessageView:
    """Something said in a case."""

    key: str
    author: str
    text: str
    tlp: Tlp
    at: datetime


@dataclass(frozen=True, slots=True)
class Coordination:
    """What the reader may know of how a case is coordinated; what it may not is empty.

    `asks` are the decisions left to people, for those who decide. `management` is by participant's handle.
    """

    key: str
    tlp: Tlp
    embargo: Embargo
    terms: str
    ends_at: datetime | None
    proposals: tuple[ProposalView, ...]
    facts: tuple[FactView, ...]
    letters: str
    lines: tuple[LineView, ...]
    management: tuple[tuple[str, Management], ...]
    messages: tuple[MessageView, ...]
    asks: tuple[str, ...]
    review_use: ReviewUseView | None


def coordination(name: str, *, actor: Actor) -> Coordination | None:
    """How a case is coordinated, by its key or its public id; None when there is none or none to see."""
    found = visible_to(actor, Action.SEE_CASE).filter(called(name, actor)).exclude(state=CaseState.MERGED)
    case = found.first()
    if case is None:
        return None
    facts = seen(case)
    takes_part = can(actor, Action.PROPOSE_EMBARGO, facts) or can(actor, Action.ANSWER_INVITATION, facts)
    names, reads = can(actor, Action.READ_PARTICIPANTS, facts), can(actor, Action.READ_CASE, facts)
    now = situation_of(case)
    people = case.participants.select_related("party").order_by("invited_at", "id")
    return Coordination(
        key=case.key,
        tlp=Tlp(case.tlp),
        embargo=Embargo(case.embargo),
        terms=str(terms_from(case.terms)) if case.terms else "",
        ends_at=case.ends_at,
        proposals=_proposals(case, actor, names=names) if takes_part else (),
        facts=_facts(case, names=names) if reads else (),
        letters=str(now.facts) if reads else "",
        lines=_lines(case, trailing_vendors(now.lines)) if names else (),
        management=tuple((row.party.handle, Management(row.management)) for row in people) if names else (),
        messages=messages(case, actor=actor, facts=facts),
        asks=asked_of_people(now) if can(actor, Action.DECIDE_EMBARGO, facts) else (),
        review_use=review_use(case) if names else None,
    )


def messages(case: Case, *, actor: Actor, facts: CaseFacts | None = None) -> tuple[MessageView, ...]:
    """What was said in a case, in order, as far as the actor may read it: each under the stricter of two labels."""
    around = facts or seen(case)
    rows = case.messages.select_related("party", "brought_to").order_by("id")
    return tuple(
        MessageView(row.key, row.author, row.text, Tlp(row.tlp), row.at) for row in rows if _reads(actor, row, around)
    )


def skill_figures(*, actor: Actor) -> tuple[Skill, ...]:
    """How well disclosure went over all cases, against luck, for who reads the figures of the house; else nothing."""
    if not can(actor, Action.READ_FIGURES):
        return ()
    histories: dict[int, list[Fact]] = {}
    rows = StatusFact.objects.exclude(case__state=CaseState.MERGED).order_by("case_id", "at", "id")
    for case, fact in rows.values_list("case_id", "fact"):
        histories.setdefault(case, []).append(Fact(fact))
    return skill(list(histories.values()))


def _reads(actor: Actor, row: Message, facts: CaseFacts) -> bool:
    stricter = max((facts.tlp, Tlp(row.tlp)), key=list(Tlp).index)
    brought = Brought(own=_own(actor, row.party), case=replace(facts, tlp=stricter), origin=row.brought_to.key)
    return can(actor, Action.READ_MESSAGES, brought)


def _own(actor: Actor, party: Party | None) -> bool:
    return party is not None and party.key in actor.parties


def _proposals(case: Case, actor: Actor, *, names: bool) -> tuple[ProposalView, ...]:
    anchors = anchors_of(case)
    rows = list(
        case.proposals.select_related("party").prefetch_related("opinions__party").order_by("proposed_at", "id")
    )
    first = to_be_decided(rows, anchors)

    def shown(row: EmbargoProposal) -> ProposalView:
        terms = terms_from(row.terms)
        said = {
            answer: tuple(o.party.handle for o in row.opinions.all() if o.yes is answer) for answer in (True, False)
        }
        return ProposalView(
            key=row.key,
            words=str(terms),
            ends_at=None if terms.public else ends_at(terms, anchors),
            preset=row.preset,
            standing=row.standing,
            state=ProposalState(row.state),
            turn=row is first,
            because=row.because if names or _own(actor, row.party) else "",
            proposed_at=row.proposed_at,
            by=(row.party.handle if row.party else HOUSE) if names else "",
            yes=said[True] if names else (),
            no=said[False] if names else (),
        )

    return tuple(shown(row) for row in rows)


def _facts(case: Case, *, names: bool) -> tuple[FactView, ...]:
    rows = {row.fact: row for row in case.status.all()}
    return tuple(
        FactView(fact, row.at, row.stated_by if names else "", row.cause)
        if (row := rows.get(fact))
        else FactView(fact, None, "", "")
        for fact in Fact
    )


def _lines(case: Case, late: frozenset[str]) -> tuple[LineView, ...]:
    return tuple(
        LineView(row.party.handle, row.line, VendorPath(row.path), row.party.key in late)
        for row in case.lines.select_related("party").order_by("id")
    )
