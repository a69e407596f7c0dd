"""State what is true: of the world, of a vendor's fix, of what runs it, and how far a participant is with the case.

What a fact forces, and what it does to the embargo, happens in the same transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from clearinghouse.cases.docket import HOUSE, Docket, opened
from clearinghouse.core.errors import ClearinghouseError, Conflict, NotFound, UsageError
from clearinghouse.core.protocol import moves
from clearinghouse.core.protocol.case_facts import CaseFacts, Fact
from clearinghouse.core.protocol.events import MANAGEMENT_EVENTS
from clearinghouse.core.protocol.report_management import MANAGEMENT, Management, ManagementStep, adopt
from clearinghouse.core.protocol.vendor_path import VENDOR_PATH, VendorPath, VendorStep, deployed_share
from clearinghouse.core.protocol.vendor_path import Deployment as Declared
from clearinghouse.core.roles import CaseRole
from clearinghouse.core.storable import storable
from clearinghouse.core.visibility import Action, can
from clearinghouse.journal.repeating import repeated

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from clearinghouse.cases.models import Case
    from clearinghouse.core.visibility import Actor

OF_VENDORS = (Fact.VENDOR_AWARE, Fact.FIX_READY, Fact.DEPLOYED)
MAX_WEIGHT = 1_000_000  # of one operator's declaration
_REACHES = {Fact.VENDOR_AWARE: VendorPath.AWARE, Fact.FIX_READY: VendorPath.READY, Fact.DEPLOYED: VendorPath.DEPLOYED}
_NEXT = {VendorPath.UNAWARE: VendorStep.LEARN, VendorPath.AWARE: VendorStep.FIX, VendorPath.READY: VendorStep.DEPLOY}


@dataclass(frozen=True, slots=True)
class Status:
    """What became of a status report: what was taken over, and what was refused with the reason."""

    adopted: tuple[str, ...]
    refused: tuple[str, ...]


@repeated
def state_fact(
    case: str,
    fact: Fact,
    *,
    actor: Actor,
    at: datetime,
    because: str = "",
    party: str | None = None,
    line: str | None = None,
) -> CaseFacts:
    """Record that a fact holds, with what it forces (an exploit: the public; the public: every vendor); all facts then.

    Vendor aware, fix ready and fix deployed are a vendor's, for one release line or, without `line`, for all it has; an
    operator that states "fix deployed" declares it for what it runs. The public knowing, a public exploit and a fix
    deployed everywhere end an embargo at once; attacks ask for a decision. A fact that holds already changes nothing.
    Raises Conflict for one that comes too early: a fix is ready only at a vendor that accepted, deferred or closed it.
    """
    with opened(case, actor, Action.STATE_STATUS if fact in OF_VENDORS else Action.STATE_FACT, at=at) as docket:
        _tell(docket, fact, storable(because, 2000), party, line)
        return docket.now.facts


def went_public(case: Case, *, actor: Actor, at: datetime, because: str) -> None:
    """Record that the public knows, with what that forces, of a case locked by the caller's own transaction."""
    docket = Docket(case, actor, at)
    docket.take(moves.observe(docket.now, Fact.PUBLIC), because=because)


@repeated
def take_step(
    case: str, step: ManagementStep, *, actor: Actor, at: datetime, party: str | None = None, because: str = ""
) -> Management:
    """A participant's own view of the case: validate, invalidate, accept, defer, close; where it stands afterwards.

    Raises Conflict, naming what is possible, for a step that does not follow. A duplicate is valid and deferred.
    """
    with opened(case, actor, Action.STATE_FACT, at=at) as docket:
        who = docket.acting_participant(party)
        docket.take(moves.manage(docket.now, who, step))
        docket.note(MANAGEMENT_EVENTS[step], party=docket.called(who), because=storable(because, 2000))
        return docket.now.of(who).management


@repeated
def declare_deployment(
    case: str, *, deployed: bool, actor: Actor, at: datetime, weight: int = 1, party: str | None = None
) -> CaseFacts:
    """An operator says whether what it runs has the fix, `weight` for how much that is; the last word counts.

    Once enough of what was declared runs it (80 %) and every line has a fix, the case counts as deployed.
    """
    if not 1 <= weight <= MAX_WEIGHT:
        raise UsageError(f"a weight of {weight}", advice=f"1 to {MAX_WEIGHT}")
    with opened(case, actor, Action.STATE_STATUS, at=at) as docket:
        _declare(docket, docket.acting_participant(party), deployed=deployed, weight=weight)
        return docket.now.facts


@repeated
def report_status(
    case: str,
    *,
    actor: Actor,
    at: datetime,
    party: str | None = None,
    facts: Iterable[Fact] = (),
    management: Management | None = None,
    lines: Mapping[str, VendorPath] | None = None,
    because: str = "",
) -> Status:
    """Take over a participant's status report, each dimension by itself: what is refused does not swallow the rest.

    Facts of the world go first, then how far the participant is (it may have left steps out), then its release lines.
    """
    with opened(case, actor, Action.STATE_FACT, at=at) as docket:
        adopted: list[str] = []
        refused: list[str] = []
        wanted, reason = frozenset(facts), storable(because, 2000)

        def attempt(words: str, change: object) -> None:
            try:
                change()  # type: ignore[operator]
            except ClearinghouseError as problem:
                refused.append(f"{words}: {problem}")
            else:
                adopted.append(words)

        for fact in Fact:
            if fact in wanted and fact not in OF_VENDORS:
                attempt(fact, lambda fact=fact: _tell(docket, fact, reason, party, None))
        if management is not None:
            attempt(management, lambda: _adopt(docket, docket.acting_participant(party), management))
        for fact in OF_VENDORS:
            if fact in wanted:
                attempt(fact, lambda fact=fact: _own_status(docket, fact, reason, party, None))
        for line, path in (lines or {}).items():
            reached = [fact for fact in OF_VENDORS if fact.letter in path]
            for fact in reached[-1:]:
                attempt(f"{line} {path}".strip(), lambda f=fact, n=line: _own_status(docket, f, reason, party, n))
        return Status(tuple(adopted), tuple(refused))


def _own_status(docket: Docket, fact: Fact, because: str, party: str | None, line: str | None) -> None:
    if not can(docket.actor, Action.STATE_STATUS, docket.seen()):
        raise NotFound("no vendor or operator of this case", advice="leave the fix's path to vendors and operators")
    _tell(docket, fact, because, party, line)


def _tell(docket: Docket, fact: Fact, because: str, party: str | None, line: str | None) -> None:
    if fact not in OF_VENDORS:
        docket.take(moves.observe(docket.now, fact), because=because)
        return
    who = docket.acting(party)
    if who == HOUSE:
        if fact is not Fact.VENDOR_AWARE:
            raise UsageError(f'whose? "{fact}" is a vendor\'s to say', advice="name the vendor that said so")
        docket.take(moves.observe(docket.now, fact), because=because)
        return
    one = docket.now.of(who)
    if CaseRole.VENDOR not in one.roles:
        if fact is not Fact.DEPLOYED or CaseRole.DEPLOYER not in one.roles:
            raise UsageError(f"{docket.called(who)} is no vendor of this case", advice="name the vendor that said so")
        _declare(docket, who, deployed=True, weight=1)
        return
    mine = [found.line for found in docket.now.lines if found.vendor == who and line in {None, found.line}]
    if not mine:
        raise NotFound(f"{docket.called(who)} has no line {line!r} in this case", advice="name one that it supports")
    for name in mine:
        _advance(docket, who, name, _REACHES[fact], because)


def _advance(docket: Docket, vendor: str, line: str, target: VendorPath, because: str) -> None:
    """Move a line up to `target`, step by step; a vendor with a fix knows of the bug."""
    order = list(VendorPath)
    while True:
        path = next(one.path for one in docket.now.lines if (one.vendor, one.line) == (vendor, line))
        if order.index(path) >= order.index(target):
            return
        step = _NEXT[path]
        if step is VendorStep.DEPLOY and target is not VENDOR_PATH.after(path, step):
            raise Conflict(f"line {line!r} cannot go from {path} to {target}", advice="report what came before")
        docket.take(moves.advance(docket.now, vendor, line, step), because=because)


def _declare(docket: Docket, who: str, *, deployed: bool, weight: int) -> None:
    row = docket.participant(who)
    docket.case.deployments.update_or_create(
        party=row.party, defaults={"deployed": deployed, "weight": weight, "at": docket.at}
    )
    docket.note("deployment declared", party=row.party.handle, deployed=deployed, weight=weight)
    rows = docket.case.deployments.select_related("party").order_by("id")
    share = deployed_share(Declared(one.party.key, one.deployed, one.weight) for one in rows)
    if share is not None:
        docket.take(moves.declare(docket.now, share), because="declared by operators")


def _adopt(docket: Docket, who: str, told: Management) -> None:
    one = docket.now.of(who)
    reached = adopt(one.management, told)
    if reached is not one.management:
        docket.take(docket.now.having(replace(one, management=reached)))
        step = next(step for (_, step), state in MANAGEMENT.table.items() if state is reached)
        docket.note(MANAGEMENT_EVENTS[step], party=docket.called(who), because="told by itself", was=one.management)
