"""`kill -9` anywhere: started again, the work is finished; nothing is lost and nothing happens twice."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tests import databases
from tests.bootstrap.child import FUNNEL

pytestmark = [pytest.mark.slow, pytest.mark.database, pytest.mark.timeout(600)]
ROOT = Path(__file__).parents[2]
CASES = [["five", "four"], ["one", "three", "two"], ["six"]]


def start(home: Path, *arguments: str, die_at: str = "", slowly: float = 0) -> subprocess.Popen[bytes]:
    environment = databases.environment(home, DIE_AT=die_at, SLOWLY=str(slowly))
    return subprocess.Popen([sys.executable, "-m", "tests.bootstrap.child", *arguments], cwd=ROOT, env=environment)


def run(home: Path, *arguments: str, die_at: str = "") -> int:
    return start(home, *arguments, die_at=die_at).wait(timeout=300)


def finish(home: Path) -> dict[str, Any]:
    out = home.with_suffix(".json")
    assert run(home, "work", str(out)) == 0
    seen: dict[str, Any] = json.loads(out.read_text())
    assert seen["funnel"] == FUNNEL
    assert seen["cases"] == CASES
    assert seen["sealed"] == [seen["entries"]]  # at rest the worker has sealed whatever was decided
    return seen


def test_without_a_fault_the_worker_comes_to_rest_and_a_second_one_finds_nothing_to_do(
    home: Path, tmp_path: Path
) -> None:
    assert run(home, "submit") == 0
    first = finish(home)
    assert first["attempts"] == FUNNEL["proofs"]
    assert finish(home) == first


def test_killed_between_commit_and_enqueue_the_reports_are_found_by_the_worker(home: Path, tmp_path: Path) -> None:
    assert run(home, "submit", die_at="enqueue") == -9
    assert run(home, "submit", die_at="enqueue") == 0
    assert finish(home)["attempts"] == FUNNEL["proofs"]


@pytest.mark.parametrize("where", ["prove", "try_on"])
def test_killed_inside_a_step_only_that_step_is_repeated(home: Path, tmp_path: Path, where: str) -> None:
    assert run(home, "submit") == 0
    assert run(home, "work", str(tmp_path / "out"), die_at=where) == -9
    seen = finish(home)
    assert FUNNEL["proofs"] <= seen["attempts"] <= FUNNEL["proofs"] + 2


def test_killed_at_any_moment_again_and_again_the_outcome_is_the_same(home: Path, tmp_path: Path) -> None:
    assert run(home, "submit") == 0
    chance = random.Random(2026)
    for _ in range(4):
        worker = start(home, "work", str(tmp_path / "out"), slowly=0.1)
        time.sleep(chance.uniform(1.5, 5))
        worker.kill()
        worker.wait(timeout=30)
    finish(home)


def test_proofs_matched_at_the_same_moment_open_no_case_twice(home: Path, tmp_path: Path) -> None:
    assert run(home, "submit") == 0
    assert run(home, "race", str(tmp_path / "out")) == 0
    finish(home)
    seen = json.loads((tmp_path / "out").read_text())
    assert seen["cases"] == CASES


@pytest.mark.skipif(bool(databases.SERVER), reason="PostgreSQL serves several workers")
def test_a_second_worker_on_the_same_home_is_turned_away(home: Path, tmp_path: Path) -> None:
    assert run(home, "submit") == 0
    first = start(home, "work", str(tmp_path / "out"), slowly=2)
    try:
        deadline = time.monotonic() + 60
        while not (home / "jobs.sqlite3").exists():
            assert time.monotonic() < deadline
            time.sleep(0.1)
        second = subprocess.run(
            [sys.executable, "-m", "tests.bootstrap.child", "work", str(tmp_path / "out2")],
            cwd=ROOT,
            env=databases.environment(home),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert second.returncode != 0
        assert "another worker uses" in second.stderr
    finally:
        first.kill()
        first.wait(timeout=30)
    finish(home)
