"""What follows when proofs moved between cases, whoever moved them: participants, embargo, facts, messages, journals.

The matcher and people go through the same. Call it inside the transaction that moved the proofs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from clearinghouse.cases import collisions, participants
from clearinghouse.cases.docket import Docket, anchors_of
from clearinghouse.cases.models import Case, CaseState, ProposalState, StatusFact, VendorLine, YearCounter
from clearinghouse.core.errors import Conflict
from clearinghouse.core.ids import case_id
from clearinghouse.core.protocol import moves
from clearinghouse.core.protocol.case_facts import Fact
from clearinghouse.core.protocol.embargo import EMBARGO, Embargo, EmbargoStep
from clearinghouse.core.protocol.embargo_terms import ends_at, terms_from
from clearinghouse.core.protocol.events import embargo_event
from clearinghouse.core.protocol.vendor_path import VendorPath, told_by_the_public
from clearinghouse.core.visibility import Actor
from clearinghouse.journal import services as journal

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from clearinghouse.proofs.models import Proof

_END_PROPOSALS = [str(fact) for fact in (Fact.PUBLIC, Fact.EXPLOIT, Fact.ATTACKS, Fact.DEPLOYED)]
_FURTHER = [str(path) for path in VendorPath]


def open_case(members: Sequence[Proof], *, by: str, at: datetime) -> Case:
    """A new case for these proofs, named by the year and its number; its title is the claim of the first."""
    counter, _ = YearCounter.objects.select_for_update().get_or_create(year=at.year)
    counter.last += 1
    counter.save()
    first = min(members, key=lambda proof: proof.pk)
    name = case_id(at.year, counter.last)
    case = Case.objects.create(public_id=name, opened_at=at, package=first.package, title=first.title)
    _note(case, "case opened", by, at, package=first.package, bundle=first.bundle_id)
    return case


def merged(before: Case, case: Case, bundles: Sequence[str], *, by: str, at: datetime, because: str = "") -> None:
    """Proofs went from `before` to `case`, which was there already. It grants nobody access to the other side's.

    Participants keep what they signed for; the earlier end holds; facts of both hold. `before` is merged into `case`
    once nothing is left in it.
    """
    participants.merge(before, case, by=by, at=at)
    if not before.memberships.exists():
        _bring_proposals(before, case, by=by, at=at)
        before.state, before.merged_into = CaseState.MERGED, case
        before.save(update_fields=["state", "merged_into"])
        before.messages.update(case=case)
        _note(before, "case merged", by, at, into=case.public_id, bundles=list(bundles), because=because)
        _note(case, "case taken in", by, at, case=before.public_id, bundles=list(bundles), because=because)
    else:
        _note_moved(before, case, bundles, by=by, at=at, because=because)
    _bring_facts(before, case, by=by, at=at)
    collisions.notice(case, at=at)


def split(before: Case, case: Case, bundles: Sequence[str], *, by: str, at: datetime, because: str = "") -> None:
    """Proofs went from `before` to `case`, opened for them: it inherits label, embargo, people, consents and facts."""
    participants.split(before, case, by=by, at=at)
    for side in (before, case):
        _keep_end(side)
    _note_moved(before, case, bundles, by=by, at=at, because=because)
    _bring_facts(before, case, by=by, at=at)


def _keep_end(case: Case) -> None:
    """What was agreed ends when it was to end, also where the report that it counted from is now on the other side."""
    if Embargo(case.embargo).in_force and case.ends_at is not None:
        counted = ends_at(terms_from(case.terms), anchors_of(case)) if case.terms else case.ends_at
        if counted != case.ends_at:
            participants.end_at(case, case.ends_at)
            case.save(update_fields=["terms", "ends_at"])


def _note_moved(before: Case, case: Case, bundles: Sequence[str], *, by: str, at: datetime, because: str) -> None:
    _note(before, "case split", by, at, to=case.public_id, bundles=list(bundles), because=because)
    _note(case, "case split off", by, at, case=before.public_id, bundles=list(bundles), because=because)


def _bring_proposals(before: Case, case: Case, *, by: str, at: datetime) -> None:
    """Terms on the table of the case that goes are put on that of the case that stays, where any may be there."""
    rows = before.proposals.filter(state=ProposalState.OPEN)
    keys = list(rows.order_by("pk").values_list("key", flat=True))
    if not keys:
        return
    before.embargo = EMBARGO.after(Embargo(before.embargo), EmbargoStep.REJECT)
    before.save(update_fields=["embargo"])
    if Embargo(case.embargo) is Embargo.EXITED or case.status.filter(fact__in=_END_PROPOSALS).exists():
        rows.update(state=ProposalState.SETTLED, answered_at=at, answered_by=by)
        return
    rows.update(case=case)
    _note(case, embargo_event(Embargo(case.embargo), EmbargoStep.PROPOSE), by, at, standing=keys, case=before.public_id)
    case.embargo = EMBARGO.after(Embargo(case.embargo), EmbargoStep.PROPOSE)
    case.save(update_fields=["embargo"])


def _bring_facts(before: Case, case: Case, *, by: str, at: datetime) -> None:
    """What was true of the one bug is true of it here: lines as far as they are, then the facts with what they end."""
    taking_part = set(case.participants.values_list("party_id", flat=True))
    for line in before.lines.filter(party__in=taking_part):
        row, new = VendorLine.objects.get_or_create(case=case, party_id=line.party_id, line=line.line)
        if new or _FURTHER.index(row.path) < _FURTHER.index(line.path):
            row.path = line.path
            row.aware_at, row.fixed_at = line.aware_at, line.fixed_at
            row.deployed_at = line.deployed_at
            row.save()
    docket = Docket(case, Actor(by), at)
    if Fact.PUBLIC in docket.now.facts:
        docket.take(replace(docket.now, lines=told_by_the_public(docket.now.lines)))
    for fact in StatusFact.objects.filter(case=before).order_by("at", "id"):
        if Fact(fact.fact) not in docket.now.facts:
            try:
                docket.take(moves.observe(docket.now, Fact(fact.fact)), because=f"true of {before.public_id}")
            except Conflict as problem:
                docket.note("fact not taken over", fact=fact.fact, case=before.public_id, because=str(problem))


def _note(where: Case, kind: str, by: str, at: datetime, **body: object) -> None:
    journal.append(f"case/{where.public_id}", kind, actor=by, at=at, body=body)
