"""Tasks for model reviews are made of a case only when everybody who must has said so, and nobody said no."""

from __future__ import annotations

import json
import sys

import pytest

from clearinghouse.cases import services
from clearinghouse.cases.review_use import usable
from clearinghouse.cli.main import main
from clearinghouse.core.errors import NotFound
from clearinghouse.core.review.use import ReviewUse, Voice, granted, lacking
from clearinghouse.core.roles import CaseRole
from clearinghouse.core.visibility import LOCAL
from clearinghouse.registry.models import Party
from tests.api.factories import Program, lab, token
from tests.api.test_taking_part import coordinator
from tests.cases.factories import LAB, OTHER, VENDOR, Table, table
from tests.proofs.factories import Sketch
from tests.web.factories import local, text

NO, WEIGHTS, ENDPOINT = ReviewUse
HOUSE = Voice(name="clearinghouse", house=True, answer=ENDPOINT)


@pytest.mark.parametrize(
    ("voices", "use", "missing"),
    [
        ([HOUSE], NO, ("a vendor that takes part",)),
        ([HOUSE, Voice(name="v", vendor=True)], NO, ("the answer of v",)),
        ([HOUSE, Voice(name="v", vendor=True, answer=WEIGHTS)], WEIGHTS, ()),
        ([HOUSE, Voice(name="v", vendor=True, answer=ENDPOINT), Voice(name="f")], ENDPOINT, ()),
        ([HOUSE, Voice(name="v", vendor=True, answer=ENDPOINT), Voice(name="f", answer=NO)], NO, ()),
        ([HOUSE, Voice(name="v", vendor=True, answer=ENDPOINT), Voice(name="f", answer=WEIGHTS)], WEIGHTS, ()),
        ([Voice(name="h", house=True), Voice(name="v", vendor=True, answer=ENDPOINT)], NO, ("the answer of h",)),
        (
            [HOUSE, Voice(name="v", vendor=True, answer=ENDPOINT), Voice(name="w", vendor=True)],
            NO,
            ("the answer of w",),
        ),
    ],
)
def test_silence_is_no_yes_and_the_narrowest_answer_holds(
    voices: list[Voice], use: ReviewUse, missing: tuple[str, ...]
) -> None:
    assert (granted(voices), lacking(voices)) == (use, missing)


def said(made: Table, use: ReviewUse, handle: str | None = None) -> ReviewUse:
    actor = made.people[handle] if handle else LOCAL
    return services.answer_review_use(made.case.key, use, actor=actor, at=made.now, because="we trust it")


def uses(made: Table) -> tuple[ReviewUse, int]:
    use, places = usable(made.case)
    return use, places.count()


@pytest.mark.django_db
def test_the_house_and_the_vendors_agree_and_whoever_reads_the_proof_may_object() -> None:
    made = table()
    made.hold()
    made.sign(LAB)
    assert uses(made) == (NO, 0)
    assert said(made, ENDPOINT) is NO
    made.invite(VENDOR)
    with pytest.raises(NotFound):
        said(made, ENDPOINT, VENDOR)  # before it signed it knows nothing of the case
    made.sign(VENDOR)
    assert said(made, ENDPOINT, VENDOR) is ENDPOINT
    assert uses(made) == (ENDPOINT, 1)
    assert said(made, NO, LAB) is NO
    assert said(made, WEIGHTS, LAB) is WEIGHTS
    made.invite(OTHER, CaseRole.OBSERVER)
    made.sign(OTHER)
    with pytest.raises(NotFound):
        said(made, NO, OTHER)
    assert made.kinds().count("review use answered") == 4
    assert said(made, NO) is NO, "the house takes it back"
    assert uses(made) == (NO, 0)


@pytest.mark.django_db
def test_a_yes_is_of_who_signed_and_of_the_proofs_that_were_there() -> None:
    made = table()
    made.hold()
    made.sign(LAB)
    made.invite(VENDOR)
    made.sign(VENDOR)
    said(made, ENDPOINT)
    said(made, ENDPOINT, VENDOR)
    made.clearing.send(Sketch("alpha", words="found again"), finder="Lab One")
    made.clearing.work()
    assert made.case.memberships.count() == 2
    assert uses(made) == (ENDPOINT, 1), "what came later is not meant"
    made.sign(VENDOR, yes=False)
    assert uses(made) == (NO, 0)
    made.sign(VENDOR)
    assert uses(made) == (ENDPOINT, 1)
    made.invite(OTHER)
    assert uses(made) == (NO, 0), "a vendor that came later is asked too"


@pytest.mark.django_db
def test_it_is_said_over_the_api_read_by_who_sees_the_others_and_shown_on_the_page() -> None:
    made = table()
    made.invite(VENDOR)
    made.invite(OTHER, CaseRole.DEPLOYER)
    key, chief = made.case.key, coordinator()
    vendor, operator = (_program(made, handle) for handle in (VENDOR, OTHER))
    path = f"/cases/{key}/review-use"
    assert vendor.get(path).json()["use"] == "no"
    assert vendor.post(path, {"use": "endpoint"}).json() == {"use": "no"}
    assert chief.post(path, {"use": "weights", "because": "ours alone"}).json() == {"use": "weights"}
    assert [(row["party"], row["counts"]) for row in vendor.get(path).json()["answers"]] == [
        (VENDOR, True),
        ("clearinghouse", True),
    ]
    assert operator.get(path).json() == {"use": None, "lacking": [], "answers": []}
    assert operator.post(path, {"use": "no"}).status_code == 404
    assert lab("Stranger").get(path).status_code == 404
    assert vendor.post(path, {"use": "everything"}).status_code == 422
    assert "for models that the clearinghouse runs itself" in text(local(), f"/cases/{made.name}")
    assert json.dumps(vendor.get(f"/cases/{key}").json()).count("weights") == 0


@pytest.mark.django_db
def test_a_coordinator_writes_it_down_and_reads_what_is_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = table()
    made.invite(VENDOR)

    def run(words: str) -> tuple[object, str]:
        monkeypatch.setattr(sys, "argv", ["clearinghouse", "case", "review-use", made.name, *words.split()])
        with pytest.raises(SystemExit) as ended:
            main()
        return ended.value.code or 0, "".join(capsys.readouterr())

    assert run("--allow endpoint")[0] == 2, "who decides?"
    code, text_ = run("--allow endpoint --by Ada")
    assert (code, f"needed: the answer of {VENDOR}" in text_) == (0, True)
    run(f"--allow weights --for {VENDOR} --by Ada")
    assert json.loads(run("--json")[1])["use"] == "weights"
    assert run("--allow no --for nobody --by Ada")[0] == 66


def _program(made: Table, handle: str) -> Program:
    return Program(token(Party.objects.get(key=made.people[handle].person)))
