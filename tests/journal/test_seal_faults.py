"""Seals while others write, and after `kill -9` anywhere: nothing is lost or sealed twice, every seal is published."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from clearinghouse.adapters.signing import envelope, keys
from clearinghouse.core.seals import Published, check_growth, read_published
from tests import databases
from tests.architecture.source import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.database


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A folder that is made by its first user, and the database that goes with it."""
    with databases.made(tmp_path) as made:
        yield made


def start(home: Path, mode: str, *, die_at: str = "") -> subprocess.Popen[str]:
    environment = databases.environment(home, DIE_AT=die_at)
    command = [sys.executable, "-m", "tests.journal.child", mode]
    return subprocess.Popen(command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE)


def run(home: Path, mode: str) -> dict[str, Any]:
    """What a check of the journal found at the end, which must be that it is whole."""
    process = start(home, mode)
    words, _ = process.communicate(timeout=110)
    assert process.returncode == 0
    found = json.loads(words.splitlines()[-1])
    assert found["broken"] is None
    assert found["sealed"] == found["entries"] > 0
    return dict(found)


def published(home: Path) -> list[Published]:
    folder = home / "published" / "journal"
    found = [read_published(path.read_bytes())[0] for path in sorted(folder.glob("seal-*.json"))]
    assert read_published((folder / "latest.json").read_bytes())[0] == found[-1]
    for before, after in pairwise(found):
        check_growth(before, after)
    return found


def test_entries_appended_while_seals_are_made_are_in_this_seal_or_the_next(home: Path) -> None:
    checked = run(home, "race")
    assert checked["entries"] >= 2 * 20 * 2 + 3
    assert len(published(home)) == checked["seals"] >= 3


@pytest.mark.parametrize(
    "place",
    [
        pytest.param("inside the transaction", marks=pytest.mark.slow),
        "before the signature",
        pytest.param("before the file", marks=pytest.mark.slow),
        pytest.param("inside the file", marks=pytest.mark.slow),
        pytest.param("before latest.json", marks=pytest.mark.slow),
    ],
)
def test_killed_on_its_way_a_seal_is_finished_at_the_next_start(home: Path, place: str) -> None:
    made = keys.make(home / "keys" / "signing.key")
    process = start(home, "work", die_at=place)
    process.communicate(timeout=110)
    assert process.returncode == -9
    checked = run(home, "check")
    (one,) = published(home)
    assert one.envelope is not None
    assert envelope.verify_seal(one.envelope, made) == one.head
    assert (checked["seals"], checked["signed"]) == (1, 1)


@pytest.mark.slow
def test_killed_at_any_moment_again_and_again_nothing_is_lost(home: Path) -> None:
    chance = random.Random(2026)
    run(home, "work")
    for _ in range(4):
        processes = [start(home, "append"), start(home, "seal")]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        time.sleep(chance.uniform(0.1, 1.5))
        for process in processes:
            process.kill()
            process.communicate(timeout=30)
    checked = run(home, "check")
    assert len(published(home)) == checked["seals"] > 1
