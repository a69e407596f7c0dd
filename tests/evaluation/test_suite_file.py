"""A suite is what it was built as, or it is refused with the place."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from clearinghouse.core.errors import NotFound
from clearinghouse.core.review.tasks import Family
from clearinghouse.evaluation.suites.build import without
from clearinghouse.evaluation.suites.format import (
    BundleEntry,
    InvalidSuite,
    SuiteFile,
    TaskEntry,
    read_suite,
    task_digest,
    write_suite,
)
from clearinghouse.evaluation.suites.load import load_suite
from tests.evaluation.materials import FILES, FIX, MANIFEST, material

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A suite with one bundle and a task of each family."""
    place = tmp_path / "bundles" / "one"
    (place / "files").mkdir(parents=True)
    for path, content in {**FILES, "proof.toml": MANIFEST.encode()}.items():
        (place / path).write_bytes(content)
    (tmp_path / "one.patch").write_bytes(FIX)
    bundle = BundleEntry(
        id=material().bundle.id, path="bundles/one", function="fake:x", signature="it fired", fix="one.patch",
        fix_sha256=hashlib.sha256(FIX).hexdigest(), disclosed="2020-01-02",
    )  # fmt: skip
    tasks = [TaskEntry(id=f"{family}-1", family=family, bundle=bundle.id) for family in Family]
    pinned = tuple(replace(task, digest=task_digest(task, bundle)) for task in tasks)
    file = SuiteFile(name="small", version="7", bundles=(bundle,), tasks=pinned, holdout=True)
    (tmp_path / "suite.toml").write_text(write_suite(file))
    return tmp_path


def test_a_suite_loads_as_it_was_written_without_a_prover(suite: Path) -> None:
    loaded = load_suite(suite, prover=lambda: pytest.fail("nothing is run"))

    assert (loaded.name, loaded.version, len(loaded.tasks)) == ("small", "7", 4)
    assert loaded.digest == load_suite(suite / "suite.toml").digest == loaded.file.digest
    info = loaded.tasks[0].info
    assert (info.family, info.project, info.weaknesses) == (Family.FIND, "pkg:pypi/fake", ("CWE-78",))
    assert (info.disclosed, info.holdout) == ("2020-01-02", True)
    assert loaded.tasks[-1].known_answer(1) == FIX


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('schema = "clearinghouse.suite/1"', 'schema = "x"', "schema: must be"),
        ('name = "small"', 'name = ""', "name: must be a text"),
        ('name = "small"', 'name = "other"', "digest: the tasks come to"),
        ('name = "small"', 'name = "small"\nmore = 1', 'unknown key "more"'),
        ('family = "find"', 'family = "lose"', "'lose' is not a Family"),
        ('family = "find"', 'family = "find", more = 1', r"task\[0\].more"),
        ("level = 0", "level = 4", "level: must be from 0 to 3"),
        ("level = 0", "level = 2", "is not the task that was built"),
        ('id = "reproduce-1"', 'id = "find-1"', "is there twice"),
        ('signature = "it fired"', 'signature = "it fired", more = 1', r"bundle\[0\].more"),
        ("holdout = true", "holdout = [", "not valid TOML"),
    ],
)
def test_what_was_changed_is_refused_with_its_place(suite: Path, old: str, new: str, words: str) -> None:
    text = (suite / "suite.toml").read_text()
    assert old in text
    with pytest.raises(InvalidSuite, match=words):
        read_suite(text.replace(old, new, 1))


@pytest.mark.parametrize(
    ("name", "words"),
    [("bundles/one/files/plain.bin", "not the pinned"), ("one.patch", "not the pinned")],
)
def test_a_bundle_or_a_fix_that_is_not_the_pinned_one_is_refused(suite: Path, name: str, words: str) -> None:
    (suite / name).write_bytes(b"other")
    with pytest.raises(InvalidSuite, match=words):
        load_suite(suite)


def test_a_suite_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"suite\.toml: No such file"):
        load_suite(tmp_path)


def test_tasks_are_taken_out_and_bundles_stay_while_a_task_needs_them(suite: Path) -> None:
    before = load_suite(suite)

    after = without(before, {"find-1"})
    assert load_suite(suite).digest == after.digest != before.digest
    assert (suite / "one.patch").exists()

    without(load_suite(suite), {task.id for task in after.tasks})
    assert load_suite(suite).tasks == ()
    assert not (suite / "one.patch").exists()
    assert not (suite / "bundles" / "one").exists()
