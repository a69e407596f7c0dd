"""The rule book and the lists say the same: what `can` allows is what lists hold, for any world and any actor."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from django.db import transaction
from hypothesis import given, settings

from clearinghouse.cases import journals, queries
from clearinghouse.cases.access import proof_to, report_to, seen
from clearinghouse.core.report import ReportState
from clearinghouse.core.roles import CaseRole
from clearinghouse.core.visibility import RULES, Action, Brought, can
from clearinghouse.intake import queries as intake
from clearinghouse.intake.models import Report
from clearinghouse.proofs import queries as proofs
from tests.cases.worlds import World, actors, build, ground, plans

if TYPE_CHECKING:
    from clearinghouse.cases.models import Case
    from clearinghouse.core.visibility import Actor
    from tests.cases.worlds import Plan

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("examples", [40, pytest.param(150, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])])
def test_every_list_holds_just_what_the_rules_allow(examples: int) -> None:
    base = ground()

    @settings(max_examples=examples)
    @given(plan=plans(), actor=actors())
    def agree(plan: Plan, actor: Actor) -> None:
        with transaction.atomic():
            world = build(plan, base)
            _cases_agree(world, actor)
            _parts_agree(world, actor)
            _logs_and_verdicts_agree(world, actor)
            _journals_agree(world, actor)
            for case in world.cases:
                _fields_agree(case, actor)
            transaction.set_rollback(True)

    agree()


def _cases_agree(world: World, actor: Actor) -> None:
    for action in (Action.SEE_CASE, Action.READ_CASE):
        allowed = {case.pk for case in world.cases if can(actor, action, seen(case))}
        assert set(queries.visible_to(actor, action).values_list("pk", flat=True)) == allowed, action
    listed = {row.id for row in queries.cases(actor=actor)}
    inside = can(actor, Action.READ_FIGURES)
    assert listed == {case.address(inside) for case in queries.visible_to(actor)}
    readable = {case.key for case in queries.visible_to(actor)}
    known = {case.key for case in queries.visible_to(actor, Action.SEE_CASE)}
    assert {found.key for found in queries.invitations(actor=actor)} == known - readable


def _parts_agree(world: World, actor: Actor) -> None:
    for action in (Action.READ_CASE, Action.READ_CLAIMS, Action.READ_PROOF):
        inside = [proof for proof in world.proofs if hasattr(proof, "membership")]
        allowed = {proof.pk for proof in inside if can(actor, action, proof_to(actor, proof))}
        assert set(queries.members(actor, action).values_list("proof", flat=True)) == allowed, action
    allowed = {report.pk for report in world.reports if can(actor, Action.READ_REPORT, report_to(actor, report))}
    assert set(intake.visible_to(actor).values_list("pk", flat=True)) == allowed
    for report in world.reports:
        assert (intake.report(report.public_id, actor=actor) is not None) is (report.pk in allowed)
    assert sum(intake.count_by_state(actor).values()) == len(allowed)


def _logs_and_verdicts_agree(world: World, actor: Actor) -> None:
    for number, proof in enumerate(world.proofs):
        allowed = can(actor, Action.READ_PROOF, proof_to(actor, proof))
        assert (proofs.proof(proof.bundle_id, actor=actor) is not None) is allowed
        assert (proofs.attestation(proof.bundle_id, actor=actor) is not None) is allowed
        assert (proofs.log_text(f"{number:064x}", actor=actor) is not None) is allowed


def _journals_agree(world: World, actor: Actor) -> None:
    chains = [(f"case/{case.public_id}", seen(case)) for case in world.cases]
    chains += [(f"report/{report.public_id}", report_to(actor, report)) for report in world.reports]
    chains += [(f"proof/{proof.bundle_id}", proof_to(actor, proof)) for proof in world.proofs]
    for chain, about in chains:
        found = journals.entries(chain, actor=actor)
        bodies = can(actor, Action.READ_JOURNAL, about)
        assert bool(found) is (bodies or can(actor, Action.READ_JOURNAL_METADATA, about)), chain
        assert any(entry.body for entry in found) is (bodies and bool(found)), chain
    assert bool(journals.entries("system", actor=actor)) is can(actor, Action.READ_SYSTEM_JOURNAL)
    newest = journals.latest(50, actor=actor)
    assert bool(newest) is can(actor, Action.READ_SYSTEM_JOURNAL)
    assert any(entry.body for entry in newest) is (bool(newest) and can(actor, Action.READ_JOURNAL))


def _fields_agree(case: Case, actor: Actor) -> None:
    about = seen(case)
    found = queries.case(case.key, actor=actor)
    assert (found is not None) is can(actor, Action.READ_CASE, about)
    if found is None:
        return
    members = {member.proof: proof_to(actor, member.proof) for member in case.memberships.select_related("proof")}
    summary = {proof for proof, part in members.items() if can(actor, Action.READ_CASE, part)}
    claimed = {proof for proof in summary if can(actor, Action.READ_CLAIMS, members[proof])}
    opened = {proof.bundle_id for proof in claimed if can(actor, Action.READ_PROOF, members[proof])}
    late = Brought(own=False, case=about, origin=case.key)
    covers = can(actor, Action.READ_CASE, replace(late, published=True))
    by_publication = covers and not can(actor, Action.READ_CASE, late) and len(summary) < len(members)
    assert found.whole is (len(summary) == len(members) or by_publication)
    assert {proof.bundle_id for proof in found.proofs} == {proof.bundle_id for proof in claimed}
    assert found.opened == opened
    assert len(found.logs) == len(opened)
    sent = Report.objects.filter(proof__in=summary, state=ReportState.ATTACHED).select_related("finder", "proof")
    parts = {report.public_id: report_to(actor, report) for report in sent}
    credited = {name for name, part in parts.items() if can(actor, Action.READ_CLAIMS, part)}
    counted = credited | {name for name, part in parts.items() if can(actor, Action.READ_CASE, part)}
    assert {claim.report_id for claim in found.claims} == credited
    assert found.row.reports == len(counted)
    everyone = can(actor, Action.READ_PARTICIPANTS, about)
    parties = {seat.party for seat in about.seats if everyone or seat.party in actor.parties}
    assert {part.party for part in found.participants} == parties
    assert bool(found.journal) is can(actor, Action.READ_JOURNAL, about)


def test_no_role_s_word_is_part_of_another_s() -> None:
    """The lists look for the word of a role in JSON text."""
    assert not [(a, b) for a in CaseRole for b in CaseRole if a is not b and a in b]


def test_every_rule_that_lists_use_can_be_said_in_sql() -> None:
    assert {action for action in Action if RULES[action].whole} == {
        Action.READ_PARTICIPANTS,
        Action.READ_JOURNAL_METADATA,
        Action.READ_JOURNAL,
    }
