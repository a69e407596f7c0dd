"""The main job on PostgreSQL by the program itself: two workers share the work, one is killed, nothing is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from tests import databases

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.database,
    pytest.mark.slow,
    pytest.mark.registry,
    pytest.mark.sandbox,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not databases.SERVER, reason="several workers need PostgreSQL: ./script/test --postgres"),
]
EXAMPLES = Path(__file__).parents[2] / "examples"
REPORTS = [
    ("Lab One", "proofs/cve-2024-4340-sqlparse"),
    ("Lab Two", "reports/lab-seven/sqlparse-nesting-crash"),
    ("Lab One", "proofs/cve-2024-34064-jinja2"),
    ("Lab Two", "proofs/cve-2024-22195-jinja2"),
    ("Lab Two", "proofs/hostile-does-nothing"),
]
COMMAND = [sys.executable, "-c", "from clearinghouse.cli.main import main; main()"]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    with databases.made(tmp_path / "home") as made:
        yield made


def start(home: Path, *arguments: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([*COMMAND, *arguments], env=databases.environment(home))


def rows(home: Path, *arguments: str) -> list[dict[str, Any]]:
    environment = databases.environment(home)
    done = subprocess.run([*COMMAND, *arguments, "--json"], env=environment, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def decided(home: Path) -> int:
    with psycopg.connect(databases.address(home)) as connection:
        found = connection.execute("SELECT count(*) FROM proofs_proof WHERE verdict != ''").fetchone()
    assert found is not None
    return int(found[0])


def test_two_workers_share_real_proofs_and_one_of_them_is_killed(home: Path) -> None:
    for finder, path in REPORTS:
        assert start(home, "submit", str(EXAMPLES / path), "--finder", finder).wait(timeout=100) == 0
    first = start(home, "work", "--lanes", "1")
    second = start(home, "work", "--lanes", "1", "--until-idle")
    try:
        deadline = time.monotonic() + 200
        while not decided(home):
            assert time.monotonic() < deadline
            time.sleep(0.2)
        first.kill()
        assert second.wait(timeout=300) == 0
    finally:
        for process in (first, second):
            process.kill()
            process.wait(timeout=30)
    found = rows(home, "report", "list")
    assert [row for row in found if row["state"] not in {"attached", "returned"}] == []
    assert len(rows(home, "case", "list")) == 3
    assert rows(home, "journal", "verify")[0]["broken"] is None
    assert os.path.lexists(home / "worker-id")
