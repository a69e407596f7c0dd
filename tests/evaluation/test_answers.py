"""An answer is data in the task's places; everything else in the judged bundle is the task's own."""

from __future__ import annotations

import pytest

from clearinghouse.core.manifest import CallRun
from clearinghouse.core.review.tasks import Family
from clearinghouse.evaluation.judging.trial_bundle import trial_bundle
from clearinghouse.evaluation.suites.answers import AnswerRefused
from clearinghouse.evaluation.suites.trigger import PLACE, template_of
from tests.evaluation.materials import MANIFEST, material

STEPS = ({"call": "fake:parse", "args": ["x"]},)


def test_the_places_are_the_arguments_that_differ_and_nothing_else() -> None:
    template = material().template

    assert template is not None
    assert template.steps[1]["args"] == [{PLACE: "a"}, {PLACE: "b"}, 7]
    assert template.benign == {"a": "text", "b": {"$read": "files/plain.bin"}}
    assert template.trigger["a"] == "command:{{canary.exec}} --quietly"


@pytest.mark.parametrize(
    "control",
    [
        None,
        STEPS,
        ({"call": "fake:other", "args": ["y"]},),
        (*STEPS, *STEPS),
        ({"call": "fake:parse", "args": ["y"], "as": "z"},),
    ],
    ids=["none", "the same", "another call", "more calls", "another name"],
)
def test_there_are_no_places_where_the_calls_differ_or_nothing_does(control: object) -> None:
    assert template_of(STEPS, control) is None  # type: ignore[arg-type]  # what a manifest gives, or nothing


def test_arguments_of_another_number_are_one_place() -> None:
    template = template_of(STEPS, ({"call": "fake:parse", "kwargs": {"text": "y"}},))

    assert template is not None
    assert template.steps == ({"call": "fake:parse", "args": {PLACE: "a"}, "kwargs": {PLACE: "b"}},)
    assert template.filled({"a": [1], "b": {}}) == [{"call": "fake:parse", "args": [1], "kwargs": {}}]


@pytest.mark.parametrize("family", [Family.REPRODUCE, Family.EXPLOIT_CANARY, Family.FIND])
def test_the_answer_that_the_proof_is_makes_its_run_again(family: Family) -> None:
    own = material()

    judged = trial_bundle(own, family, own.proof_answer(family)).manifest

    assert isinstance(judged.run, CallRun)
    assert (judged.run, judged.oracle, judged.target) == (
        own.bundle.manifest.run,
        own.bundle.manifest.oracle,
        own.bundle.manifest.target,
    )


def test_the_patch_is_judged_with_the_whole_proof() -> None:
    own = material()

    judged = trial_bundle(own, Family.PATCH, own.proof_answer(Family.PATCH))

    assert judged.manifest.patch is not None
    assert judged.files[judged.manifest.patch] == own.fix
    assert judged.manifest.run == own.bundle.manifest.run


def test_the_benign_answer_is_the_control_twice() -> None:
    own = material()

    judged = trial_bundle(own, Family.REPRODUCE, own.benign_answer(Family.REPRODUCE)).manifest

    assert isinstance(judged.run, CallRun)
    assert judged.run.steps == judged.run.control_steps


@pytest.mark.parametrize(
    ("family", "answer", "words"),
    [
        (Family.REPRODUCE, b"\xff", "not UTF-8"),
        (Family.REPRODUCE, b"= 1", "not valid TOML"),
        (Family.REPRODUCE, b"[input]\na = 1", 'has no "b"'),
        (Family.REPRODUCE, b"[input]\na = 1\nb = 2\nc = 3", 'has "c"'),
        (Family.REPRODUCE, b"[run]\ncall = 'os:system'", 'unknown key "run"'),
        (Family.REPRODUCE, b"[input]\na = 1979-05-27\nb = 2", "no word for date"),
        (Family.REPRODUCE, b'[input]\na = { "$import" = "os:system.__call__" }\nb = 2', "double-underscore"),
        (Family.REPRODUCE, b'[input]\na = { "$read" = "files/evil.bin" }\nb = 2', "not a file of the bundle"),
        (Family.REPRODUCE, b'[input]\na = 1\nb = 2\n[files]\n"../x" = ""', 'must be "files/NAME"'),
        (Family.REPRODUCE, b'[input]\na = 1\nb = 2\n[files]\n"files/x" = "no base64"', "base64"),
        (Family.REPRODUCE, b'[input]\na = 1\nb = 2\n[files]\n"files/plain.bin" = ""', "another name"),
        (Family.FIND, b"[run]\nargv = ['sh']\n[oracle]\nname = 'exec'", 'may not have "argv"'),
        (
            Family.FIND,
            b"[run]\ncall = 'fake:x'\n[oracle]\nname = 'predicate'\ninsecure = 'x'",
            'may not have "insecure"',
        ),
        (Family.FIND, b"[run]\ncall = 'fake:x'\n[oracle]\nname = 'predicate'", "must be one of"),
        (Family.FIND, b"[run]\ncall = 'fake:x'\n[oracle]\nname = 'exception'\ntype = 'Exception'", "every exception"),
        (Family.PATCH, b"no diff at all", "patch"),
    ],
)
def test_what_is_no_answer_is_refused_with_the_place(family: Family, answer: bytes, words: str) -> None:
    with pytest.raises(AnswerRefused, match=words):
        trial_bundle(material(), family, answer)


def test_an_answer_nested_without_end_is_refused_and_not_crashed_on() -> None:
    with pytest.raises(AnswerRefused):
        trial_bundle(material(), Family.REPRODUCE, b"[input]\nb = 1\na = " + b"[" * 5000 + b"]" * 5000)


def test_a_file_of_the_trigger_alone_is_not_in_the_judged_bundle_and_one_of_the_answer_is() -> None:
    answer = b'[input]\na = { "$text" = "files/mine" }\nb = 1\n[files]\n"files/mine" = "aGVsbG8="'

    judged = trial_bundle(material(), Family.REPRODUCE, answer)

    assert set(judged.files) == {"proof.toml", "files/plain.bin", "files/mine"}


@pytest.mark.parametrize(
    ("old", "new", "family", "words"),
    [
        ('fixed = "1.0.2"\n', "", Family.FIND, "no fixed release"),
        ('name = "exec"', 'name = "predicate"\ninsecure = "x"', Family.FIND, "nobody can claim predicate"),
        ('name = "exec"', 'name = "signal"', Family.EXPLOIT_CANARY, "has no canary"),
    ],
)
def test_a_bundle_that_makes_no_task_of_a_family_says_why(old: str, new: str, family: Family, words: str) -> None:
    assert words in (material(MANIFEST.replace(old, new)).unfit(family) or "")


def test_no_patch_task_is_made_without_a_fix() -> None:
    assert "no fix is known" in (material(fix=b"").unfit(Family.PATCH) or "")
    assert material().unfit(Family.PATCH) is None
