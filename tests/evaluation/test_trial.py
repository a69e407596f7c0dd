"""What tries a fuzzer's candidates tells what came of each, for both languages, and goes on after one that hangs."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from clearinghouse.evaluation.agents import trial

AGENTS = Path(trial.__file__).parent
PYTHON = """
import os
def work(what):
    if what == "hang":
        while True: pass
    if what == "die":
        os.abort()
    if what.startswith("/"):
        open(what, "a").close() if what.endswith("written") else os.system(what)
    return open(what).read() if what.endswith("token") else [].index(what) if what == "raise" else what
"""
NODE = """
const fs = require('fs');
exports.work = (what) => {
  if (typeof what === 'object') return ({})['__proto__' in what && Object.keys(what)[0]].left = what.__proto__;
  if (what === 'hang') for (;;);
  if (what === 'die') process.abort();
  if (what.endsWith('written')) fs.writeFileSync(what, '');
  if (what.endsWith('program')) require('child_process').execFileSync(what);
  if (what === 'raise') null.x;
  if (what === 'deep') exports.work('deep');
  return what.endsWith('token') ? fs.readFileSync(what, 'utf8') : what;
};
"""
WHATS = ["fine", "hang", "die", "raise", "{{canary.read}}", "{{canary.write}}", "{{canary.exec}}", "after"]


def told(folder: Path, program: str, name: str, values: list[Any]) -> list[dict[str, Any]]:
    """What the trial says of each candidate."""
    (folder / "canary").mkdir()
    (folder / "canary" / "token").write_text("0123456789abcdef")
    orders = {"steps": [{"call": "target_of_trial:work", "args": [{"$input": "a"}]}], "seconds": 0.3, "until": 20}
    (folder / "trial.json").write_text(
        json.dumps({**orders, "values": [{"a": one} for one in values], "decoys": False})
    )
    ran = subprocess.run(
        [program, AGENTS / name], cwd=folder, capture_output=True, check=True, timeout=60,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(folder), "NODE_PATH": str(folder)},
    )  # fmt: skip
    return [json.loads(line) for line in ran.stdout.splitlines()]


def test_a_trial_in_python_tells_what_came_of_each_candidate(tmp_path: Path) -> None:
    (tmp_path / "target_of_trial.py").write_text(PYTHON)
    said = told(tmp_path, sys.executable, "trial.py", WHATS)
    hows = [one["how"] for one in said]
    assert hows == ["ok", "late", "signal 6", "ValueError", "ok", "ok", "ok", "ok"]
    assert said[3]["report"].startswith("raised builtins.ValueError: ")
    assert said[1]["cpu"] >= 0.2
    names = ("read", "written", "started")
    assert [index for index, one in enumerate(said) for name in names if one.get(name)] == [4, 5, 6]


@pytest.mark.skipif(shutil.which("node") is None, reason="there is no node here")
def test_a_trial_in_node_tells_the_same_and_which_candidate_pollutes(tmp_path: Path) -> None:
    (tmp_path / "target_of_trial.js").write_text(NODE)
    dirty = {"__proto__": "{{canary.token}}"}
    said = told(tmp_path, str(shutil.which("node")), "trial.js", [*WHATS, "deep", dirty, "after"])
    hows = [one["how"] for one in said]
    assert hows == ["ok", "late", "signal 6", "TypeError", "ok", "ok", "ok", "ok", "RecursionError", "ok", "ok"]
    names = ("read", "written", "started", "polluted")
    assert [index for index, one in enumerate(said) for name in names if one.get(name)] == [4, 5, 6, 9]
