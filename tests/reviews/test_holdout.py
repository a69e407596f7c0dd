"""Holdout tasks are chosen with consent, spent once for each developer, and told to nobody outside the house."""

from __future__ import annotations

import json

import pytest

from clearinghouse.cases import services as cases
from clearinghouse.core.errors import Conflict, NotFound, Refused
from clearinghouse.core.review.guards import Access
from clearinghouse.core.review.use import ReviewUse
from clearinghouse.core.roles import CaseRole
from clearinghouse.core.visibility import LOCAL
from clearinghouse.journal import queries as journal
from clearinghouse.registry.models import Membership, Organisation, Party, Person
from clearinghouse.reviews import services
from clearinghouse.reviews.holdout import holdout, recalled
from clearinghouse.reviews.models import Burn, Evaluation, Review
from tests.registry.factories import organisation, person
from tests.reviews.factories import DAY, NOW, Table
from tests.reviews.holdouts import FIXED, FRESH, UNFIXED, VENDOR, kept, opened, picked, start, submitted, three

pytestmark = pytest.mark.django_db


def packages(made: Table) -> list[str]:
    from clearinghouse.cases.models import Case  # noqa: PLC0415

    by_key = {case.key: case.package for case in Case.objects.all()}
    return [by_key[one.case] for one in picked(made)]


def reach(made: Table, access: Access) -> None:
    Review.objects.filter(key=made.key).update(access=access)


def test_cases_are_taken_in_the_order_of_preference_and_only_as_people_and_the_access_let_them() -> None:
    house = three()
    made = submitted()
    assert packages(made) == [FRESH, FIXED]
    reach(made, Access.WEIGHTS)
    assert packages(made) == [FRESH, FIXED, UNFIXED]
    reach(made, Access.SELF_OPERATED)
    assert packages(made) == []
    reach(made, Access.ENDPOINT)
    name = house.of(FIXED).public_id
    for party in (None, VENDOR):
        for use in (ReviewUse.NO, ReviewUse.WEIGHTS):
            cases.answer_review_use(name, use, actor=LOCAL, at=made.at, party=party)
            assert packages(made) == [FRESH], "taken back, or not meant for a developer's server"
        cases.answer_review_use(name, ReviewUse.ENDPOINT, actor=LOCAL, at=made.at, party=party)
        assert packages(made) == [FRESH, FIXED]
    with pytest.raises(NotFound):
        services.pick_holdout(made.key, actor=made.people["dev"], at=made.at)


def test_what_the_submitter_takes_part_in_or_one_of_its_people_is_not_taken() -> None:
    house = three()
    made = submitted()
    cases.invite(house.of(FIXED).public_id, "model-lab", [CaseRole.OBSERVER], actor=LOCAL, at=made.at)
    assert packages(made) == [FRESH], "already an invitation tells of the case"
    other = submitted(made)
    somebody = person("Moonlighter", of=organisation("Elsewhere"))
    Membership.objects.create(
        person=somebody, organisation=Organisation.objects.get(party__handle="model-lab"), role="member", since=NOW
    )
    cases.invite(house.of(FRESH).public_id, "elsewhere", [CaseRole.OBSERVER], actor=LOCAL, at=made.at)
    assert packages(other) == [], "what its people know for others it may know"
    assert Person.objects.filter(party=Party.objects.get(handle="moonlighter")).exists()


def test_a_start_spends_the_tasks_for_the_developer_whatever_the_review_and_for_nobody_else() -> None:
    house = three()
    made = submitted()
    digest = kept(made)
    assert Burn.objects.count() == 0
    assert [
        (one.name, int(one.preference), one.spent_at) for one in holdout(made.key, actor=made.people["eve"]) or ()
    ] == [
        ("holdout-1", 1, None),
        ("holdout-2", 2, None),
    ]
    for name in ("dev", "agency", "coordinator", "other"):
        assert holdout(made.key, actor=made.people[name]) is None, "why a task was taken is for who runs the review"
    opened(made)
    evaluation = start(made, digest)
    assert Burn.objects.filter(evaluation__key=evaluation).count() == 2
    with pytest.raises(Conflict, match="shown to a model of this submitter before"):
        start(made, digest)
    row, name = Evaluation.objects.get(key=evaluation), house.of(FIXED).public_id
    assert recalled(row) == ()
    cases.answer_review_use(name, ReviewUse.WEIGHTS, actor=LOCAL, at=made.at, party=VENDOR)
    assert recalled(row) == ("holdout-2",), "what is public is recalled by nobody"
    cases.answer_review_use(name, ReviewUse.ENDPOINT, actor=LOCAL, at=made.at, party=VENDOR)
    again = submitted(made)
    assert packages(again) == []
    with pytest.raises(Refused, match="not made for this review"):
        start(opened(again), digest)
    with pytest.raises(Refused, match="not made for this review"):
        services.start(again.key, "own", "cd" * 32, actor=again.people["eve"], at=again.at, holdout=True)
    assert "shown in a model review" in [one.kind for one in journal.entries(f"case/{name}")]
    other = services.open_review("other-lab", model="Other", actor=made.people["other"], at=made.at)
    Review.objects.filter(key=other).update(state="submitted", card={"knowledge_cutoff": "2026-01"})
    services.appoint(other, "ada", "lead", actor=LOCAL, at=made.at)  # type: ignore[arg-type]
    assert len(services.pick_holdout(other, actor=made.people["ada"], at=made.at)[0]) == 2


def test_what_changed_since_the_choice_stops_the_start_and_names_the_task_alone() -> None:
    house = three()
    made = submitted()
    digest = kept(made)
    opened(made)
    name = house.of(FIXED).public_id
    cases.answer_review_use(name, ReviewUse.NO, actor=LOCAL, at=made.at, party=VENDOR)
    with pytest.raises(Conflict, match="holdout-2: it is not public, and nobody lets it be used for this") as caught:
        start(made, digest)
    assert FIXED not in str(caught.value)
    cases.answer_review_use(name, ReviewUse.ENDPOINT, actor=LOCAL, at=made.at, party=VENDOR)
    cases.invite(name, "model-lab", [CaseRole.OBSERVER], actor=LOCAL, at=made.at)
    with pytest.raises(Conflict, match="holdout-2: the submitter takes part"):
        start(made, digest)
    house.of(FIXED).participants.filter(party__handle="model-lab").delete()
    house.house.clock.at = made.at
    house.publish(house.of(FIXED))
    made.later(25)
    assert packages(made) == [FIXED], "public by now; the other one is so for more than 30 days"
    with pytest.raises(Conflict, match="holdout-1: it has been public for more than 30 days"):
        start(made, digest)
    assert Burn.objects.count() == 0
    assert not made.review.evaluations.exists()


def test_a_draft_that_tells_of_a_case_under_embargo_is_refused_and_the_error_says_no_word_of_it() -> None:
    house = three()
    made = submitted()
    digest = kept(made)
    opened(made)
    start(made, digest)
    services.close(made.key, actor=made.people["ada"], at=made.at + DAY)
    case = house.of(FIXED)
    for word in (case.key, case.public_id, case.package, case.title):
        report = json.dumps({"figures": [{"note": f"as in {word.upper()}!"}]}).encode()
        with pytest.raises(Refused, match="holds words of holdout-2") as caught:
            services.draft(made.key, report, actor=made.people["ada"], at=made.at + DAY)
        assert word not in str(caught.value)
    plain = json.dumps({"figures": [FRESH, "holdout-2", digest]}).encode()
    assert services.draft(made.key, plain, actor=made.people["ada"], at=made.at + DAY)
