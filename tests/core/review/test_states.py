"""Random walks through a review, and what no walk may ever reach."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearinghouse.core.errors import Conflict, InvalidInput
from clearinghouse.core.review.guards import CARD_FIELDS, Access, Situation, check, missing, two_people
from clearinghouse.core.review.states import REVIEW, ReviewState, ReviewStep, at_close
from clearinghouse.core.review.window import LONGEST, Planned, Window, moved, shortened, window, working_days

NOW = datetime(2026, 6, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
ENDS = {ReviewState.DECLINED, ReviewState.WITHDRAWN, ReviewState.EXPIRED, ReviewState.SUPERSEDED}
HEX = "a" * 64
READY = Situation(
    state=ReviewState.SUBMITTED,
    model="Model",
    card=frozenset(CARD_FIELDS),
    planned=Planned(public=NOW + 20 * DAY),
    terms=HEX,
    terms_now=HEX,
    has_credential=True,
    access_tested=True,
    budget=True,
    window=Window(NOW, NOW + 20 * DAY),
    plan=HEX,
    report=HEX,
    commented=True,
    lead="lead",
    second="second",
    agreed=frozenset({"lead", "second"}),
)
instants = st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
plans = st.builds(Planned, partners=st.none() | instants, public=st.none() | instants)


@given(st.lists(st.sampled_from(list(ReviewStep)), max_size=30))
def test_whatever_is_tried_a_review_stays_in_its_table_and_what_ended_stays_ended(tried: list[ReviewStep]) -> None:
    state, opened = ReviewState.DRAFT, False
    for step in tried:
        if not REVIEW.allows(state, step):
            with pytest.raises(Conflict, match="the review is"):
                REVIEW.after(state, step)
            continue
        assert state not in ENDS
        before, state = state, REVIEW.after(state, step)
        opened = opened or state is ReviewState.WINDOW_OPEN
        if state.accessible:
            assert opened, "the model is asked only in a window that was opened"
        if state is ReviewState.FINAL:
            assert before is ReviewState.DEVELOPER_COMMENT
        if step is ReviewStep.WITHDRAW:
            assert before is not ReviewState.FINAL
    assert not (state.accessible and at_close(state) is None)


def test_it_can_be_withdrawn_from_any_state_before_final_and_from_no_other() -> None:
    for state in ReviewState:
        before_final = state not in ENDS | {ReviewState.FINAL}
        assert REVIEW.allows(state, ReviewStep.WITHDRAW) is before_final
        assert REVIEW.allows(state, ReviewStep.EXPIRE) is before_final
        assert state.over is not before_final
        if (step := at_close(state)) is not None:
            assert not REVIEW.after(state, step).accessible
    assert {state for state in ReviewState if state.destroys} == ENDS - {ReviewState.SUPERSEDED}
    assert REVIEW.states() == frozenset(ReviewState)


def test_no_word_of_a_review_says_that_a_model_may_or_may_not_be_released() -> None:
    words = " ".join([*ReviewState, *ReviewStep]).lower()
    assert not any(word in words for word in ("approv", "block", "permit", "clear", "licen", "allow", "forbid"))


@given(opens=instants, planned=plans)
def test_the_window_closes_at_the_earliest_of_thirty_days_and_both_releases(opens: datetime, planned: Planned) -> None:
    latest = [opens + LONGEST, *(date for date in (planned.partners, planned.public) if date)]
    if min(latest) <= opens:
        with pytest.raises(InvalidInput, match="would open"):
            window(opens, planned)
        return
    made = window(opens, planned)
    assert made.closes == min(latest)
    assert made.holds(opens)
    assert not made.holds(made.closes)


@given(opens=instants, changes=st.lists(plans | instants, max_size=8))
def test_nothing_ever_sets_the_end_later(opens: datetime, changes: list[Planned | datetime]) -> None:
    now = window(opens, Planned())
    for change in changes:
        if isinstance(change, Planned):
            after = moved(now, change)
        elif change > now.closes:
            with pytest.raises(Conflict, match="not as late"):
                shortened(now, change)
            continue
        else:
            after = shortened(now, change)
        assert after.opens == now.opens <= after.closes <= now.closes
        now = after


def test_working_days_skip_the_weekend() -> None:
    friday = datetime(2026, 6, 5, 17, tzinfo=UTC)
    assert working_days(friday, 0) == friday
    assert working_days(friday, 1) == friday + 3 * DAY
    assert working_days(friday + DAY, 1) == friday + 3 * DAY
    assert working_days(friday, 5) == friday + 7 * DAY


@given(start=instants, days=st.integers(0, 30))
def test_working_days_end_on_one_and_are_as_many_as_asked(start: datetime, days: int) -> None:
    end = working_days(start, days)
    between = (start + n * DAY for n in range(1, (end - start).days + 1))
    assert sum(day.weekday() < 5 for day in between) == days


@pytest.mark.parametrize(
    ("step", "change", "words"),
    [
        (ReviewStep.SUBMIT, {"card": frozenset()}, "knowledge cutoff"),
        (ReviewStep.SUBMIT, {"model": ""}, "the model's name"),
        (ReviewStep.SUBMIT, {"terms": ""}, "the terms, accepted"),
        (ReviewStep.SUBMIT, {"terms_now": "b" * 64}, "as they are now"),
        (ReviewStep.SUBMIT, {"planned": Planned()}, "a planned release"),
        (ReviewStep.SUBMIT, {"planned": Planned(partners=NOW)}, "not happened yet"),
        (ReviewStep.ACCEPT, {"second": "lead"}, "a second person"),
        (ReviewStep.ACCEPT, {"lead": None}, "a lead"),
        (ReviewStep.ACCEPT, {"window": None}, "window opens"),
        (ReviewStep.ACCEPT, {"window": Window(NOW - DAY, NOW)}, "not over"),
        (ReviewStep.ACCEPT, {"budget": False}, "a budget"),
        (ReviewStep.ACCEPT, {"access_tested": False}, "a test of the access"),
        (ReviewStep.ACCEPT, {"has_credential": False}, "credential"),
        (ReviewStep.OPEN, {"window": Window(NOW + DAY, NOW + 2 * DAY)}, "the window's time"),
        (ReviewStep.START, {"plan": ""}, "signed before the first sample"),
        (ReviewStep.START, {"window": Window(NOW - DAY, NOW)}, "the window's time"),
        (ReviewStep.RESUME, {"has_credential": False}, "credential"),
        (ReviewStep.SHARE, {"report": ""}, "a report"),
        (ReviewStep.FINALISE, {"commented": False}, "the developer's comment"),
        (ReviewStep.FINALISE, {"commented": False, "due": NOW + DAY}, "the developer's comment"),
        (ReviewStep.FINALISE, {"agreed": frozenset({"lead"})}, "the yes of the lead and of the second"),
    ],
)
def test_a_step_waits_for_what_is_missing_and_says_so(step: ReviewStep, change: dict[str, object], words: str) -> None:
    from dataclasses import replace  # noqa: PLC0415

    check(step, READY, NOW)
    assert not missing(step, READY, NOW)
    with pytest.raises(Conflict, match=words):
        check(step, replace(READY, **change), NOW)  # type: ignore[arg-type]


def test_weights_need_no_credential_silence_lets_a_report_be_final_and_one_person_is_never_two() -> None:
    from dataclasses import replace  # noqa: PLC0415

    check(ReviewStep.ACCEPT, replace(READY, access=Access.WEIGHTS, has_credential=False), NOW)
    check(ReviewStep.FINALISE, replace(READY, commented=False, due=NOW), NOW)
    assert not two_people(replace(READY, second="lead"))
    assert not two_people(replace(READY, second=None))
