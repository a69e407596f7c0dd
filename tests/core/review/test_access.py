"""Who may do what in a review: seats of the house are for evaluators in person, and what comes late is late."""

from __future__ import annotations

import pytest

from clearinghouse.core.review.seats import OF_THE_HOUSE, ReviewFacts, ReviewRole, ReviewSeat
from clearinghouse.core.review.states import ReviewState
from clearinghouse.core.roles import Scope, SiteRole
from clearinghouse.core.visibility import LOCAL, OF_REVIEWS, PUBLIC, Action, Actor, Gate, can, refused_by


def facts(state: ReviewState = ReviewState.RUNNING) -> ReviewFacts:
    return ReviewFacts(state, tuple(ReviewSeat(role, role) for role in ReviewRole))


def holder(role: ReviewRole, *site: SiteRole) -> Actor:
    """Whoever has the seat of that role, as a person, with the site role that it takes."""
    needed = {SiteRole.EVALUATOR} if role in OF_THE_HOUSE else set()
    return Actor(role, person=role, parties=frozenset({role}), roles=frozenset({*needed, *site}))


def test_to_the_public_and_to_people_without_a_seat_no_review_exists() -> None:
    for state in ReviewState:
        for action in OF_REVIEWS:
            assert refused_by(PUBLIC, action, facts(state)) is Gate.PARTICIPATION
            others = [role for role in SiteRole if role is not SiteRole.COORDINATOR]
            for role in others:
                stranger = Actor("s", person="s", parties=frozenset({"s"}), roles=frozenset({role}))
                assert not can(stranger, action, facts(state)), (role, action)


def test_a_coordinator_appoints_and_reads_neither_submission_nor_samples() -> None:
    may = {action for action in OF_REVIEWS if can(LOCAL, action, facts())}
    assert may == {Action.SEE_REVIEW, Action.APPOINT, Action.READ_REVIEW_JOURNAL, Action.READ_RECEIPT}


@pytest.mark.parametrize("role", sorted(OF_THE_HOUSE))
def test_a_seat_of_the_house_counts_in_person_and_with_the_site_role_only(role: ReviewRole) -> None:
    assert can(holder(role), Action.READ_SAMPLES, facts())
    bare = Actor(role, person=role, parties=frozenset({role}))
    assert refused_by(bare, Action.SEE_REVIEW, facts()) is Gate.PARTICIPATION
    through_organisation = Actor("x", person="x", parties=frozenset({"x", role}), roles=frozenset({SiteRole.EVALUATOR}))
    assert refused_by(through_organisation, Action.SEE_REVIEW, facts()) is Gate.PARTICIPATION


def test_the_submitter_sees_the_draft_once_it_was_shared_and_never_a_sample() -> None:
    submitter = holder(ReviewRole.SUBMITTER, SiteRole.EVALUATOR)
    for state in ReviewState:
        shared = state in {ReviewState.DEVELOPER_COMMENT, ReviewState.FINAL, ReviewState.SUPERSEDED}
        assert can(submitter, Action.READ_DRAFT, facts(state)) is shared
        assert not can(submitter, Action.READ_SAMPLES, facts(state))
        assert not can(submitter, Action.RUN_EVALUATION, facts(state))
        assert can(submitter, Action.OFFER_MODEL, facts(state))


def test_an_observer_sees_that_it_is_there_and_the_final_report() -> None:
    observer = holder(ReviewRole.OBSERVER)
    for state in ReviewState:
        may = {action for action in OF_REVIEWS if can(observer, action, facts(state))}
        final = {Action.READ_REVIEW_REPORT} if state in {ReviewState.FINAL, ReviewState.SUPERSEDED} else set()
        assert may == {Action.SEE_REVIEW, *final}


def test_the_lead_leads_the_second_decides_and_neither_offers_a_model() -> None:
    lead, second, evaluator = (holder(role) for role in (ReviewRole.LEAD, ReviewRole.SECOND, ReviewRole.EVALUATOR))
    assert can(lead, Action.LEAD_REVIEW, facts())
    assert can(lead, Action.DECIDE_REVIEW, facts())
    assert can(second, Action.DECIDE_REVIEW, facts())
    assert not can(second, Action.LEAD_REVIEW, facts())
    assert can(evaluator, Action.RUN_EVALUATION, facts())
    assert not can(evaluator, Action.DECIDE_REVIEW, facts())
    assert not any(can(one, Action.OFFER_MODEL, facts()) for one in (lead, second, evaluator))


def test_a_token_without_the_scope_asks_as_the_public() -> None:
    lead = holder(ReviewRole.LEAD)
    reading = Actor(
        "t", person=lead.person, parties=lead.parties, roles=lead.roles, scopes=frozenset({Scope.REVIEWS_READ})
    )
    assert can(reading, Action.SEE_REVIEW, facts())
    assert not can(reading, Action.LEAD_REVIEW, facts())
