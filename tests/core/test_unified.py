"""Patches are written as git and patch read them, byte for byte."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearinghouse.core.hunks import difference
from clearinghouse.core.unified import unified_diff

if TYPE_CHECKING:
    from pathlib import Path

OLD = {
    "pkg/a.py": b"".join(b"line %d\n" % number for number in range(40)),
    "pkg/gone.py": b"x\ny\n",
    "pkg/crlf.txt": b"one\r\ntwo\r\n",
    "pkg/open.txt": b"first\nno end",
}
NEW = {
    "pkg/a.py": OLD["pkg/a.py"]
    .replace(b"line 3\n", b"")
    .replace(b"line 8\n", b"eight\n")
    .replace(b"line 39\n", b"end"),
    "pkg/new.py": b"z\n",
    "pkg/empty.py": b"",
    "pkg/crlf.txt": b"one\r\n2\r\n",
    "pkg/open.txt": b"first\nend\n",
}


def written(folder: Path, files: dict[str, bytes]) -> Path:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def read(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("command", [["git", "apply", "-"], ["patch", "-p1", "--binary", "--no-backup-if-mismatch"]])
def test_git_and_patch_make_the_new_files_of_the_old_ones(command: list[str], tmp_path: Path) -> None:
    folder = written(tmp_path / "tree", OLD)
    diff = unified_diff(OLD, difference(OLD, NEW).hunks)
    subprocess.run(command, input=diff, cwd=folder, check=True, capture_output=True)
    assert read(folder) == NEW


def test_near_changes_share_a_hunk_and_far_ones_do_not() -> None:
    diff = unified_diff(OLD, [hunk for hunk in difference(OLD, NEW).hunks if hunk.path == "pkg/a.py"])
    assert [line for line in diff.split(b"\n") if line.startswith(b"@@")] == [
        b"@@ -1,12 +1,11 @@",
        b"@@ -37,4 +36,4 @@",
    ]


def test_nothing_chosen_is_an_empty_patch() -> None:
    assert unified_diff(OLD, []) == b""


TEXT = st.lists(st.sampled_from([b"a\n", b"b\n", b"c\n", b"\n"]), max_size=25).map(b"".join)


@settings(max_examples=25)
@given(TEXT, TEXT)
def test_git_agrees_about_any_two_texts(tmp_path_factory: pytest.TempPathFactory, old: bytes, new: bytes) -> None:
    folder = written(tmp_path_factory.mktemp("tree"), {"f": old})
    diff = unified_diff({"f": old}, difference({"f": old}, {"f": new}).hunks)
    if old != new:
        subprocess.run(["git", "apply", "-"], input=diff, cwd=folder, check=True, capture_output=True)
    assert read(folder) == {"f": new}
