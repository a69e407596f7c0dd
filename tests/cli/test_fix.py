"""`clearinghouse fix isolate`: a patch, its record, and what is said where there is none."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from clearinghouse.prover.cache import cache_folder

EXAMPLES = Path(__file__).parents[2] / "examples" / "proofs"
COMMAND = Path(sys.executable).with_name("clearinghouse")


def isolate(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command as a user would, without a terminal."""
    return subprocess.run(
        [str(COMMAND), "fix", "isolate", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
        cwd=cwd,
        env={**os.environ, "CLEARINGHOUSE_CACHE": str(cache_folder())},
    )


@pytest.mark.sandbox
def test_an_invalid_bundle_is_refused_with_its_faults_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    done = isolate("broken", cwd=tmp_path)
    assert done.returncode == 65
    assert "proof.toml" in done.stderr
    assert not list((tmp_path / "broken.fix").glob("*"))


def test_a_folder_that_cannot_be_made_is_said_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = isolate(EXAMPLES / "cve-2022-40023-mako", "--out", tmp_path / "file" / "x", cwd=tmp_path)
    assert done.returncode == 2
    assert "--out" in done.stderr


@pytest.mark.sandbox
@pytest.mark.slow
@pytest.mark.registry
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("name", "functions", "hunks"),
    [
        ("cve-2022-40023-mako", ["mako.lexer:Lexer.match_tag_start"], (1, 4)),
        ("cve-2020-13757-rsa", ["rsa.pkcs1:decrypt"], (1, 170)),
    ],
)
def test_a_real_fix_is_found_at_its_place(
    name: str, functions: list[str], hunks: tuple[int, int], tmp_path: Path
) -> None:
    done = isolate(EXAMPLES / name, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout)
    assert (record["status"], record["minimal"], record["functions"]) == ("isolated", True, functions)
    assert (len(record["kept"]), record["hunks"]) == hunks
    assert record["verification"]["verdict"] == "proven"
    folder = tmp_path / f"{name}.fix"
    assert json.loads((folder / "fix.json").read_text()) == record
    release = next(
        (cache_folder() / "targets").glob(f"{name.rpartition('-')[2]}-{record['vulnerable']}-????????????????")
    )
    tree = shutil.copytree(release / "tree", tmp_path / "tree")
    patch = (folder / "fix.patch").read_bytes()
    subprocess.run(["patch", "-p1"], input=patch, cwd=tree, check=True, capture_output=True)
    assert (tree / record["kept"][0]["path"]).read_bytes() != (
        release / "tree" / record["kept"][0]["path"]
    ).read_bytes()
