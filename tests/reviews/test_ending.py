"""Reports by two people, withdrawal with a receipt, and secrets that are nowhere to be read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from clearinghouse.adapters.signing import envelope, keys
from clearinghouse.adapters.signing.process import ProcessSigner
from clearinghouse.core.chain import canonical
from clearinghouse.core.errors import Conflict, InvalidInput, NotFound, NotVerified
from clearinghouse.core.review.records import Destruction, Final
from clearinghouse.core.review.seats import ReviewRole
from clearinghouse.core.review.states import ReviewState
from clearinghouse.core.visibility import LOCAL, OF_REVIEWS, Action, can
from clearinghouse.journal import queries as journal
from clearinghouse.reviews import queries, services
from clearinghouse.reviews.access import seen, visible_to
from clearinghouse.reviews.models import Review
from clearinghouse.reviews.terms import terms_now
from tests.reviews.factories import ADDRESS, HEX, SECRET, table

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.django_db
PLANTED = (SECRET, ADDRESS, "Planted-Model", "planted words", "planted figures")


@pytest.fixture
def signer(tmp_path: Path) -> ProcessSigner:
    keys.make(tmp_path / "signing.key")
    return ProcessSigner(tmp_path / "signing.key")


def everything_stored() -> str:
    """Every value of every column of this room and of the journal, as text."""
    from django.apps import apps  # noqa: PLC0415

    found = []
    for model in [*apps.get_app_config("reviews").get_models(), *apps.get_app_config("journal").get_models()]:
        for row in model._default_manager.values():
            found += [bytes(v).decode("latin-1") if isinstance(v, bytes | memoryview) else str(v) for v in row.values()]
    return "\n".join(found)


def test_a_report_is_final_by_two_people_after_the_developers_word_and_that_is_signed(
    tmp_path: Path, signer: ProcessSigner
) -> None:
    made = table()
    digest = made.shared()
    ada, ben, dev = (made.people[name] for name in ("ada", "ben", "dev"))
    with pytest.raises(Conflict, match="the developer's comment"):
        services.finalise(made.key, report=digest, actor=ada, at=made.at)
    words = "Figure 2 is wrong.\n  <b>We</b> say so.\n"
    services.comment(made.key, words, actor=dev, at=made.at)
    with pytest.raises(Conflict, match="another report stands"):
        services.finalise(made.key, report=HEX, actor=ada, at=made.at)
    assert services.finalise(made.key, report=digest, actor=ada, at=made.at) == "developer comment"
    assert services.finalise(made.key, report=digest, actor=ada, at=made.at) == "developer comment"
    assert services.finalise(made.key, report=digest, actor=ben, at=made.at) == "final"
    assert made.review.comment == words, "word for word"
    assert f"review {made.key}: final, signed" in made.effect(tmp_path, signer)
    assert made.effect(tmp_path, signer) == ()
    public = keys.load_public(tmp_path / "signing.key.pub")
    statement = bytes(made.review.statement or b"")
    record = envelope.verify_record(statement, public)
    assert isinstance(record, Final)
    assert (record.report, record.lead, record.second) == (digest, "ada", "ben")
    with pytest.raises((NotVerified, InvalidInput)):
        envelope.verify_record(statement.replace(b"A", b"B", 1), public)
    with pytest.raises(Conflict, match='"final"'):
        services.withdraw(made.key, actor=dev, at=made.at)


def test_silence_lets_a_report_be_final_after_five_working_days_and_a_late_comment_is_late() -> None:
    made = table()
    digest = made.shared()
    made.later(7)
    with pytest.raises(Conflict, match="the time for a comment ended"):
        services.comment(made.key, "Too late.", actor=made.people["dev"], at=made.at)
    for name in ("ada", "ben"):
        services.finalise(made.key, report=digest, actor=made.people[name], at=made.at)
    assert made.state is ReviewState.FINAL


def test_another_draft_voids_every_yes_and_asks_for_a_comment_anew() -> None:
    made = table()
    digest = made.shared()
    ada = made.people["ada"]
    services.comment(made.key, "Wrong.", actor=made.people["dev"], at=made.at)
    services.finalise(made.key, report=digest, actor=ada, at=made.at)
    other = services.draft(made.key, b'{"figures": "better"}', actor=ada, at=made.at)
    services.share(made.key, actor=ada, at=made.at)
    with pytest.raises(Conflict, match="the developer's comment"):
        services.finalise(made.key, report=other, actor=made.people["ben"], at=made.at)
    with pytest.raises(InvalidInput, match="JSON object"):
        services.draft(made.key, b"no report", actor=ada, at=made.at)


def test_withdrawal_destroys_keys_and_files_and_says_so_in_a_signed_receipt(
    tmp_path: Path, signer: ProcessSigner
) -> None:
    made = table()
    evaluation = made.running()
    folder = tmp_path / "evaluations"
    (folder / evaluation / "logs").mkdir(parents=True)
    for name in ("samples.jsonl", "logs/one.eval"):
        (folder / evaluation / name).write_text("planted words")
    wrapped = bytes(made.review.wrapped_key or b"")
    services.withdraw(made.key, actor=made.people["dev"], at=made.at)
    assert made.state is ReviewState.WITHDRAWN
    assert not any(word in everything_stored() for word in PLANTED)
    assert wrapped.decode("latin-1") not in everything_stored()
    services.effect(at=made.at, runs=_Nobody(), folder=folder, signer=None)
    assert not (folder / evaluation).exists()
    assert made.review.receipt is None, "without a signer it waits for one"
    assert made.effect(folder, signer) == (f"review {made.key}: receipt signed",)
    record = envelope.verify_record(bytes(made.review.receipt or b""), keys.load_public(tmp_path / "signing.key.pub"))
    assert isinstance(record, Destruction)
    assert (record.why, record.key_destroyed, record.credentials) == ("withdrawn", True, 1)
    assert (record.evaluations, record.files) == ((evaluation,), (2,))
    assert made.effect(folder, signer) == ()
    assert made.kinds().count("destroyed") == 1
    view = queries.review(made.key, actor=made.people["dev"])
    assert view is not None
    assert view.receipt, "that a review was there, and the receipt, its parties still see"
    assert journal.verify().broken is None


class _Nobody:
    """No process was recorded, so none is asked for."""

    def stop(self, control: object) -> bool:
        raise AssertionError(control)


def test_the_credential_is_handed_to_one_run_once_and_noted_without_it() -> None:
    made = table()
    evaluation = made.running()
    eve = made.people["eve"]
    for name in ("dev", "ben", "agency", "coordinator", "other"):
        with pytest.raises(NotFound):
            services.release(evaluation, vault=made.vault, actor=made.people[name], at=made.at)
    got = services.release(evaluation, vault=made.vault, actor=eve, at=made.at)
    assert got == {"base_url": ADDRESS, "api_key": SECRET}
    with pytest.raises(Conflict, match="already"):
        services.release(evaluation, vault=made.vault, actor=eve, at=made.at)
    later = services.start(made.key, "open", HEX, actor=eve, at=made.at)
    made.later(30)
    with pytest.raises(Conflict, match="open window"):
        services.release(later, vault=made.vault, actor=eve, at=made.at)
    stored = everything_stored()
    assert SECRET not in stored
    assert ADDRESS not in stored
    assert made.kinds().count("credential released") == 1
    with pytest.raises(InvalidInput) as refused:
        services.put_credential(
            made.key, base_url=SECRET, api_key=SECRET, vault=made.vault, actor=made.people["dev"], at=made.at
        )
    assert SECRET not in str(refused.value)


def test_the_journal_of_a_review_holds_no_name_of_a_model_no_comment_and_nothing_secret() -> None:
    made = table()
    made.final()
    words = canonical([entry.body for entry in journal.entries(f"review/{made.key}")])
    assert not any(word in words for word in (*PLANTED, "We see it so"))
    assert json.loads(words)


def test_lists_hold_just_the_reviews_that_the_rule_lets_each_see() -> None:
    made = table()
    made.offered()
    made.shared()
    made.submitted()
    made.final()
    actors = [LOCAL, *made.people.values()]
    for action in sorted(OF_REVIEWS):
        for actor in actors:
            listed = set(visible_to(actor, action).values_list("pk", flat=True))
            assert listed == {row.pk for row in Review.objects.all() if can(actor, action, seen(row))}, (action, actor)


def test_each_sees_its_part_and_a_stranger_nothing() -> None:
    made = table()
    made.shared()
    assert queries.review(made.key, actor=made.people["other"]) is None
    assert queries.page(actor=made.people["other"]) == ()
    views = {
        name: queries.review(made.key, actor=made.people[name]) for name in ("dev", "ada", "agency", "coordinator")
    }
    shown = {
        name: (bool(v.submission), bool(v.report), bool(v.evaluations and v.evaluations[0].suite), bool(v.journal))
        for name, v in views.items()
        if v is not None
    }
    assert shown == {
        "dev": (True, True, False, False),
        "ada": (True, True, True, True),
        "agency": (False, False, False, False),
        "coordinator": (False, False, False, True),
    }
    assert views["agency"] is not None
    assert views["agency"].may & OF_REVIEWS == {Action.SEE_REVIEW}
    with pytest.raises(NotFound):
        services.appoint(made.key, "eve", ReviewRole.LEAD, actor=made.people["other"], at=made.at)


def test_the_terms_are_a_text_by_its_digest_and_say_that_nothing_is_permitted_or_refused() -> None:
    made = table().offered()
    with pytest.raises(Conflict, match="as they are now"):
        services.submit(made.key, terms=HEX, actor=made.people["dev"], at=made.at)
    services.submit(made.key, terms=terms_now().digest, actor=made.people["dev"], at=made.at)
    kept = queries.terms(terms_now().digest)
    assert kept is not None
    assert "says nothing about whether the model should be released" in " ".join(kept.text.split())
