"""The rule book read aloud: each gate, each label, each role."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clearinghouse.core.protocol.consent import Consent
from clearinghouse.core.protocol.embargo import Embargo
from clearinghouse.core.roles import CaseRole, Scope, SiteRole, Tlp
from clearinghouse.core.visibility import (
    LOCAL,
    OF_CASES,
    PUBLIC,
    RULES,
    Action,
    Actor,
    Brought,
    CaseFacts,
    Gate,
    Seat,
    can,
    refused_by,
)

LAB = Actor("lab", person="p1", parties=frozenset({"p1", "lab"}))
STRANGER = Actor("other", person="p2", parties=frozenset({"p2"}))
FINDER = frozenset({CaseRole.FINDER, CaseRole.REPORTER})
WRITES = [action for action in Action if RULES[action].scope is Scope.CASES_WRITE]
CONTENT = [action for action in Action if RULES[action].roles and RULES[action].content]
OPEN = CaseFacts(published=False, embargo=Embargo.NONE, tlp=Tlp.AMBER, origins=frozenset({"a"}))


def with_seat(case: CaseFacts = OPEN, **seat: object) -> CaseFacts:
    fields: dict[str, object] = {"party": "lab", "roles": FINDER, **seat}
    return replace(case, seats=(*case.seats, Seat(**fields)))  # type: ignore[arg-type]


def held(**seat: object) -> CaseFacts:
    """A case under an embargo in force, with one participant."""
    return replace(with_seat(**seat), embargo=Embargo.ACTIVE)


def with_role(role: SiteRole) -> Actor:
    return Actor(role, person="s", parties=frozenset({"s"}), roles=frozenset({role}))


def test_to_the_public_nothing_exists_but_what_was_published_as_clear() -> None:
    published = replace(OPEN, published=True, tlp=Tlp.CLEAR)
    for action in Action:
        shown = {Action.SEE_CASE, Action.READ_CASE, Action.READ_CLAIMS, Action.SUBMIT_REPORT}
        assert can(PUBLIC, action, published) is (action in shown), action
        assert can(PUBLIC, action, OPEN) is (action is Action.SUBMIT_REPORT), action
    assert not can(PUBLIC, Action.READ_CASE, replace(published, tlp=Tlp.GREEN))
    assert not can(PUBLIC, Action.READ_CASE, replace(OPEN, tlp=Tlp.CLEAR))


def test_an_embargo_in_force_beats_every_label() -> None:
    for label in Tlp:
        case = replace(OPEN, published=True, tlp=label, embargo=Embargo.REVISE)
        assert not can(PUBLIC, Action.SEE_CASE, case)
        assert not can(STRANGER, Action.SEE_CASE, case)


@pytest.mark.parametrize(("label", "seen"), [(t, t in {Tlp.CLEAR, Tlp.GREEN}) for t in Tlp])
def test_green_is_for_whoever_signed_in_once_no_embargo_is_in_force(label: Tlp, seen: bool) -> None:
    case = replace(OPEN, tlp=label)
    assert can(STRANGER, Action.READ_CASE, case) is seen
    assert not can(STRANGER, Action.READ_CLAIMS, case)
    assert refused_by(STRANGER, Action.READ_CASE, replace(case, embargo=Embargo.ACTIVE)) is Gate.PARTICIPATION


def test_a_coordinator_passes_every_gate_of_every_case() -> None:
    case = replace(OPEN, tlp=Tlp.RED, embargo=Embargo.ACTIVE)
    assert all(can(LOCAL, action, case) for action in OF_CASES)


def test_a_triager_reads_likewise_and_writes_nothing() -> None:
    triager, case = with_role(SiteRole.TRIAGER), replace(OPEN, tlp=Tlp.RED, embargo=Embargo.ACTIVE)
    assert can(triager, Action.READ_JOURNAL, case)
    assert can(triager, Action.READ_PROOF, Brought(own=False, case=case))
    assert not [action for action in WRITES if can(triager, action, case)]


@pytest.mark.parametrize("role", [SiteRole.ADMIN, SiteRole.EVALUATOR, SiteRole.PROVER])
def test_an_admin_an_evaluator_and_a_prover_see_nothing_of_any_case(role: SiteRole) -> None:
    assert {action for action in Action if can(with_role(role), action, OPEN)} == {Action.SUBMIT_REPORT}


def test_an_auditor_sees_who_did_what_when_and_nothing_of_what_it_was_about() -> None:
    auditor = with_role(SiteRole.AUDITOR)
    allowed = {action for action in Action if can(auditor, action, held())} - {Action.SUBMIT_REPORT}
    assert allowed == {Action.READ_JOURNAL_METADATA, Action.READ_SYSTEM_JOURNAL}


def test_a_publisher_reads_drafts_and_approves_and_gets_no_proof() -> None:
    publisher = with_role(SiteRole.PUBLISHER)
    assert can(publisher, Action.READ_CLAIMS, held())
    assert can(publisher, Action.PUBLISH, held())
    assert not can(publisher, Action.READ_PROOF, Brought(own=False, case=held()))
    assert [action for action in WRITES if can(publisher, action, held())] == [Action.PUBLISH]


@pytest.mark.parametrize("consent", [c for c in Consent if not c.adheres])
def test_without_a_signature_an_embargo_leaves_the_invitation_and_nothing_of_the_content(consent: Consent) -> None:
    case = held(consent=consent)
    assert can(LAB, Action.SEE_CASE, case)
    assert can(LAB, Action.ANSWER_INVITATION, case)
    assert {refused_by(LAB, action, case) for action in CONTENT} == {Gate.CONSENT}


@pytest.mark.parametrize("embargo", [Embargo.NONE, Embargo.PROPOSED, Embargo.EXITED])
def test_no_embargo_in_force_asks_for_no_signature(embargo: Embargo) -> None:
    case = replace(with_seat(consent=Consent.DECLINED), embargo=embargo)
    assert can(LAB, Action.READ_PROOF, Brought(own=False, case=case, origin="a"))


def test_a_signature_opens_what_it_extends_to_and_not_what_a_merge_added() -> None:
    case = held(consent=Consent.SIGNATORY, covers=frozenset({"a"}))
    merged = replace(case, origins=frozenset({"a", "b"}))
    assert can(LAB, Action.READ_CASE, merged)
    assert can(LAB, Action.READ_PROOF, Brought(own=False, case=merged, origin="a"))
    assert refused_by(LAB, Action.READ_PROOF, Brought(own=False, case=merged, origin="b")) is Gate.CONSENT
    assert can(LAB, Action.READ_PARTICIPANTS, case)
    assert refused_by(LAB, Action.READ_PARTICIPANTS, merged) is Gate.CONSENT


def test_a_finder_always_sees_its_own_report_and_proof() -> None:
    case = replace(held(consent=Consent.DECLINED), tlp=Tlp.RED)
    for action in (Action.READ_REPORT, Action.READ_PROOF, Action.READ_CLAIMS, Action.READ_JOURNAL_METADATA):
        assert can(LAB, action, Brought(own=True, case=case))
        assert can(LAB, action, Brought(own=True))
        assert not can(LAB, action, Brought(own=False, case=case))
    assert refused_by(LAB, Action.READ_REPORT, Brought(own=False)) is Gate.SITE_ROLE


def test_red_is_for_persons_named_one_by_one() -> None:
    case = replace(OPEN, tlp=Tlp.RED)
    assert can(LAB, Action.READ_CASE, with_seat(case, party="p1", named=True))
    assert refused_by(LAB, Action.READ_CASE, with_seat(case, party="p1")) is Gate.TLP
    assert refused_by(LAB, Action.SEE_CASE, with_seat(case, party="lab", named=True)) is Gate.TLP


@pytest.mark.parametrize("role", list(CaseRole))
def test_who_only_deploys_or_observes_gets_the_summary_until_publication(role: CaseRole) -> None:
    case = with_seat(roles=frozenset({role}))
    proof = Brought(own=False, case=case, origin="a")
    summary_only = role in {CaseRole.DEPLOYER, CaseRole.OBSERVER, CaseRole.CNA}
    assert can(LAB, Action.READ_CASE, case)
    assert refused_by(LAB, Action.READ_PROOF, proof) is (Gate.FIELD if summary_only else None)
    published = replace(proof, case=replace(case, published=True), published=True)
    assert can(LAB, Action.READ_PROOF, published)
    assert can(LAB, Action.READ_PROOF, replace(published, published=False)) is not summary_only


def test_publication_opens_what_the_case_had_then_and_not_what_joins_it_later() -> None:
    case = CaseFacts(published=True, embargo=Embargo.NONE, tlp=Tlp.CLEAR)
    taken_along, late = (Brought(own=False, case=case, origin="a", published=it) for it in (True, False))
    account = Actor("somebody", "s", frozenset({"s"}))
    for asks in (PUBLIC, account):
        assert can(asks, Action.READ_CASE, taken_along)
        assert can(asks, Action.READ_CLAIMS, taken_along)
        for action in (Action.READ_CASE, Action.READ_CLAIMS):
            assert not can(asks, action, late)
    mine = replace(late, own=True)
    assert can(account, Action.READ_CLAIMS, mine)
    assert can(account, Action.READ_REPORT, mine)


@pytest.mark.parametrize("role", list(CaseRole))
def test_a_case_s_journal_is_for_its_owner_and_manager(role: CaseRole) -> None:
    case = with_seat(roles=frozenset({role}))
    assert can(LAB, Action.READ_JOURNAL, case) is (role in {CaseRole.OWNER, CaseRole.MANAGER})


def test_the_rights_of_two_parties_of_one_person_do_not_add_up() -> None:
    case = replace(
        OPEN,
        embargo=Embargo.ACTIVE,
        seats=(
            Seat("lab", frozenset({CaseRole.VENDOR}), Consent.INVITED),
            Seat("p1", frozenset({CaseRole.OBSERVER}), Consent.SIGNATORY, covers=frozenset({"a"})),
        ),
    )
    assert can(LAB, Action.READ_CASE, case)
    assert refused_by(LAB, Action.READ_PROOF, Brought(own=False, case=case, origin="a")) is Gate.FIELD


def test_a_token_asks_as_the_public_for_what_its_scopes_leave_out() -> None:
    reads = replace(LAB, scopes=frozenset({Scope.REPORTS_READ}))
    case = with_seat()
    assert can(reads, Action.READ_REPORT, Brought(own=True))
    assert not can(reads, Action.READ_CASE, case)
    assert can(reads, Action.READ_CASE, replace(case, published=True, tlp=Tlp.CLEAR))
    coordinator = replace(LOCAL, scopes=frozenset({Scope.CASES_READ}))
    assert can(coordinator, Action.READ_CASE, case)
    assert not [action for action in WRITES if can(coordinator, action, case)]


def test_every_action_has_its_rule_and_no_rule_opens_more_than_it_names() -> None:
    assert set(RULES) == set(Action)
    assert [action for action in Action if RULES[action].anyone] == [Action.SUBMIT_REPORT]
    for action, rule in RULES.items():
        assert not rule.site & {SiteRole.ADMIN, SiteRole.EVALUATOR, SiteRole.PROVER}, action
