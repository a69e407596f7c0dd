"""The harness's files: plain JavaScript that this Node reads, each with what it promises, shipped with the package."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from clearinghouse.prover.cache import Cache
from clearinghouse.prover.runtimes.node.harness_copy import SOURCE, harness_for

if TYPE_CHECKING:
    from pathlib import Path

    from clearinghouse.prover.runtimes.node.executables import Node

FILES = sorted(SOURCE.glob("*.js"))


def test_there_is_a_harness() -> None:
    assert {"call.js", "script.js", "pollution.js"} <= {path.name for path in FILES}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_each_file_is_strict_and_says_first_what_it_decides_or_promises(path: Path) -> None:
    first, second, *_ = path.read_text(encoding="utf-8").splitlines()
    assert first == "'use strict';"
    assert second.startswith("// ")
    assert len(second) > 40


def test_node_reads_every_file(node: Node) -> None:
    for path in (*FILES, SOURCE.parent / "inert.js"):
        done = subprocess.run([str(node.executable), "--check", str(path)], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, ""), path


def test_a_copy_is_made_once_and_readable_by_all(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    place = harness_for(cache)
    assert harness_for(cache) == place
    assert {path.name for path in place.iterdir()} == {path.name for path in FILES}
    assert all(path.stat().st_mode & 0o044 == 0o044 for path in place.iterdir())
