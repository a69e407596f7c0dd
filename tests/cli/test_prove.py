"""`clearinghouse prove`: one answer a path, in order, and an exit code that says the worst of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from clearinghouse.cli.prove import Answer, exit_code, keep
from clearinghouse.core.proof import ProofResult, Verdict
from clearinghouse.prover.cache import cache_folder

EXAMPLES = Path(__file__).parents[2] / "examples" / "proofs"
COMMAND = Path(sys.executable).with_name("clearinghouse")
HEAD = """\
schema = "clearinghouse.proof/1"
[claim]
title = "t"
[target]
package = "pkg:pypi/six"
vulnerable = "1.16.0"
"""
SILENT = HEAD + (
    'fixed = "1.15.0"\n[run]\ncall = "six:ensure_str"\nargs = ["x"]\n[oracle]\nname = "predicate"\ninsecure = "y"\n'
)
DIFFERENT = HEAD + (
    'fixed = "1.15.0"\n[run]\ncall = "six:ensure_str"\nargs = [{ "$bytes" = "x" }]\ncontrol_args = ["y"]\n'
    '[oracle]\nname = "predicate"\ninsecure = "x"\n'
)
ABSENT = SILENT.replace("1.16.0", "99.99")
OLD = SILENT.replace("[run]", '[runtime]\nversion = "3.99"\n[run]')


def prove(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user would."""
    return subprocess.run(
        [str(COMMAND), "prove", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        env={**os.environ, **environment},
    )


def bundle(folder: Path, manifest: str) -> Path:
    folder.mkdir()
    (folder / "proof.toml").write_text(manifest)
    return folder


def answers(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(
    ("verdicts", "code"),
    [
        ([Verdict.PROVEN, Verdict.REPRODUCED, Verdict.DIFFERS], 0),
        ([Verdict.PROVEN, Verdict.FLAKY], 1),
        ([Verdict.NOT_REPRODUCED], 1),
        ([Verdict.INFRA_ERROR, Verdict.UNSUPPORTED], 1),
        ([Verdict.NOT_REPRODUCED, Verdict.INVALID, Verdict.PROVEN], 65),
    ],
)
def test_the_exit_code_says_the_worst(verdicts: list[Verdict], code: int) -> None:
    assert exit_code([ProofResult("id", verdict) for verdict in verdicts]) == code


def test_the_cache_is_where_the_user_says_or_where_caches_lie(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.delenv("CLEARINGHOUSE_CACHE", raising=False)
    assert cache_folder() == tmp_path / "clearinghouse"
    monkeypatch.setenv("CLEARINGHOUSE_CACHE", str(tmp_path / "own"))
    assert cache_folder() == tmp_path / "own"


@pytest.mark.parametrize("path", ["..", "/", ".", "a/../..", "bundle.zip"])
def test_what_is_kept_stays_in_its_folder(tmp_path: Path, path: str) -> None:
    result = ProofResult("id", Verdict.PROVEN, logs={"d" * 64: "log \udcff"})
    keep(tmp_path / "kept", 1, Answer(path, result))
    (place,) = (tmp_path / "kept").iterdir()
    assert json.loads((place / "result.json").read_text())["path"] == path
    assert (place / "logs" / f"{'d' * 64}.txt").is_file()


def test_no_path_and_an_unknown_option_are_usage_errors() -> None:
    assert prove().returncode == 2
    assert prove("--jsn", "x").returncode == 2


@pytest.mark.sandbox
def test_json_gives_one_object_a_path_in_order_also_for_what_is_no_bundle(tmp_path: Path) -> None:
    paths = [
        tmp_path / "nothing",
        bundle(tmp_path / "empty", ""),
        EXAMPLES / "hostile-over-size.tar.gz",
        bundle(tmp_path / "old", OLD),
        EXAMPLES / "hostile-unknown-key",
    ]
    done = prove("--json", *paths, CLEARINGHOUSE_CACHE=str(tmp_path / "cache"))
    found = answers(done)
    assert [answer["path"] for answer in found] == [str(path) for path in paths]
    assert [answer["verdict"] for answer in found] == ["invalid", "invalid", "invalid", "unsupported", "invalid"]
    assert [answer["id"] is None for answer in found] == [True, True, True, False, True]
    assert all({"path", "id", "verdict", "grade", "confirm", "reasons", "matrix"} <= answer.keys() for answer in found)
    assert all(answer["reasons"] for answer in found)
    assert done.returncode == 65
    assert done.stderr == ""


@pytest.mark.sandbox
def test_a_table_is_for_people_and_takes_no_orders_from_a_bundle(tmp_path: Path) -> None:
    odd = bundle(tmp_path / "[bold]odd[bold]", HEAD.replace('"t"', '"[red]x[/red]\\u001b[2J"') + "x = 1\n")
    done = prove(odd, CLEARINGHOUSE_CACHE=str(tmp_path / "cache"), COLUMNS="200")
    assert "[bold]odd[bold]" in done.stdout
    assert "invalid" in done.stdout
    assert "\x1b" not in done.stdout
    assert done.returncode == 65


def test_without_a_sandbox_nothing_runs_and_one_line_says_what_to_do(tmp_path: Path) -> None:
    broken = tmp_path / "bin" / "bwrap"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\necho --size --perms\necho 'No permissions to create a new namespace' >&2\nexit 1\n")
    broken.chmod(0o755)
    path = f"{broken.parent}{os.pathsep}{os.environ['PATH']}"
    done = prove("--json", EXAMPLES / "hostile-symlink", PATH=path, CLEARINGHOUSE_CACHE=str(tmp_path / "cache"))
    assert done.returncode == 69
    assert done.stdout == ""
    assert done.stderr.startswith("clearinghouse: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.registry
@pytest.mark.sandbox
@pytest.mark.parametrize(
    ("manifest", "verdict", "code"),
    [(SILENT, "not_reproduced", 1), (DIFFERENT, "fix_ineffective", 1), (ABSENT, "build_failed", 1)],
)
def test_an_unsupported_claim_ends_with_one(tmp_path: Path, manifest: str, verdict: str, code: int) -> None:
    done = prove("--json", bundle(tmp_path / "b", manifest), CLEARINGHOUSE_CACHE=str(tmp_path / "cache"))
    assert [answer["verdict"] for answer in answers(done)] == [verdict], done
    assert done.returncode == code


@pytest.mark.registry
@pytest.mark.sandbox
def test_a_proven_claim_ends_with_zero_and_its_logs_can_be_kept(tmp_path: Path) -> None:
    done = prove(
        "--json",
        EXAMPLES / "cve-2022-40023-mako",
        "--keep",
        tmp_path / "kept",
        CLEARINGHOUSE_CACHE=str(tmp_path / "c"),
    )
    (answer,) = answers(done)
    assert (answer["verdict"], answer["grade"]) == ("proven", "A"), done
    assert done.returncode == 0
    (place,) = (tmp_path / "kept").iterdir()
    assert json.loads((place / "result.json").read_text()) == answer
    logs = {path.stem for path in (place / "logs").iterdir()}
    assert logs == {digest for row in answer["matrix"] for digest in row["logs"]}
    assert not list((tmp_path / "c" / "run").glob("bundles/*"))
