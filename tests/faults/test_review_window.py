"""A window closes once, on time, and everything with it, whoever was killed when; and the secret is nowhere."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests import databases
from tests.reviews.factories import ADDRESS, SECRET

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [pytest.mark.database, pytest.mark.slow, pytest.mark.timeout(110)]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "home"
    folder.mkdir()
    with databases.made(folder) as made:
        yield made


def child(home: Path, mode: str) -> list[str]:
    command = [sys.executable, "-m", "tests.faults.review_child", mode]
    done = subprocess.run(
        command, cwd=ROOT, env=databases.environment(home), capture_output=True, text=True, check=True, timeout=100
    )
    secret_free(done.stdout + done.stderr)
    return done.stdout.splitlines()


def secret_free(text: str) -> None:
    assert SECRET not in text
    assert ADDRESS not in text


def worker(home: Path, mode: str = "work") -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.faults.review_child", mode]
    (home / "ready").unlink(missing_ok=True)
    env = databases.environment(home, OFFER_SECONDS="300")
    started = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True)
    while not (home / "ready").exists():
        assert started.poll() is None
        time.sleep(0.02)
    secret_free(Path(f"/proc/{started.pid}/cmdline").read_text())
    return started


def living(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_killed_a_second_before_the_end_the_window_closes_once_and_no_secret_was_written(home: Path) -> None:
    made = json.loads(child(home, "prepare")[-1])
    try:
        first = worker(home, "carry")
        carried = int((home / "ready").read_text())
        secret_free(Path(f"/proc/{carried}/cmdline").read_text() + Path(f"/proc/{carried}/environ").read_text())
        time.sleep(max(0.0, made["closes"] - 1 - time.time()))
        first.send_signal(signal.SIGKILL)
        first.communicate()
        assert Path(f"/proc/{made['pid']}").exists(), "nobody was there to end it"
        until = time.monotonic() + 20
        while living(carried):
            assert time.monotonic() < until, "what a worker carries out ends with it"
            time.sleep(0.02)
        two = [worker(home), worker(home)]
        said = "".join(one.communicate(timeout=90)[0] for one in two)
        assert [one.returncode for one in two] == [0, 0]
        assert (said.count("window closed"), said.count(": stopped")) == (1, 2)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.kill(made["pid"], signal.SIGKILL)
    seen = json.loads(child(home, "look")[-1])
    assert seen["late"] >= 0
    assert {**seen, "late": 0} == {
        "state": "analysis",
        "ended": 1,
        "late": 0,
        "sealed": 0,
        "evaluations": ["cancelled", "cancelled"],
        "released": 1,
        "broken": "None",
    }
    for path in home.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert SECRET.encode() not in content, path
            assert ADDRESS.encode() not in content, path
