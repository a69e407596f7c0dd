"""`review plan | report | redact | verify`: from a plan to a report that holds, less of it that holds, and no other."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from clearinghouse.adapters.signing import envelope, keys
from clearinghouse.cli import review_plan, review_report
from clearinghouse.core.errors import ClearinghouseError, Conflict, InvalidInput, NotVerified, Refused, UsageError
from clearinghouse.core.review.plan import SignedPlan
from clearinghouse.evaluation.store import Folder
from clearinghouse.formats import review_file
from tests.cli.test_attest import run
from tests.core.review.test_thresholds import FILE as RULES
from tests.evaluation import folders

COMMENT = 'We think <script>alert("so")</script> & more.\n\n  Our indent, our words: "holdout" is too small.\n'
PLAN = """
name = "A review"
suite = "open"
suite_version = "1"
suite_digest = "{digest}"
epochs = 2
seed = 7
budget = {{ tokens = 1000, seconds = 60.0 }}
agents = [{{ name = "example-model", kind = "model" }}, {{ name = "baseline/fuzzer", kind = "baseline" }}]
comparisons = [{{ first = "example-model", second = "baseline/fuzzer" }}]
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a key, a signed plan that is older than the evaluation, and the report `out`."""
    home = tmp_path_factory.mktemp("review")
    keys.make(home / "k")
    (home / "rules.toml").write_bytes(RULES)
    (home / "comment.txt").write_text(COMMENT)
    (home / "plan.toml").write_text(PLAN.format(digest="ab" * 32))
    planned = run("review", "plan", home / "plan.toml", "--thresholds", home / "rules.toml", "--out", home / "now.json",
                  "--key", home / "k", "--json")  # fmt: skip
    assert planned.returncode == 0, planned.stderr
    plan = envelope.verify_plan((home / "now.json").read_bytes(), keys.load_public(home / "k.pub")).plan
    assert json.loads(planned.stdout)["plan"] == plan.digest
    old = envelope.sign(SignedPlan(plan, "2026-11-23T11:59:59Z"), keys.load_private(home / "k"))
    (home / "plan.json").write_bytes(old)
    folders.folder(home / "evaluation", plan.digest)
    report(home, "out")
    return home


def report(home: Path, out: str, plan: str = "plan.json", **more: Any) -> Any:
    options = {"thresholds": home / "rules.toml", "comment": home / "comment.txt", "key": home / "k"} | more
    return review_report.make(home / "evaluation", home / plan, home / out, **options)


def test_a_report_verifies_and_its_figures_are_computed_anew(made: Path) -> None:
    done = run("review", "verify", made / "out", "--key", made / "k.pub", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["samples"], said["without_names"], said["without_results"]) == (288, 72, 0)
    assert said["figures_recomputed"]


def test_any_byte_changed_in_any_file_is_found_and_named(made: Path, tmp_path: Path) -> None:
    signer = made / "k.pub"
    for name in (review_report.FILE, review_report.PAGE, review_report.KEY):
        whole = (made / "out" / name).read_bytes()
        copy = tmp_path / name
        for other in (review_report.FILE, review_report.PAGE, review_report.KEY):
            (tmp_path / other).write_bytes((made / "out" / other).read_bytes())
        step = max(1, len(whole) // 15)
        for position in (*range(0, len(whole), step), len(whole) - 1):
            changed = bytearray(whole)
            changed[position] ^= 0x01
            copy.write_bytes(changed)
            with pytest.raises((NotVerified, InvalidInput)) as fault:
                review_report.checked(tmp_path, signer)
            assert fault.value.message.split(":")[0], position
        copy.write_bytes(whole + b"\n")
        with pytest.raises((NotVerified, InvalidInput)):
            review_report.checked(tmp_path, signer)
        copy.write_bytes(whole)
    review_report.checked(tmp_path, signer)


@pytest.mark.slow
def test_each_single_byte_of_a_small_report_counts(made: Path, tmp_path: Path) -> None:
    plan = replace(folders.PLAN, epochs=1, comparisons=())
    task = folders.tasks()[0]
    planned = SignedPlan(plan, "2026-11-23T11:59:59Z")
    (tmp_path / "plan.json").write_bytes(envelope.sign(planned, keys.load_private(made / "k")))
    there = folders.folder(tmp_path / "whole", plan.digest)
    folder = Folder.create(tmp_path / "evaluation", replace(there.evaluation, epochs=1, tasks=(task,)))
    with folder.writing():
        for sample in there.samples():
            if (sample.task, sample.epoch) == (task.id, 1):
                folder.add_sample(sample)
    out = tmp_path / "out"
    review_report.make(folder.path, tmp_path / "plan.json", out, key=made / "k")
    unseen = []
    for name in (review_report.FILE, review_report.PAGE, review_report.KEY):
        whole = (out / name).read_bytes()
        with (out / name).open("r+b", buffering=0) as file:
            for position, byte in enumerate(whole):
                os.pwrite(file.fileno(), bytes([byte ^ 1 << position % 8]), position)
                try:
                    review_report.checked(out, made / "k.pub")
                except (NotVerified, InvalidInput):
                    pass
                else:
                    unseen.append((name, position))
                os.pwrite(file.fileno(), bytes([byte]), position)
    assert unseen == []
    review_report.checked(out, made / "k.pub")


@pytest.mark.parametrize(
    ("place", "change", "message"),
    [
        (("samples", 0, "results", "content", "epoch"), 99, "samples: are not those"),
        (("samples", 3, "results", "salt"), "00" * 16, "samples: are not those"),
        (("report", "comment"), "We agree.", "report: says otherwise"),
        (("report", "computed", "figures", 0, "passes"), 47, "report: says otherwise"),
        (("samples", 3, "results", "content", "outcome"), "splendid", "samples: are not those"),
    ],
)
def test_a_lie_in_the_right_spelling_is_found(made: Path, place: tuple[Any, ...], change: Any, message: str) -> None:
    found = json.loads((made / "out" / review_report.FILE).read_bytes())
    inner = found
    for step in place[:-1]:
        inner = inner[step]
    assert inner[place[-1]] != change
    inner[place[-1]] = change
    from clearinghouse.core.typed_json import canonical  # noqa: PLC0415

    signed = envelope.verify_report(canonical(found["envelope"]) + b"\n", keys.load_public(made / "k.pub"))
    with pytest.raises((NotVerified, InvalidInput), match=message):
        review_file.check(review_file.read_file(canonical(found) + b"\n"), signed)


def test_a_sample_left_out_or_moved_is_found(made: Path) -> None:
    found, public, _ = review_report.checked(made / "out", None)
    signed = envelope.verify_report(found.envelope, public)
    for rows in (found.rows[1:], (found.rows[1], found.rows[0], *found.rows[2:])):
        with pytest.raises(NotVerified, match="samples"):
            review_file.check(replace(found, rows=rows), signed)


def test_figures_that_do_not_follow_from_the_samples_are_found_even_when_signed(made: Path) -> None:
    found, public, _ = review_report.checked(made / "out", None)
    signed = envelope.verify_report(found.envelope, public)
    first, *others = found.report.computed.figures
    lie = replace(found.report.computed, figures=(replace(first, passes=first.passes + 1), *others))
    told = replace(found.report, computed=lie)
    with pytest.raises(NotVerified, match="figures"):
        review_file.check(replace(found, report=told), replace(signed, report=told))


def test_less_of_a_report_holds_against_the_same_root(made: Path) -> None:
    chosen = [
        ("--names", "--all"),
        ("--task", "find-public-1"),
        ("--agent", folders.MODEL, "--family", "patch"),
        ("--all",),
    ]
    expected = [(288, 0, True), (76, 4, False), (None, None, False), (288, 288, False)]
    before, _, _ = review_report.checked(made / "out", None)
    for number, (options, (names, results, recomputed)) in enumerate(zip(chosen, expected, strict=True)):
        out = made / f"less-{number}"
        done = run("review", "redact", made / "out", *options, "--out", out)
        assert done.returncode == 0, done.stderr
        found, _, again = review_report.checked(out, made / "k.pub")
        assert (found.envelope, found.report, again) == (before.envelope, before.report, recomputed)
        if names is not None:
            counts = review_report_counts(found)
            assert (counts["without_names"], counts["without_results"]) == (names, results)
    text = (made / "less-0" / review_report.FILE).read_text()
    assert "find-public-1" not in text
    assert run("review", "redact", made / "out", "--out", made / "nothing").returncode == 2


def review_report_counts(found: review_file.ReportFile) -> Any:
    from clearinghouse.core.review import leaves  # noqa: PLC0415

    return leaves.counts(found.rows)


def test_nothing_that_names_a_holdout_task_is_in_a_report(made: Path) -> None:
    evaluation = Folder.open(made / "evaluation").evaluation
    everything = b"".join((made / "out" / name).read_bytes() for name in (review_report.FILE, review_report.PAGE))
    assert b"find-public-1" in everything
    for task in evaluation.tasks:
        if task.holdout:
            for word in (task.id, task.digest, task.project):
                assert word.encode() not in everything


def test_the_comment_is_verbatim_and_runs_nowhere(made: Path) -> None:
    page = (made / "out" / review_report.PAGE).read_text()
    assert "We think &lt;script&gt;alert(&quot;so&quot;)&lt;/script&gt; &amp; more.\n\n  Our indent" in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert json.loads((made / "out" / review_report.FILE).read_bytes())["report"]["comment"] == COMMENT


@pytest.mark.parametrize(
    ("more", "error", "message"),
    [
        ({"plan": "now.json"}, Refused, "before the plan was signed"),
        ({"thresholds": None}, Refused, "rules"),
        ({"plan_key": "other.pub"}, NotVerified, "signed by"),
        ({"out": "out"}, Conflict, "there already"),
    ],
)
def test_a_report_on_something_else_is_refused(
    made: Path, more: dict[str, Any], error: type[ClearinghouseError], message: str
) -> None:
    if not (made / "other").exists():
        keys.make(made / "other")
    if "plan_key" in more:
        more = {"plan_key": made / more["plan_key"]}
    with pytest.raises(error, match=message):
        report(made, **({"out": "refused"} | more))
    assert not (made / "refused").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"suite_digest": "cd" * 32}, "suite"),
        ({"epochs": 3}, "epochs"),
        ({"suite_version": "2"}, "suite"),
        ({"seed": 8}, "plan"),
    ],
)
def test_a_plan_of_another_suite_or_size_is_refused(made: Path, change: dict[str, Any], message: str) -> None:
    plan = envelope.verify_plan((made / "plan.json").read_bytes(), keys.load_public(made / "k.pub")).plan
    other = SignedPlan(replace(plan, **change), "2026-11-23T11:00:00Z")
    (made / "other.json").write_bytes(envelope.sign(other, keys.load_private(made / "k")))
    with pytest.raises(Refused, match=f"^{message}: the evaluation has"):
        report(made, "refused", "other.json")


def test_a_plan_is_made_from_a_suite_and_contradicts_none(made: Path, tmp_path: Path) -> None:
    suite = Path(__file__).parents[2] / "examples" / "suites" / "open"
    agents = ["baseline/fuzzer", "openai-api/lab/new"]
    review_plan.plan(None, out=tmp_path / "plan.json", suite=suite, agent=agents, key=made / "k", as_json=True)
    plan = envelope.verify_plan((tmp_path / "plan.json").read_bytes(), keys.load_public(made / "k.pub")).plan
    assert plan.suite == "open"
    assert [(one.name, one.kind) for one in plan.agents] == [(agents[0], "baseline"), (agents[1], "model")]
    with pytest.raises(InvalidInput, match="suite_digest is 'abab"):
        review_plan.plan(made / "plan.toml", out=tmp_path / "no.json", suite=suite, key=made / "k")
    with pytest.raises(UsageError, match="what is planned"):
        review_plan.plan(None, out=tmp_path / "no.json", key=made / "k")


def test_files_that_are_no_plan_are_refused_with_their_place(made: Path) -> None:
    bad = made / "bad.toml"
    bad.write_text(PLAN.format(digest="ab" * 32).replace("epochs = 2", "epochs = 0"))
    with pytest.raises(InvalidInput, match="epochs"):
        review_plan.plan(bad, out=made / "bad.json", key=made / "k")
    assert run("review", "plan", made / "plan.toml", "--out", made / "plan.json", "--key", made / "k").returncode == 75
