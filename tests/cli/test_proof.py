"""`clearinghouse proof`: a bundle is begun without overwriting anything, and checked without running anything."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from clearinghouse.prover.bundle import read_bundle
from tests.cli.test_attest import COMMAND, run
from tests.cli.test_prove import EXAMPLES, SILENT, bundle

if TYPE_CHECKING:
    from pathlib import Path

ABOUT = ("--package", "pkg:pypi/urllib3", "--vulnerable", "1.26.4")


def test_a_new_bundle_can_be_checked_at_once_and_the_next_command_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "my-proof"
    begun = run("proof", "init", folder, *ABOUT, "--fixed", "1.26.5", "--oracle", "exec", "--form", "script")
    assert begun.returncode == 0, begun.stderr
    assert set(begun.stdout.split()) == {str(folder / "proof.toml"), str(folder / "files" / "trigger.py")}
    assert f"clearinghouse proof check {folder}" in begun.stderr
    checked = run("proof", "check", folder)
    assert (checked.returncode, checked.stderr) == (0, "")
    assert checked.stdout == (
        f"{folder}: {read_bundle(folder).id}  exec, form 2, pkg:pypi/urllib3 1.26.4 against 1.26.5:"
        " What goes wrong, in one line\n"
    )
    assert run("proof", "id", folder).stdout == f"{read_bundle(folder).id}\n"


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert run("proof", "init", tmp_path / "empty", *ABOUT, "--oracle", "cpu").returncode == 0
    before = (tmp_path / "empty" / "proof.toml").read_bytes()
    (tmp_path / "file").write_text("mine")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    for name in ("empty", "file", "link"):
        again = run("proof", "init", tmp_path / name, *ABOUT, "--oracle", "exec")
        assert (again.returncode, again.stdout) == (75, "")
    assert (tmp_path / "empty" / "proof.toml").read_bytes() == before
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "not given: --package, --vulnerable, --oracle"),
        (ABOUT, "not given: --oracle"),
        ((*ABOUT, "--oracle", "magic"), "use one of: predicate"),
        ((*ABOUT, "--oracle", "cpu", "--form", "magic"), "use one of: call, script"),
        (("--package", "urllib3", "--vulnerable", "1", "--oracle", "cpu"), "target.package"),
    ],
)
def test_what_makes_no_bundle_is_told_and_leaves_nothing(
    tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    done = run("proof", "init", tmp_path / "new", *arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert words in done.stderr
    assert not (tmp_path / "new").exists()


def test_on_a_terminal_what_is_missing_is_asked_until_it_makes_sense(tmp_path: Path) -> None:
    ours, theirs = os.openpty()
    command = [str(COMMAND), "proof", "init", str(tmp_path / "new"), "--vulnerable", "1.26.4"]
    process = subprocess.Popen(command, stdin=theirs, stderr=theirs, stdout=subprocess.DEVNULL)
    os.close(theirs)
    os.write(ours, b"pkg:pypi/urllib3\n\nmagic\nwrite\n\n")
    assert process.wait(60) == 0
    said = os.read(ours, 100_000).decode()
    os.close(ours)
    assert "one of: predicate" in said
    manifest = read_bundle(tmp_path / "new").manifest
    assert (manifest.oracle.name, manifest.target.fixed) == ("write", None)


def test_every_fault_of_every_bundle_is_said(tmp_path: Path) -> None:
    wrong = bundle(tmp_path / "wrong", SILENT.replace("1.16.0", ">1").replace("[claim]", "[claim]\nx = 1"))
    good = bundle(tmp_path / "good", SILENT)
    paths = (wrong, good, EXAMPLES / "hostile-size-lie.zip", tmp_path / "absent")
    done = run("proof", "check", *paths)
    assert done.returncode == 65
    lines = done.stdout.splitlines()
    assert [line for line in lines if line.startswith(f"{wrong}: proof.toml line")] == lines[:2]
    assert lines[2].startswith(f"{good}: {read_bundle(good).id}  predicate, form 1, pkg:pypi/six 1.16.0 against 1.15.0")
    assert len(lines) == 5
    said = [json.loads(line) for line in run("proof", "check", "--json", *paths).stdout.splitlines()]
    assert [answer["path"] for answer in said] == [str(path) for path in paths]
    assert [len(answer["problems"]) for answer in said] == [2, 0, 1, 1]
    assert [answer["id"] for answer in said] == [None, read_bundle(good).id, None, None]
    assert run("proof", "id", wrong).returncode == 65


def test_checking_moves_no_cursor(tmp_path: Path) -> None:
    odd = bundle(tmp_path / "odd\x1b[2J", SILENT.replace('"t"', '"\\u001b[2J"'))
    done = run("proof", "check", odd)
    assert (done.returncode, "\x1b" in done.stdout) == (0, False)
