"""Releases without wheels are built from source, in the sandbox, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from clearinghouse.core.manifest import CallRun, Claim, Manifest, OracleSpec, Runtime, Target
from clearinghouse.core.proof import OracleName, Verdict
from clearinghouse.prover.builds import Builds, NotBuilt, build
from clearinghouse.prover.cache import Cache
from clearinghouse.prover.runtimes.interface import Workbench
from clearinghouse.prover.runtimes.python.interpreters import fitting

if TYPE_CHECKING:
    from clearinghouse.prover.sandbox.bubblewrap import BubblewrapSandbox

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.slow,
    pytest.mark.registry,
    pytest.mark.enable_socket,
    pytest.mark.timeout(600),
]


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    folder = tmp_path_factory.mktemp("cache")
    folder.chmod(0o755)
    return Cache(folder)


def built(cache: Cache, sandbox: BubblewrapSandbox, name: str, version: str, python: str) -> Builds | NotBuilt:
    if not fitting(python):
        pytest.skip(f"Python {python} is not on this machine")
    target = Target(f"pkg:pypi/{name}", "pypi", name, version)
    run = CallRun(({"call": f"{name}:x"},))
    manifest = Manifest(Claim("a claim"), target, Runtime(version=python), run, OracleSpec(OracleName.SIGNAL))
    return build(manifest, Workbench(cache, sandbox))


def test_a_pure_release_without_wheel_is_built_once_and_says_what_from(
    cache: Cache, prover_sandbox: BubblewrapSandbox
) -> None:
    first = built(cache, prover_sandbox, "future", "0.18.2", "3.11")
    assert isinstance(first, Builds)
    release = first.vulnerable
    assert (release.tree / "future/__init__.py").is_file()
    assert "b1bead90b70cf6ec3f0710ae53a525360fa360d306a86583adc6bf83a4db537d" in release.resolved
    assert str(cache.root) not in release.resolved
    assert not list(release.tree.glob("*.dist-info/direct_url.json"))
    assert first.notes == ("built from source, for want of a wheel: 0.18.2",)
    times = [path.stat().st_mtime_ns for path in sorted((cache.root / "built").iterdir())]
    again = built(cache, prover_sandbox, "future", "0.18.2", "3.11")
    assert isinstance(again, Builds)
    assert again.vulnerable == release
    assert times == [path.stat().st_mtime_ns for path in sorted((cache.root / "built").iterdir())]


def test_what_todays_build_tools_refuse_is_built_with_older_ones(
    cache: Cache, prover_sandbox: BubblewrapSandbox
) -> None:
    done = built(cache, prover_sandbox, "suds-jurko", "0.6", "3.9")
    assert isinstance(done, Builds)
    assert "setuptools==57." in done.vulnerable.resolved
    assert (done.vulnerable.tree / "suds/client.py").is_file()


def test_a_source_that_does_not_build_leaves_nothing_and_says_why(
    cache: Cache, prover_sandbox: BubblewrapSandbox
) -> None:
    done = built(cache, prover_sandbox, "suds-jurko", "0.6", "3.13")  # 2to3 is gone
    assert isinstance(done, NotBuilt)
    assert done.verdict is Verdict.BUILD_FAILED
    assert "the build failed" in done.reason
    assert not [path for path in (cache.root / "built").iterdir() if path.name.startswith(".")]
