"""No cheat gets an unearned verdict: `bench/cheats.py` proves them all and finds none false."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from clearinghouse.core.proof import Verdict

ROOT = Path(__file__).parents[2]
CHEATS = ROOT / "bench" / "cheats"


def table() -> dict[str, dict[str, Any]]:
    """What is declared of each cheat."""
    return tomllib.loads((CHEATS / "expected.toml").read_text())


def test_every_cheat_is_declared_once_and_there_are_sixty_at_least() -> None:
    folders = sorted(path.name for path in CHEATS.iterdir() if path.is_dir())
    assert sorted(table()) == folders
    assert len(folders) >= 60
    assert [name for name in folders if not (CHEATS / name / "proof.toml").is_file()] == []


def test_only_documented_limits_may_support_a_claim() -> None:
    passing = {name for name, entry in table().items() if any(Verdict(v).supports_the_claim for v in entry["verdicts"])}
    assert passing == {name for name, entry in table().items() if entry.get("residual")}
    assert passing == {
        "residual-differs-harmlessly",
        "residual-documented-feature",
        "residual-harmless-difference",
    }


@pytest.mark.slow
@pytest.mark.registry
@pytest.mark.sandbox
@pytest.mark.timeout(2400)
def test_no_cheat_gets_a_verdict_that_it_has_not_earned() -> None:
    command = [sys.executable, str(ROOT / "bench" / "cheats.py")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert lines, result.stderr
    summary = lines.pop()
    assert [line["cheat"] for line in lines] == list(table()), result.stderr
    assert summary["false"] == []
    assert [(line["cheat"], line["verdict"], line["reasons"]) for line in lines if not line["acceptable"]] == []
    assert result.returncode == 0
