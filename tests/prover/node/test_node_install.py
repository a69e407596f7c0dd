"""npm as the installer: what of the operator's settings counts, what its failures mean, what is kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from clearinghouse.core.errors import Unavailable
from clearinghouse.core.manifest import Claim, Companion, Manifest, OracleSpec, Runtime, ScriptRun, Target
from clearinghouse.core.proof import OracleName
from clearinghouse.prover.cache import Cache
from clearinghouse.prover.runtimes.interface import ProvisionError, RuntimeMissing, Workbench
from clearinghouse.prover.runtimes.node.executables import Node, all_nodes
from clearinghouse.prover.runtimes.node.install import install
from clearinghouse.prover.runtimes.node.npm import fault, honoured
from clearinghouse.prover.runtimes.node.packages import resolved_of, trespass
from clearinghouse.prover.runtimes.node.registry import releases_in
from clearinghouse.prover.runtimes.node.runtime import node_runtimes

if TYPE_CHECKING:
    from pathlib import Path

    from clearinghouse.prover.sandbox.bubblewrap import BubblewrapSandbox


def test_of_the_operators_settings_only_those_count_that_say_where_packages_come_from() -> None:
    user = "registry=https://mirror.invalid/\nignore-scripts=false\n//mirror.invalid/:_authToken=x\nlegacy-peer-deps=true\n"
    machine = (
        "registry=https://other.invalid/\ncafile=/etc/ca.pem\nbefore=2020-01-01\n@team:registry=https://t.invalid/\n"
    )
    kept = honoured([machine, user]).splitlines()
    assert sorted(kept) == [
        "//mirror.invalid/:_authToken=x",
        "@team:registry=https://t.invalid/",
        "cafile=/etc/ca.pem",
        "registry=https://mirror.invalid/",
    ]


@pytest.mark.parametrize(
    ("stdout", "stderr", "kind"),
    [
        ('{"error": {"code": "ETARGET", "summary": "No matching version"}}', "", "no_release"),
        ('{"error": {"code": "E404", "summary": "Not Found"}}', "", "no_release"),
        ('{"error": {"code": "EBADPLATFORM", "summary": "Unsupported"}}', "", "unsupported"),
        ('{"error": {"code": "ENOTFOUND", "summary": "getaddrinfo"}}', "", "infra"),
        ("", "npm ERR! code ETARGET\nnpm ERR! notarget", "no_release"),
        ("nonsense", "npm error code EINTEGRITY", "infra"),
        ('["x"]', "", "infra"),
    ],
)
def test_what_npm_failed_of_decides_who_is_at_fault(stdout: str, stderr: str, kind: str) -> None:
    assert fault(stdout, stderr, "x@1.0.0").kind == kind


def test_what_is_recorded_names_places_versions_and_hashes_and_no_registry() -> None:
    packages = {
        "": {"name": "x"},
        "node_modules/b": {"version": "2.0.0", "integrity": "sha512-b", "resolved": "https://mirror.invalid/b.tgz"},
        "node_modules/a": {"version": "1.0.0", "integrity": "sha512-a"},
    }
    assert resolved_of({"packages": packages}) == "node_modules/a 1.0.0 sha512-a\nnode_modules/b 2.0.0 sha512-b\n"


def test_a_companion_by_the_name_of_a_module_of_node_or_of_the_target_trespasses() -> None:
    builtins = frozenset({"fs", "events", "fs/promises"})
    assert trespass(builtins, ["ms", "@scope/fs"], "ini") is None
    assert "a module of Node" in (trespass(builtins, ["events"], "ini") or "")
    assert "name of the target" in (trespass(builtins, ["INI"], "ini") or "")


def test_what_the_registry_says_of_releases_is_read_whether_one_or_many() -> None:
    many = releases_in(
        '{"versions": ["1.0.0", "1.0.1"], "time": {"created": "x", "1.0.0": "2020-01-02T03:04:05.678Z"}}'
    )
    assert [(version, time and time.year) for version, time in many] == [("1.0.0", 2020), ("1.0.1", None)]
    assert releases_in('{"versions": "1.0.0", "time": {}}') == [("1.0.0", None)]
    for said in ("", "[]", '{"time": {}}'):
        with pytest.raises(Unavailable, match="npm's answer"):
            releases_in(said)


def test_versions_asked_for_fit_by_their_parts(tmp_path: Path) -> None:
    node = Node(tmp_path / "node", "20.11.1", "x64", frozenset())
    assert [asked for asked in ("20", "20.11", "20.11.1", "2", "20.1", "21") if node.fits(asked)] == [
        "20",
        "20.11",
        "20.11.1",
    ]
    assert (node.inside, node.label) == ("/opt/node/bin/node", "Node 20.11.1")


@pytest.mark.sandbox
def test_a_node_that_is_not_here_is_missing_and_what_is_here_is_said(
    prover_sandbox: BubblewrapSandbox, tmp_path: Path
) -> None:
    target = Target("pkg:npm/ini", "npm", "ini", "1.3.5", "1.3.6")
    spec = OracleSpec(OracleName.WRITE)
    manifest = Manifest(Claim("x"), target, Runtime("node", "99"), ScriptRun(("node", "files/x.js")), spec)
    with pytest.raises(RuntimeMissing, match=r"Node 99 is not on this machine; it has (\d|none)") as missing:
        node_runtimes(manifest, Workbench(Cache(tmp_path), prover_sandbox))
    assert "install Node 99" in str(missing.value.advice)


@pytest.mark.slow
@pytest.mark.registry
def test_a_release_is_installed_once_with_its_companions_and_nothing_of_it_runs(tmp_path: Path, node: Node) -> None:
    target = Target("pkg:npm/ini", "npm", "ini", "1.3.5", "1.3.6", (Companion("ms", "2.1.2"),))
    made = install(Cache(tmp_path), target, "1.3.5", node)
    assert made.metadata == "node_modules/ini"
    assert {"node_modules/ini/ini.js", "node_modules/ini/package.json"} <= set(made.own)
    assert json.loads((made.tree / "node_modules/ms/package.json").read_text())["version"] == "2.1.2"
    assert [line.split()[:2] for line in made.resolved.splitlines()] == [
        ["node_modules/ini", "1.3.5"],
        ["node_modules/ms", "2.1.2"],
    ]
    assert install(Cache(tmp_path), target, "1.3.5", node) == made
    with pytest.raises(ProvisionError) as missing:
        install(Cache(tmp_path), target, "99.0.0", node)
    assert missing.value.kind == "no_release"
    assert all_nodes()
