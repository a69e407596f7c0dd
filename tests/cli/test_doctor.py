"""`clearinghouse doctor`: every layer in words or as one object, and an exit code that scripts can ask."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from clearinghouse.cli import doctor
from clearinghouse.cli.doctor import doctor_command
from clearinghouse.prover.sandbox.checkup import Checkup, Layer, Trial

if TYPE_CHECKING:
    from collections.abc import Callable

HELD = (Trial("fork without end", (), 0.1),)
THERE = Layer("bubblewrap", ok=True, found="bubblewrap 1")
GONE = Layer("cgroup memory", ok=False, found="cannot be written", meaning="a weaker grade", remedy="delegate it")
SLOW = Layer("init", ok=False, found="Python", meaning="slower", remedy="a compiler", needed=False)


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> Callable[[Checkup], None]:
    """Have the command find this."""
    return lambda checkup: monkeypatch.setattr(doctor, "check_up", lambda _state: checkup)


@pytest.mark.parametrize(
    ("checkup", "code"),
    [
        (Checkup("g2", (THERE,), HELD), 0),
        (Checkup("g2", (THERE, SLOW), HELD), 0),
        (Checkup("g1 (without: cgroup memory)", (THERE, GONE), HELD), 1),
        (Checkup("", (GONE,)), 69),
        (Checkup("g2", (THERE,), (*HELD, Trial("fly", ("could fly",), 0.1))), 69),
    ],
)
def test_the_exit_code_says_whether_proofs_run_and_how_well(
    seen: Callable[[Checkup], None], checkup: Checkup, code: int
) -> None:
    seen(checkup)
    assert doctor_command(as_json=False) == code
    assert doctor_command(as_json=True) == code


def test_what_is_missing_is_said_with_what_follows_and_what_mends_it(
    seen: Callable[[Checkup], None], capsys: pytest.CaptureFixture[str]
) -> None:
    seen(Checkup("g1 (without: cgroup memory)", (THERE, GONE, SLOW), (*HELD, Trial("fly", ("could fly",), 0.1))))
    doctor_command(as_json=False)
    said = capsys.readouterr().out
    assert [line.split()[0] for line in said.splitlines() if line[:1].strip()][:4] == [
        "ok",
        "missing",
        "note",
        "BROKEN",
    ]
    for words in ("a weaker grade", "delegate it", "1 of 2 contained", "fly: could fly", "Run no proof"):
        assert words in said


@pytest.mark.sandbox
def test_the_command_looks_at_this_machine(tmp_path: Path) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("clearinghouse"), "doctor", "--json"],
        env={"CLEARINGHOUSE_CACHE": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    (line,) = done.stdout.splitlines()
    found = json.loads(line)
    assert set(found) == {"isolation", "contained", "layers", "hostile"}
    assert found["contained"], done.stdout
    assert done.returncode == (0 if found["isolation"] == "g2" else 1)
    assert done.stderr == ""
