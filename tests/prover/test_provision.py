"""Releases are installed once, whole or not at all; what keeps one from being installed is told apart."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from typing import TYPE_CHECKING

import pytest

from clearinghouse.core.manifest import Companion, Target
from clearinghouse.prover.cache import Cache
from clearinghouse.prover.runtimes.interface import ProvisionError
from clearinghouse.prover.runtimes.python import install
from clearinghouse.prover.runtimes.python.distribution import trespass
from clearinghouse.prover.runtimes.python.interpreters import all_interpreters, fitting, own_interpreter
from clearinghouse.prover.runtimes.python.runtime import PythonRuntime

if TYPE_CHECKING:
    from pathlib import Path

SIX = Target("pkg:pypi/six", "pypi", "six", "1.15.0", "1.16.0")


def runtime(cache: Path) -> PythonRuntime:
    found = own_interpreter()
    assert found is not None
    return PythonRuntime(Cache(cache), found)


def left_half_made(cache: Path) -> list[Path]:
    return list((cache / "targets").glob(".*"))


def test_a_workshop_becomes_its_place_when_all_went_well_and_vanishes_when_not(tmp_path: Path) -> None:
    cache, place = Cache(tmp_path), tmp_path / "targets" / "x"
    with pytest.raises(FileNotFoundError), cache.workshop(place) as folder:
        (folder / "half" / "way").touch()
    assert not place.exists()
    assert left_half_made(tmp_path) == []
    with cache.workshop(place) as folder:
        (folder / "whole").touch()
        assert not place.exists()
    assert [path.name for path in place.iterdir()] == ["whole"]
    assert place.stat().st_mode & 0o777 == 0o755


def test_a_lock_is_held_by_one_at_a_time(tmp_path: Path) -> None:
    cache, inside, most = Cache(tmp_path), 0, 0
    guard = threading.Lock()

    def work() -> None:
        nonlocal inside, most
        with cache.lock("key"):
            with guard:
                inside += 1
                most = max(most, inside)
            time.sleep(0.02)
            with guard:
                inside -= 1

    workers = [threading.Thread(target=work) for _ in range(5)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert most == 1


def _hold_and_die(root: Path) -> None:
    cache = Cache(root)
    with cache.lock("x"), cache.workshop(root / "targets" / "x") as folder:
        (folder / "half").touch()
        os.kill(os.getpid(), signal.SIGKILL)


def test_what_a_killed_process_left_half_made_is_cleared_and_its_lock_is_free(tmp_path: Path) -> None:
    child = multiprocessing.get_context("spawn").Process(target=_hold_and_die, args=(tmp_path,))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    assert len(left_half_made(tmp_path)) == 1
    cache, place = Cache(tmp_path), tmp_path / "targets" / "x"
    with cache.lock("x"), cache.workshop(place) as folder:
        (folder / "whole").touch()
    assert left_half_made(tmp_path) == []
    assert [path.name for path in place.iterdir()] == ["whole"]


def test_an_installer_that_hangs_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = tmp_path / "uv"
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setattr(install, "uv_executable", lambda: str(slow))
    monkeypatch.setattr(install, "_TIMEOUT", 0.3)
    with pytest.raises(ProvisionError, match="took longer") as caught:
        runtime(tmp_path / "cache").install(SIX, "1.16.0")
    assert caught.value.kind == "infra"
    assert left_half_made(tmp_path / "cache") == []


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("Because there is no version of six==99 and you require six==99", "no_release"),
        ("Because nope was not found in the package registry", "no_release"),
        ("Because six==1.0 has no usable wheels and building from source is disabled", "no_wheel"),
        ("error: Failed to fetch: dns error", "infra"),
    ],
)
def test_the_installers_words_tell_whose_fault_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: str, kind: str
) -> None:
    fake = tmp_path / "uv"
    fake.write_text(f"#!/bin/sh\necho '{words}' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setattr(install, "uv_executable", lambda: str(fake))
    with pytest.raises(ProvisionError) as caught:
        runtime(tmp_path / "cache").install(SIX, "1.16.0")
    assert caught.value.kind == kind


def test_the_interpreters_begin_with_the_provers_own_and_none_comes_twice() -> None:
    found = all_interpreters()
    assert found[0] == own_interpreter()
    assert len({item.version for item in found}) == len(found)
    assert fitting(None) == found
    assert fitting(found[0].version)[0] == fitting(found[0].minor)[0] == found[0]
    assert fitting("3.99") == ()


@pytest.mark.registry
def test_a_release_is_installed_and_found_again(tmp_path: Path) -> None:
    python = runtime(tmp_path)
    first = python.install(SIX, "1.16.0")
    assert {"six.py", "six-1.16.0.dist-info/METADATA", "six-1.16.0.dist-info/RECORD"} <= set(first.own)
    assert all((first.tree / path).is_file() for path in first.own)
    assert "--hash=sha256:" in first.resolved
    assert (first.tree / "six.py").stat().st_mode & 0o777 == 0o644
    inode = (first.tree / "six.py").stat().st_ino
    assert python.install(SIX, "1.16.0") == first
    assert (first.tree / "six.py").stat().st_ino == inode
    assert python.install(SIX, "1.15.0").digest != first.digest


@pytest.mark.registry
@pytest.mark.parametrize(
    ("name", "version", "kind"),
    [
        ("six", "99.99", "no_release"),
        ("this-project-is-not-there-4f1c", "1.0", "no_release"),
        ("future", "0.18.2", "no_wheel"),
    ],
)
def test_what_cannot_be_installed_is_told_apart_and_leaves_nothing(
    tmp_path: Path, name: str, version: str, kind: str
) -> None:
    target = Target(f"pkg:pypi/{name}", "pypi", name, version)
    with pytest.raises(ProvisionError) as caught:
        runtime(tmp_path).install(target, version)
    assert caught.value.kind == kind, caught.value
    assert left_half_made(tmp_path) == []


@pytest.mark.registry
def test_companions_are_installed_beside_the_target_and_may_not_stand_in_its_place(tmp_path: Path) -> None:
    target = Target("pkg:pypi/six", "pypi", "six", "1.16.0", None, (Companion("idna", "3.7"),))
    installed = runtime(tmp_path).install(target, "1.16.0")
    assert (installed.tree / "idna" / "__init__.py").is_file()
    assert not any(path.startswith("idna") for path in installed.own)
    assert trespass(installed, {"idna"}) is None
    shadow = Target("pkg:pypi/six", "pypi", "six", "1.16.0", None, (Companion("argparse", "1.4.0"),))
    fault = trespass(runtime(tmp_path).install(shadow, "1.16.0"), {"argparse"})
    assert fault is not None
    assert "argparse" in fault
    assert "standard library" in fault


def _install(cache: Path) -> int:
    return (runtime(cache).install(SIX, "1.16.0").tree / "six.py").stat().st_ino


@pytest.mark.registry
def test_two_processes_at_once_install_one_release(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        assert len(set(pool.map(_install, [tmp_path] * 2))) == 1
    assert left_half_made(tmp_path) == []
    assert sum(1 for path in (tmp_path / "targets").iterdir()) == 1
