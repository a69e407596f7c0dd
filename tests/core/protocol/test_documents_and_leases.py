"""Patches, advisories and leases: the rules beside their tables. And the events' names."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from clearinghouse.core.errors import Conflict, InvalidInput, Refused
from clearinghouse.core.protocol.advisory import ADVISORY, AdvisoryState, AdvisoryStep, approved, published
from clearinghouse.core.protocol.case_facts import Fact
from clearinghouse.core.protocol.embargo import EMBARGO, Embargo, EmbargoStep
from clearinghouse.core.protocol.events import FACT_EVENTS, MANAGEMENT_EVENTS, STANDS_FOR, Event, embargo_event
from clearinghouse.core.protocol.lease import LeaseState, is_expired, lease_end
from clearinghouse.core.protocol.patch import PatchCheck, PatchState, checked
from clearinghouse.core.protocol.report_management import ManagementStep

NOW = datetime(2026, 11, 23, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_a_patch_is_checked_off_only_when_the_proof_was_red_is_green_and_the_suite_is_green() -> None:
    assert checked(PatchState.PROPOSED, PatchCheck(True, True, True)) is PatchState.CHECKED
    with pytest.raises(Conflict, match="still shows its effect with the patch; the target's own tests fail"):
        checked(PatchState.PROPOSED, PatchCheck(True, False, False))
    with pytest.raises(Conflict, match="no effect without the patch"):
        checked(PatchState.PROPOSED, PatchCheck(False, True, True))


def test_nobody_approves_an_advisory_of_their_own() -> None:
    assert approved(AdvisoryState.REVIEW, "ann", ["bob"]) is AdvisoryState.APPROVED
    with pytest.raises(Refused, match="ann wrote this advisory"):
        approved(AdvisoryState.REVIEW, "ann", ["bob", "ann"])


def test_nothing_reaches_publication_without_an_approval() -> None:
    without = {pair: to for pair, to in ADVISORY.table.items() if pair[1] is not AdvisoryStep.APPROVE}
    reached, found = set(), {AdvisoryState.DRAFT}
    while found - reached:
        reached |= found
        found = {to for (state, _), to in without.items() if state in reached}
    assert not any(state.public for state in reached)


@pytest.mark.parametrize("embargo", list(Embargo))
def test_an_advisory_waits_for_the_end_of_the_embargo(embargo: Embargo) -> None:
    if embargo.in_force:
        with pytest.raises(Conflict, match="embargo is in force"):
            published(AdvisoryState.SCHEDULED, embargo)
    else:
        assert published(AdvisoryState.SCHEDULED, embargo) is AdvisoryState.PUBLISHED


def test_a_lease_ends_after_a_week_at_most_after_thirty_days() -> None:
    assert lease_end(NOW) == NOW + timedelta(days=7)
    for length in (timedelta(), timedelta(days=31)):
        with pytest.raises(InvalidInput, match="at most 30 days"):
            lease_end(NOW, length)


@pytest.mark.parametrize(
    ("state", "silent", "left", "expired"),
    [
        (LeaseState.ACTIVE, 47 * HOUR, HOUR, False),
        (LeaseState.ACTIVE, 48 * HOUR, HOUR, True),
        (LeaseState.GRANTED, 48 * HOUR, HOUR, True),
        (LeaseState.ACTIVE, HOUR, timedelta(), True),
        (LeaseState.RELEASED, 99 * HOUR, timedelta(), False),
    ],
)
def test_two_missing_heartbeats_or_its_end_expire_a_live_lease(
    state: LeaseState, silent: timedelta, left: timedelta, expired: bool
) -> None:
    assert is_expired(state, NOW - silent, NOW + left, NOW) is expired


def test_every_event_stands_for_one_step_or_fact_and_every_step_and_fact_has_an_event() -> None:
    assert set(STANDS_FOR) == set(Event)
    assert set(MANAGEMENT_EVENTS) == set(ManagementStep)
    assert set(FACT_EVENTS) == set(Fact)
    assert all(str(event).split()[0] == event.name for event in Event)


def test_every_step_of_the_embargo_table_is_journalled_and_a_revision_has_names_of_its_own() -> None:
    named = {(state, step): embargo_event(state, step) for state, step in EMBARGO.table}
    for (_, step), event in named.items():
        assert STANDS_FOR[event] is step
    assert {event.name for (state, _), event in named.items() if state.in_force} == {"EV", "EC", "EJ", "ET"}
    assert {event.name for (state, _), event in named.items() if not state.in_force} == {"EP", "EA", "ER"}
    with pytest.raises(Conflict, match="nothing follows"):
        embargo_event(Embargo.EXITED, EmbargoStep.PROPOSE)
