"""Where control groups can be made, on hosts of every kind; the trees here are folders that look like the kernel's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from clearinghouse.prover.sandbox import cgroup_search
from clearinghouse.prover.sandbox.cgroup import Group, Place
from clearinghouse.prover.sandbox.cgroup_search import find_hierarchies, read_trees
from clearinghouse.prover.sandbox.interface import Limits

V1 = {"memory": "memory.limit_in_bytes", "pids": "pids.max", "cpu": "cpu.cfs_quota_us", "cpuacct": "cpuacct.usage"}

KERNEL_FILES = {
    1: {
        "memory.limit_in_bytes": "",
        "memory.memsw.limit_in_bytes": "",
        "memory.max_usage_in_bytes": "4096",
        "memory.oom_control": "under_oom 0\noom_kill 2\n",
        "cpu.cfs_quota_us": "",
        "cpu.cfs_period_us": "",
        "cpuacct.usage": "2500000000",
    },
    2: {
        "memory.max": "",
        "memory.swap.max": "",
        "memory.peak": "4096",
        "memory.events": "max 3\noom_kill 2\n",
        "cpu.max": "",
        "cpu.stat": "usage_usec 2500000\nuser_usec 1\n",
    },
}


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> dict[Path, list[str]]:
    """Folders made below these parents get these files, as the kernel would give; removing takes them away."""
    gives: dict[Path, list[str]] = {}
    mkdir, rmdir = Path.mkdir, Path.rmdir

    def make(path: Path, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:
        mkdir(path, mode, parents, exist_ok)
        for name in gives.get(path.parent, []):
            (path / name).touch()

    def remove(path: Path) -> None:
        for file in path.iterdir():
            file.unlink()
        rmdir(path)

    monkeypatch.setattr(Path, "mkdir", make)
    monkeypatch.setattr(Path, "rmdir", remove)
    return gives


def proc(folder: Path, mounts: list[str], membership: str) -> Path:
    """A stand-in for /proc/self."""
    here = folder / "proc"
    here.mkdir()
    (here / "mountinfo").write_text("".join(f"30 20 0:27 / {mount}\n" for mount in mounts))
    (here / "cgroup").write_text(membership)
    return here


def test_version_1_gives_each_controller_by_itself(tmp_path: Path, kernel: dict[Path, list[str]]) -> None:
    mounts, lines = [], []
    for number, (name, file) in enumerate(V1.items(), 1):
        (tmp_path / name / "mine").mkdir(parents=True)
        mounts.append(f"{tmp_path / name} rw - cgroup cgroup rw,{name}")
        lines.append(f"{number}:{name}:/mine\n")
        if name != "pids":
            kernel[tmp_path / name / "mine"] = [file, "cgroup.procs"]
    found = find_hierarchies("probe", proc=proc(tmp_path, mounts, "".join(lines)))
    assert found.places == {
        "memory": Place(1, tmp_path / "memory/mine"),
        "cpu": Place(1, tmp_path / "cpu/mine"),
        "usage": Place(1, tmp_path / "cpuacct/mine"),
    }
    assert found.missing == ("cgroup pids",)
    assert not list(tmp_path.glob("*/mine/probe"))


def test_version_2_where_controllers_are_handed_down(tmp_path: Path, kernel: dict[Path, list[str]]) -> None:
    own = tmp_path / "tree" / "service"
    own.mkdir(parents=True)
    kernel[own] = ["memory.max", "pids.max", "cpu.max", "cpu.stat", "cgroup.kill", "cgroup.procs"]
    found = find_hierarchies(
        "probe", proc=proc(tmp_path, [f"{tmp_path / 'tree'} rw - cgroup2 cgroup2 rw"], "0::/service\n")
    )
    assert set(found.places) == {"memory", "pids", "cpu", "usage", "kill"}
    assert set(found.places.values()) == {Place(2, own)}
    assert found.missing == ()


def test_version_2_alone_in_a_delegated_group_steps_aside(tmp_path: Path, kernel: dict[Path, list[str]]) -> None:
    own = tmp_path / "tree" / "service"
    own.mkdir(parents=True)
    (own / "cgroup.procs").write_text(f"{os.getpid()}\n")
    (own / "cgroup.controllers").write_text("cpu memory pids\n")
    (own / "cgroup.subtree_control").touch()
    kernel[own] = ["cgroup.procs", "cgroup.kill", "cpu.stat"]
    tree = next(
        read_trees(f"1 1 0:1 / {tmp_path / 'tree'} rw - cgroup2 cgroup2 rw\n", "0::/service\n"),
    )
    assert cgroup_search._step_aside(tree.own)
    assert (own / "clearinghouse-supervisor" / "cgroup.procs").read_text() == str(os.getpid())
    assert (own / "cgroup.subtree_control").read_text() == "+cpu"


def test_a_group_shared_with_others_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "cgroup.procs").write_text(f"1\n{os.getpid()}\n")
    (tmp_path / "cgroup.controllers").write_text("cpu memory pids\n")
    assert not cgroup_search._step_aside(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cgroup.controllers", "cgroup.procs"]


def test_a_mount_that_shows_a_part_of_the_tree_is_understood(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    mount = f"1 1 0:1 /docker/abc {tmp_path} rw - cgroup2 cgroup2 rw\n"
    assert next(read_trees(mount, "0::/docker/abc/inner\n")).own == tmp_path / "inner"
    assert next(read_trees(mount, "0::/elsewhere\n")).own == tmp_path
    assert next(read_trees(mount, "0::/../up\n")).own == tmp_path


def test_without_any_tree_nothing_is_bounded(tmp_path: Path) -> None:
    found = find_hierarchies("probe", proc=proc(tmp_path, [], ""))
    assert found.missing == ("cgroup memory", "cgroup pids", "cgroup cpu")


@pytest.mark.parametrize("version", [1, 2])
def test_limits_and_counters_speak_the_words_of_their_version(tmp_path: Path, version: int) -> None:
    for name, content in KERNEL_FILES[version].items():
        (tmp_path / name).write_text(content)
    group = Group(dict.fromkeys(("memory", "pids", "cpu", "usage"), (version, tmp_path)))
    group.restrict(Limits(memory_mib=100, pids=10))
    limit = str((100 + 24) << 20)
    if version == 1:
        assert (tmp_path / "memory.limit_in_bytes").read_text() == limit
        assert (tmp_path / "memory.memsw.limit_in_bytes").read_text() == limit
        assert (tmp_path / "cpu.cfs_quota_us").read_text() == (tmp_path / "cpu.cfs_period_us").read_text()
    else:
        assert (tmp_path / "memory.max").read_text() == limit
        assert (tmp_path / "memory.swap.max").read_text() == "0"
        assert (tmp_path / "cpu.max").read_text() == "100000 100000"
    assert (tmp_path / "pids.max").read_text() == "12"
    assert (group.cpu_seconds(), group.memory_peak_kib(), group.out_of_memory_kills()) == (2.5, 4, 2)
