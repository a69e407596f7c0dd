"""Killed at any statement, a verb happened whole or not at all, and a restarted worker ends as if nothing had been."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests import databases
from tests.faults.verbs import VERBS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.database
ROOT = Path(__file__).parents[2]
NAMES = [verb.name for verb in VERBS]
STEADY = [verb.name for verb in VERBS if verb.steady]
SAMPLE = 2
MANY = 12 if databases.SERVER else 0  # a copy of a database takes PostgreSQL a while, a file's none: there it is all


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str, int], dict[str, Any]]]:
    """Walks the statements of a verb, some or (for 0) all, in one process that is asked again and again."""
    folder = tmp_path_factory.mktemp("faults")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.faults.walker", str(folder)],
        cwd=ROOT,
        env=databases.environment(folder),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None

    def ask(verb: str, tries: int) -> dict[str, Any]:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"verb": verb, "tries": tries}) + "\n")
        process.stdin.flush()
        line = process.stdout.readline()
        assert line, "the walker ended; its words stand above"
        answer: dict[str, Any] = json.loads(line)
        assert "error" not in answer, answer["error"]
        return answer

    yield ask
    process.stdin.close()
    process.wait(timeout=60)
    process.stdout.close()


def check(answer: dict[str, Any]) -> None:
    """Whole or not at all, never back again, and repeated it is the same; and the walk did try something."""
    end = answer["end"]
    assert (end["broken"], end["undone"]) == ("None", [])
    assert end["rows"]["journal.Entry"]
    outcomes = answer["outcomes"]
    assert outcomes
    assert [one for one in outcomes if one["found"] not in {"all", "nothing"}] == []
    assert [one["again"] for one in outcomes if one["again"]] == []
    if answer["changes"]:
        whole = [one["found"] == "all" for one in sorted(outcomes, key=lambda one: (one["n"], one["after"]))]
        assert whole == sorted(whole), "it was there after one statement, and not after a later one"
        assert whole[-1], "it was not there after its last statement"


@pytest.mark.parametrize("name", STEADY)
def test_killed_at_some_statements_a_verb_happened_whole_or_not_at_all(walk: Any, name: str) -> None:
    answer = walk(name, SAMPLE)
    check(answer)
    assert all(one["killed"] for one in answer["outcomes"])


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", STEADY)
def test_killed_at_any_statement_a_verb_happened_whole_or_not_at_all(walk: Any, name: str) -> None:
    answer = walk(name, MANY)
    check(answer)
    assert all(one["killed"] for one in answer["outcomes"])
    assert len(answer["outcomes"]) in {MANY, 2 * answer["count"]}


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", [name for name in NAMES if name not in STEADY])
def test_killed_at_many_statements_the_worker_with_its_queue_ends_as_if_undisturbed(walk: Any, name: str) -> None:
    answer = walk(name, 12)
    check(answer)
    assert sum(one["killed"] for one in answer["outcomes"]) > 6
