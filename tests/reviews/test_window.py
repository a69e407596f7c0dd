"""From submission to the end of the window: two people, one end, and the database says so too."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from django.db import DatabaseError, connection, transaction

from clearinghouse.adapters.runs import LocalRuns, control_of
from clearinghouse.core.errors import Conflict, NotFound, Refused
from clearinghouse.core.review.seats import ReviewRole
from clearinghouse.core.review.states import ReviewState
from clearinghouse.core.review.window import LONGEST, Planned
from clearinghouse.core.visibility import LOCAL
from clearinghouse.journal import queries as journal
from clearinghouse.reviews import services
from clearinghouse.reviews.models import Credential, Evaluation, Review
from tests.reviews.factories import BUDGET, DAY, HEX, NOW, table

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.django_db


def test_a_submission_is_accepted_by_two_people_who_said_yes_to_the_same_thing() -> None:
    made = table().submitted()
    ada, ben = made.people["ada"], made.people["ben"]
    with pytest.raises(Conflict, match="a budget; a test of the access"):
        services.accept(made.key, actor=ada, at=NOW, opens=NOW)
    assert made.review.opens_at is None, "what fails leaves nothing behind"
    assert services.accept(made.key, actor=ada, at=NOW, opens=NOW, budget=BUDGET, access_tested=True) == "submitted"
    assert services.accept(made.key, actor=ada, at=NOW) == "submitted", "one person twice is no second"
    with pytest.raises(Refused, match="only the lead"):
        services.accept(made.key, actor=ben, at=NOW, budget={"tokens": 9})
    with pytest.raises(NotFound):
        services.accept(made.key, actor=made.people["eve"], at=NOW)
    assert services.accept(made.key, actor=ada, at=NOW, budget={"tokens": 5}) == "submitted"
    assert services.accept(made.key, actor=ben, at=NOW) == "accepted"
    assert made.review.closes_at == NOW + LONGEST
    assert made.kinds().count("yes to accept") == 3, "the changed budget asked the lead again"
    assert journal.verify().broken is None


def test_a_yes_to_what_changed_meanwhile_does_not_count() -> None:
    made = table().submitted()
    ada, ben = made.people["ada"], made.people["ben"]
    services.accept(made.key, actor=ada, at=NOW, opens=NOW, budget=BUDGET, access_tested=True)
    services.plan_release(made.key, Planned(partners=NOW + 5 * DAY), actor=made.people["dev"], at=NOW)
    assert services.accept(made.key, actor=ben, at=NOW) == "submitted", "the lead agreed to another window"
    assert services.accept(made.key, actor=ada, at=NOW) == "accepted"
    assert made.review.closes_at == NOW + 5 * DAY


def test_seats_of_the_house_are_for_evaluators_who_do_not_belong_to_the_submitter() -> None:
    made = table().offered()
    with pytest.raises(Refused, match="no evaluator"):
        services.appoint(made.key, "cora", ReviewRole.LEAD, actor=LOCAL, at=NOW)
    from clearinghouse.registry.models import Membership, Organisation, Person  # noqa: PLC0415

    lab, ada = Organisation.objects.get(party__handle="model-lab"), Person.objects.get(party__handle="ada")
    Membership.objects.create(person=ada, organisation=lab, role="member", since=NOW)
    with pytest.raises(Refused, match="belongs to the submitter"):
        services.appoint(made.key, "ada", ReviewRole.LEAD, actor=LOCAL, at=NOW)
    services.appoint(made.key, "ben", ReviewRole.LEAD, actor=LOCAL, at=NOW)
    with pytest.raises(Conflict, match="one seat"):
        services.appoint(made.key, "ben", ReviewRole.SECOND, actor=LOCAL, at=NOW)
    with pytest.raises(NotFound):
        services.appoint(made.key, "eve", ReviewRole.EVALUATOR, actor=made.people["dev"], at=NOW)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE reviews_review SET opens_at = '2026-06-01 09:00:00', closes_at = '2026-07-01 09:00:00.000001'",
        "UPDATE reviews_review SET closes_at = '2026-06-11 09:00:01'",
        "UPDATE reviews_review SET partners_at = '2026-06-05 09:00:00'",
        "UPDATE reviews_review SET public_at = '2026-06-05 09:00:00'",
        "UPDATE reviews_review SET closes_at = NULL",
        "UPDATE reviews_review SET opens_at = '2026-06-02 09:00:00'",
        "UPDATE reviews_review SET accepted_second_id = accepted_lead_id",
        "UPDATE reviews_review SET state = 'final'",
        "UPDATE reviews_credential SET revoked_at = '2026-06-05 09:00:00'",
    ],
)
def test_the_database_itself_keeps_the_window_the_two_people_and_what_was_revoked(statement: str) -> None:
    made = table().accepted(partners=NOW + 10 * DAY, public=NOW + 20 * DAY)
    assert made.review.closes_at == NOW + 10 * DAY
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_exactly_thirty_days_are_possible_and_a_microsecond_more_is_not() -> None:
    made = table().submitted()
    rows = Review.objects.filter(key=made.key)
    opens = NOW.replace(microsecond=999_999)
    rows.update(opens_at=opens, closes_at=opens + LONGEST)
    with pytest.raises(DatabaseError), transaction.atomic():
        rows.update(closes_at=opens + LONGEST + DAY / 86_400_000_000)


def test_the_window_opens_and_closes_by_the_clock_once_and_a_later_release_changes_nothing() -> None:
    made = table().accepted(partners=NOW + 10 * DAY)
    assert made.strike() == (f"review {made.key}: window opened",)
    services.plan_release(made.key, Planned(partners=NOW + 50 * DAY), actor=made.people["dev"], at=made.at)
    assert made.review.closes_at == NOW + 10 * DAY
    services.plan_release(made.key, Planned(partners=NOW + 4 * DAY), actor=made.people["dev"], at=made.at)
    evaluation = services.start(made.key, "open", HEX, actor=made.people["eve"], at=made.later(3.999))
    assert made.strike() == ()
    made.later(0.001)
    with pytest.raises(Conflict, match="the window's time"):
        services.start(made.key, "open", HEX, actor=made.people["eve"], at=made.at)
    assert made.strike() == (f"review {made.key}: window closed",)
    assert made.strike() == ()
    assert (made.state, Evaluation.objects.get(key=evaluation).state) == (ReviewState.ANALYSIS, "cancelled")
    assert Credential.objects.get().sealed is None
    assert made.kinds().count("access ended") == 1


def test_a_window_in_which_nothing_was_measured_expires_and_a_submission_expires_with_the_release() -> None:
    made = table().accepted()
    made.later(31)
    assert made.strike() == (f"review {made.key}: expired",)
    assert (made.review.model, made.review.wrapped_key) == ("", None)
    made.offered(public=made.at + DAY)
    made.later(1)
    assert made.strike() == (f"review {made.key}: expired",)
    assert made.state is ReviewState.EXPIRED


def test_what_waits_is_reminded_of_once_after_five_working_days() -> None:
    made = table().submitted()
    assert (made.later(6), made.strike())[1] == ()
    assert (made.later(1), made.strike())[1] == (f"review {made.key}: submitted for 5 working days",)
    assert made.strike() == ()
    assert made.kinds().count("reminder") == 1


def test_a_report_that_never_comes_lets_the_review_expire_ninety_days_after_access_ended() -> None:
    made = table()
    made.shared()
    assert (made.later(89), made.strike())[1] == ()
    assert (made.later(1), made.strike())[1] == (f"review {made.key}: expired",)


def test_pause_and_resume_and_no_more_than_one_end_of_access() -> None:
    made = table()
    evaluation = made.running()
    eve = made.people["eve"]
    services.pause(made.key, actor=eve, at=made.at)
    assert Evaluation.objects.get(key=evaluation).state == "paused"
    with pytest.raises(Conflict, match='"paused"'):
        services.start(made.key, "open", HEX, actor=eve, at=made.at)
    services.resume(made.key, actor=eve, at=made.at)
    services.finish(evaluation, actor=eve, at=made.at)
    services.close(made.key, actor=made.people["ada"], at=made.at)
    assert Evaluation.objects.get(key=evaluation).state == "finished"
    assert (made.later(40), made.strike())[1] == ()
    assert made.kinds().count("access ended") == 1


def test_the_process_of_a_cancelled_evaluation_is_ended_and_a_stranger_with_its_number_is_not(tmp_path: Path) -> None:
    made = table()
    evaluation = made.running()
    running = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    try:
        control = control_of(running.pid)
        services.note_control(evaluation, control, actor=made.people["eve"], at=made.at)
        for wrong in ({"started": 1}, {"boot": "another"}):
            assert LocalRuns().stop({**control, **wrong})
        assert not LocalRuns().stop({**control, "host": "elsewhere"})
        assert running.poll() is None
        made.later(31)
        made.strike()
        assert made.effect(tmp_path) == (f"evaluation {evaluation}: stopped",)
        assert running.wait(timeout=10) != 0
        assert made.effect(tmp_path) == ()
    finally:
        running.kill()
        running.wait()
