"""Several workers look at the clock at one moment: what is due is done once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import databases
from tests.cases.clock_child import CASES

pytestmark = pytest.mark.database
ROOT = Path(__file__).parents[2]


def test_when_four_look_at_once_each_embargo_ends_once_and_each_silence_counts_once(tmp_path: Path) -> None:
    out = tmp_path / "seen.json"
    with databases.made(tmp_path / "home") as home:
        command = [sys.executable, "-m", "tests.cases.clock_child", str(out)]
        subprocess.run(command, cwd=ROOT, env=databases.environment(home), check=True, timeout=110)
    seen = json.loads(out.read_text())
    ended = [line for line in seen["struck"] if line.endswith("embargo ended")]
    silent = [line for line in seen["struck"] if line.endswith("did not answer")]
    assert (len(ended), len(set(ended)), seen["ended"]) == (CASES, CASES, CASES)
    assert (len(silent), len(set(silent))) == (CASES, CASES)
    assert seen["broken"] == "None"
