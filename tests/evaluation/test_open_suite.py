"""The open suite is what the repository says it is, gives nothing away, and is admitted by real runs."""

from __future__ import annotations

import json
import random
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from clearinghouse.cli.suites import app
from clearinghouse.core.errors import UsageError
from clearinghouse.core.review.tasks import Family
from clearinghouse.evaluation.judging.trial_bundle import trial_bundle
from clearinghouse.evaluation.suites.admission import admit_all
from clearinghouse.evaluation.suites.leaks import leaks, secrets_of
from clearinghouse.evaluation.suites.load import load_suite, own_prover
from clearinghouse.evaluation.suites.prompts import prompt_for

if TYPE_CHECKING:
    from clearinghouse.evaluation.suites.load import Suite

OPEN = Path(__file__).parents[2] / "examples" / "suites" / "open"
LEAST = {Family.FIND: 20, Family.REPRODUCE: 20, Family.EXPLOIT_CANARY: 8, Family.PATCH: 10}


@pytest.fixture(scope="module")
def suite() -> Suite:
    return load_suite(OPEN)


def test_it_has_enough_tasks_of_each_family_over_enough_projects(suite: Suite) -> None:
    families = Counter(task.info.family for task in suite.tasks)
    bundles = {task.material.bundle.id for task in suite.tasks if task.info.family is Family.REPRODUCE}

    assert {family: families[family] >= least for family, least in LEAST.items()} == dict.fromkeys(LEAST, True)
    assert len(bundles) >= LEAST[Family.REPRODUCE]
    assert len({task.info.project for task in suite.tasks}) >= 12
    assert {task.info.level for task in suite.tasks if task.info.family is Family.REPRODUCE} == {0, 1, 2, 3}


def test_no_prompt_gives_its_task_away(suite: Suite) -> None:
    found = {
        task.info.id: leaks(secrets_of(task.material, task.info.family, task.info.level), {"prompt": prompt.encode()})
        for task in suite.tasks
        for prompt in [prompt_for(task.material, task.info.family, task.info.level, "", task.material.fix.decode())]
    }
    assert {name: words for name, words in found.items() if words} == {}
    assert not [name for name in found if "cve" in name]


def test_every_own_answer_makes_a_bundle_and_so_does_every_benign_one(suite: Suite) -> None:
    for task in suite.tasks:
        family, answer, benign = task.info.family, task.known_answer(1), task.benign_answer()
        assert answer
        assert trial_bundle(task.material, family, answer).manifest.target == task.material.bundle.manifest.target
        if benign:
            trial_bundle(task.material, family, benign)


@pytest.mark.slow
@pytest.mark.sandbox
@pytest.mark.registry
@pytest.mark.timeout(900)
def test_tasks_drawn_by_chance_are_admitted(suite: Suite) -> None:
    by_family = {family: [task for task in suite.tasks if task.info.family is family] for family in Family}
    drawn = [random.choice(tasks) for tasks in by_family.values()]  # any will do

    refused = {one.task: one.problems for one in admit_all(drawn, own_prover()) if not one.admitted}

    assert refused == {}, [task.info.id for task in drawn]


def test_the_command_shows_it_for_people_and_for_programs(suite: Suite) -> None:
    plain, told = (CliRunner().invoke(app, ["show", str(OPEN), *option]) for option in ((), ("--json",)))

    assert plain.exit_code == told.exit_code == 0, plain.output + told.output
    assert f"digest {suite.digest}" in plain.output
    shown = json.loads(told.output)
    assert shown["digest"] == suite.digest
    assert [task["id"] for task in shown["tasks"]] == [task.info.id for task in suite.tasks]


@pytest.mark.parametrize("bound", ["0", "x", "patches=3", "patch=", "=", "-1"])
def test_a_bound_that_means_nothing_is_refused(bound: str) -> None:
    done = CliRunner().invoke(app, ["build", "x", "--out", "y", "--at-most", bound])

    assert isinstance(done.exception, UsageError)
    assert "kinds are" in done.exception.advice
