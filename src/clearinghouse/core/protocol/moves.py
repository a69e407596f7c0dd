"""What can happen to a case as a whole, and the situation after it: every consequence within the same step.

A move is carried out entirely or refused with Conflict, which names the rule. What the world does is never refused: a
fact that makes an embargo pointless ends it in the same step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from clearinghouse.core.errors import Conflict
from clearinghouse.core.protocol.case_facts import CaseFacts, Fact, Learned, learn
from clearinghouse.core.protocol.consent import (
    CONSENT,
    Consent,
    ConsentStep,
    after_end,
    after_merge,
    after_revision,
    answer,
    late,
    seeded,
)
from clearinghouse.core.protocol.embargo import EMBARGO, Embargo, EmbargoStep, early_end
from clearinghouse.core.protocol.invariants import Invariant, broken, start_faults
from clearinghouse.core.protocol.report_management import MANAGEMENT, PROGRESS, ManagementStep, entering
from clearinghouse.core.protocol.situation import Participant, Situation
from clearinghouse.core.protocol.vendor_path import (
    VENDOR_PATH,
    Line,
    VendorPath,
    VendorStep,
    rolled_up,
    told_by_the_public,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from fractions import Fraction

    from clearinghouse.core.roles import CaseRole


@dataclass(frozen=True, slots=True)
class Outcome:
    """The situation after a move, the facts it made true, in order, and why it ended the embargo, if it did."""

    now: Situation
    learned: tuple[Learned, ...] = ()
    ended: str = ""


def join(now: Situation, party: str, roles: Iterable[CaseRole], lines: Iterable[str] = ()) -> Situation:
    """Somebody enters; `lines` are the release lines a vendor supports. Under an embargo it is invited first."""
    if any(one.party == party for one in now.participants):
        raise Conflict(f"{party} takes part already", advice="add the role to its participation")
    held = frozenset(roles)
    newcomer = Participant(party, held, entering(held), late(held, in_force=now.embargo.in_force))
    joined = replace(now.having(newcomer), lines=(*now.lines, *(Line(party, line) for line in lines)))
    return _settled(joined, ()).now


def manage(now: Situation, party: str, *steps: ManagementStep) -> Situation:
    """A participant works on the case by itself. To receive it is to read it, so that takes the consent to do so."""
    one = now.of(party)
    if ManagementStep.RECEIVE in steps and party not in now.may_read:
        raise Conflict(f"{party}: {Invariant.CONSENT_BEFORE_CONTENT}", advice="have it accept the embargo first")
    return _held(now.having(replace(one, management=MANAGEMENT.after(one.management, *steps))))


def propose(now: Situation, proposer: str, *, decided: bool = False) -> Situation:
    """Terms are proposed. `decided`: a person decided, with a reason, to start although a fix is ready."""
    faults = [f for f in start_faults(now, proposer) if not (decided and f.invariant is Invariant.NO_START_WITH_FIX)]
    if faults:
        raise Conflict(str(faults[0]), advice="have it received first, or have the case's owner decide")
    return _held(replace(now, embargo=EMBARGO.after(now.embargo, EmbargoStep.PROPOSE)))


def accept(now: Situation, agreed: Iterable[str]) -> Situation:
    """The proposed terms hold from now on. Owners and `agreed` are bound by them; every other signature lapses.

    When an embargo begins, its reporters are bound with it, and content closes to everybody who is not.
    """
    agreeing, begins = frozenset(agreed) | now.owners, not now.embargo.in_force
    consents = dict(after_revision(now.consents, agreeing))
    for one in now.participants:
        if one.party in agreeing:
            consents[one.party] = CONSENT.after(one.consent, *answer(one.consent, yes=True))
        elif begins and one.consent is Consent.NO_EMBARGO:
            consents[one.party] = seeded(one.roles, in_force=True)
    embargo = EMBARGO.after(now.embargo, EmbargoStep.ACCEPT)
    return _held(replace(now, embargo=embargo, no_embargo_decided=False).consenting(consents))


def reject(now: Situation) -> Situation:
    """The proposed terms are refused: those before hold, or none."""
    return _held(_ended(now, (EmbargoStep.REJECT,)))


def go_without(now: Situation) -> Situation:
    """A person decided that there is to be no embargo; raises Conflict where one is proposed or was agreed."""
    if now.embargo is not Embargo.NONE:
        raise Conflict(f'the embargo is "{now.embargo}"', advice="reject or end it")
    return replace(now, no_embargo_decided=True)


def terminate(now: Situation) -> Situation:
    """The embargo ends, for its instant came or its owner said so."""
    return _held(_ended(now, (EmbargoStep.TERMINATE,)))


def consent(now: Situation, party: str, *steps: ConsentStep) -> Situation:
    """A participant is invited, or answers; what it may no longer read closes at once."""
    return _held(now.consenting({party: CONSENT.after(now.of(party).consent, *steps)}))


def open_content(now: Situation, party: str) -> Situation:
    """The content is opened to a participant; raises Conflict without its consent while an embargo is in force."""
    now.of(party)
    return _held(replace(now, readers=now.readers | {party}))


def observe(now: Situation, fact: Fact) -> Outcome:
    """Something became true in the world: the public knows, an exploit is public, attacks were seen, a vendor knows."""
    facts, told = learn(now.facts, fact)
    return _settled(replace(now, facts=facts), told)


def advance(now: Situation, vendor: str, line: str, step: VendorStep) -> Outcome:
    """A vendor reports on one of its lines; raises Conflict for a line it does not have."""
    for place, one in enumerate(now.lines):
        if (one.vendor, one.line) == (vendor, line):
            moved = replace(one, path=VENDOR_PATH.after(one.path, step))
            return _settled(replace(now, lines=(*now.lines[:place], moved, *now.lines[place + 1 :])), ())
    raise Conflict(f"{vendor} has no line {line!r} in this case", advice="add the line first")


def declare(now: Situation, share: Fraction) -> Outcome:
    """Operators declared how much of what they run has the fix."""
    return _settled(replace(now, share=share), ())


def merge(kept: Situation, absorbed: Situation) -> Outcome:
    """Two cases are one bug. Facts add up, the stricter embargo holds, and nobody is given anything by it.

    Where one embargo is over already, its date was the earlier one, so the merged one is over too. Content is open to
    the owners alone until it is opened again.
    """
    states = (kept.embargo, absorbed.embargo)
    order = (Embargo.EXITED, Embargo.REVISE, Embargo.ACTIVE, Embargo.PROPOSED, Embargo.NONE)
    embargo = next(state for state in order if state in states)
    owners = kept.owners | absorbed.owners
    people = {one.party: one for one in absorbed.participants}
    for one in kept.participants:
        other = people.get(one.party, one)
        further = max(one.management, other.management, key=lambda state: PROGRESS[state])
        people[one.party] = replace(one, roles=one.roles | other.roles, management=further)
    lines = {(line.vendor, line.line): line for line in absorbed.lines}
    for line in kept.lines:
        other_line = lines.get((line.vendor, line.line), line)
        lines[line.vendor, line.line] = max(line, other_line, key=lambda one: list(VendorPath).index(one.path))
    merged = Situation(
        embargo,
        CaseFacts(kept.facts.facts | absorbed.facts.facts),
        tuple(people.values()),
        tuple(lines.values()),
        owners & (kept.readers | absorbed.readers),
        kept.share if absorbed.share is None else absorbed.share,
        kept.no_embargo_decided and absorbed.no_embargo_decided,
    )
    consents = after_merge(kept.consents, absorbed.consents, owners) if embargo.in_force else after_end(merged.consents)
    return _settled(merged.consenting(consents), ())


def split(now: Situation, parties: Iterable[str]) -> Outcome:
    """A case that turns out to be two: the child inherits embargo, facts and consent, and the participants named."""
    chosen = frozenset(parties) | now.owners
    child = replace(
        now,
        participants=tuple(one for one in now.participants if one.party in chosen),
        lines=tuple(line for line in now.lines if line.vendor in chosen),
        readers=now.readers & chosen,
    )
    return _settled(child, ())


def _ended(now: Situation, steps: tuple[EmbargoStep, ...]) -> Situation:
    ended = replace(now, embargo=EMBARGO.after(now.embargo, *steps))
    return ended if ended.embargo.in_force else ended.consenting(after_end(now.consents))


def _settled(now: Situation, learned: tuple[Learned, ...]) -> Outcome:
    """Everything that follows from the facts, until nothing more does: lines, roll-up, the end of the embargo."""
    if Fact.PUBLIC in now.facts:
        now = replace(now, lines=told_by_the_public(now.lines))
    for fact in rolled_up(now.lines, now.share):
        facts, told = learn(now.facts, fact)
        now = replace(now, facts=facts)
        learned = (*learned, *told)
    ending = early_end(now.embargo, now.facts)
    return Outcome(_held(_ended(now, ending.steps) if ending.steps else now), learned, ending.reason)


def _held(now: Situation) -> Situation:
    breaches = broken(now)
    if breaches:
        raise Conflict("; ".join(map(str, breaches)), advice="bring about what the rule asks for first")
    return now
