"""What is asked for by several at the same moment comes about once, and rules about the last one hold."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests import databases

pytestmark = pytest.mark.database


def test_of_several_at_once_one_is_first(tmp_path: Path) -> None:
    with databases.made(tmp_path) as home:
        done = subprocess.run(
            [sys.executable, "-m", "tests.registry.child"],
            cwd=Path(__file__).parents[2],
            env=databases.environment(home),
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["came"] == {
        "accept": ["done", "not-found", "not-found", "not-found"],
        "leave": ["done", "done", "done", "refused"],
        "resign": ["done", "done", "done", "refused"],
        "revoke": ["conflict", "conflict", "conflict", "done"],
        "deactivate": ["conflict", "conflict", "conflict", "done"],
        "same address": ["conflict", "conflict", "conflict", "done"],
        "same name": ["done", "done", "done", "done"],
    }
    assert found["handles"] == ["li", "li-2", "li-3", "li-4"]
    assert found["journal"] == "None"
