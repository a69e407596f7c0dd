"""The scripts set up everything by themselves, mend what was interrupted, and say in one line what a machine lacks."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tests.architecture.source import ROOT, committed_files

if TYPE_CHECKING:
    from pathlib import Path

SCRIPTS = ["bootstrap", "demo", "lint", "postgres", "serve", "test"]
TOOLS = ["sh", "cat", "cksum", "dirname", "mkdir", "rm", "sed", "tail", "uname"]


def _clone(folder: Path) -> Path:
    """The files that are, or would be, committed: what a fresh clone holds."""
    for path in committed_files():
        target = folder / "clone" / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    return folder / "clone"


def _path_without_python(folder: Path) -> str:
    (folder / "bin").mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found
        (folder / "bin" / tool).symlink_to(found)
    return str(folder / "bin")


def _bootstrap(clone: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [str(clone / "script" / "bootstrap")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)


def _bare(clone: Path, **more: str) -> dict[str, str]:
    """Nothing but a path to the system's programs, this interpreter, and what reaches the package index from here."""
    passed = {
        key: os.environ[key] for key in ("SSL_CERT_FILE", "PIP_INDEX_URL", "UV_DEFAULT_INDEX") if key in os.environ
    }
    return {"HOME": str(clone.parent), "PATH": "/usr/bin:/bin", "PYTHON": sys.executable, **passed, **more}


@pytest.mark.parametrize("name", SCRIPTS)
def test_each_script_is_executable_plain_sh_without_faults_of_syntax(name: str) -> None:
    script = ROOT / "script" / name
    assert script.read_text().startswith("#!/bin/sh\n")
    assert os.access(script, os.X_OK)
    assert subprocess.run(["/bin/sh", "-n", str(script)], check=False).returncode == 0


def test_without_python_one_line_says_so_and_the_exit_code_is_69(tmp_path: Path) -> None:
    result = _bootstrap(ROOT, PATH=_path_without_python(tmp_path))
    assert result.returncode == 69
    assert result.stderr.count("\n") == 1
    assert "needs Python 3.11 or newer" in result.stderr


def test_an_older_python_is_refused_by_its_name(tmp_path: Path) -> None:
    old = tmp_path / "python3.8"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    result = _bootstrap(ROOT, PATH=_path_without_python(tmp_path), PYTHON=str(old))
    assert result.returncode == 69
    assert result.stderr == f"clearinghouse: PYTHON={old} is not a Python 3.11 or newer\n"


@pytest.mark.slow
@pytest.mark.registry
def test_an_interrupted_set_up_is_mended_by_the_next_run(tmp_path: Path) -> None:
    clone = _clone(tmp_path)
    command = [str(clone / "script" / "bootstrap")]
    first = subprocess.Popen(command, env=_bare(clone), stderr=subprocess.DEVNULL, start_new_session=True)
    while not (clone / ".venv" / "bin" / "uv").exists():
        assert first.poll() is None, "the set-up ended before it could be interrupted"
        time.sleep(0.01)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    assert not (clone / ".venv" / ".stamp").exists()
    mended = _bootstrap(clone, **_bare(clone))
    assert mended.returncode == 0, mended.stderr
    python = clone / ".venv" / "bin" / "python"
    subprocess.run([python, "-c", "import clearinghouse, django, pytest"], check=True)
    again = _bootstrap(clone, **_bare(clone))
    assert (again.returncode, again.stderr) == (0, "")


@pytest.mark.slow
@pytest.mark.registry
def test_two_set_ups_at_once_make_one_environment(tmp_path: Path) -> None:
    clone = _clone(tmp_path)
    command = [str(clone / "script" / "bootstrap")]
    pair = [subprocess.Popen(command, env=_bare(clone), stderr=subprocess.PIPE, text=True) for _ in range(2)]
    words = sorted(process.communicate(timeout=300)[1] for process in pair)
    assert [process.returncode for process in pair] == [0, 0]
    assert "another set-up of this folder is running" in words[0]
    assert "setting up .venv" in words[1]
    subprocess.run([clone / ".venv" / "bin" / "python", "-c", "import clearinghouse, django"], check=True)
