"""The affected releases of a small package, found by running a proof on made-up histories."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import pytest

from clearinghouse.core.manifest import Target
from clearinghouse.prover.builds import Builds
from clearinghouse.prover.bundle import Bundle, from_files
from clearinghouse.prover.releases import Release, Releases, in_order, releases_of
from clearinghouse.prover.runtimes.interface import ProvisionError
from clearinghouse.prover.versions import History, NotShown, search_versions
from tests.prover.targets import FIXED, INIT, VULNERABLE, HandMade, installed

if TYPE_CHECKING:
    from pathlib import Path

    from clearinghouse.prover.installed import Installed
    from clearinghouse.prover.sandbox.bubblewrap import BubblewrapSandbox

MANIFEST = """\
schema = "clearinghouse.proof/1"
[claim]
title = "greet() does not escape"
[target]
package = "pkg:pypi/fake"
vulnerable = "{vulnerable}"
fixed = "{fixed}"
[run]
call = "fake.load:greet"
args = ["<b>"]
control_args = ["you"]
[oracle]
name = "predicate"
insecure = "<b>"
"""
# Refuses the control alone.
OTHER_USE = FIXED.replace("def greet(name):", "def greet(name):\n    if name == 'you':\n        raise ValueError(name)")
NO_USE = VULNERABLE.replace("def greet", "def salute")


class Scripted(HandMade):
    """A package with a history: V vulnerable, F fixed, and what else a release may be, by version."""

    __slots__ = ()
    history: ClassVar[dict[str, str]] = {}

    def install(self, target: Target, version: str) -> Installed:
        """The release as the history has it."""
        kind = self.history[version]
        if kind == "absent":
            raise ProvisionError(f"{target.name}=={version} has no wheel: error: none", "no_wheel")
        place = self.cache.root / "scripted" / f"{version}-{kind}"
        body = {"V": VULNERABLE, "F": FIXED, "other use": OTHER_USE, "no use": NO_USE}[kind]
        sources = {"fake/__init__.py": INIT.format(version=version), "fake/load.py": body}
        return installed(place, version, sources)


def bundle_of(vulnerable: str, fixed: str) -> Bundle:
    return from_files({"proof.toml": MANIFEST.format(vulnerable=vulnerable, fixed=fixed).encode()})


class Searching:
    """Searches a history given as words for its releases, 1.0 the first."""

    def __init__(self, sandbox: BubblewrapSandbox, runtime: HandMade, place: Path) -> None:
        self.sandbox, self.runtime, self.place = sandbox, runtime, place
        self.said: list[str] = []

    def __call__(self, kinds: str, vulnerable: str, fixed: str, *, everything: bool = False) -> History:
        names = {"V": "V", "F": "F", "-": "absent", "o": "other use", "n": "no use"}
        Scripted.history = {f"1.{number}": names[kind] for number, kind in enumerate(kinds)}
        bundle = bundle_of(vulnerable, fixed)
        target = bundle.manifest.target
        runtime = Scripted(self.runtime.cache, self.runtime.interpreter)
        builds = Builds(runtime, runtime.install(target, vulnerable), runtime.install(target, fixed))
        releases = in_order([Release(version) for version in Scripted.history], target)
        state = self.place / "bundles"
        return search_versions(
            bundle, builds, releases, runtimes=[runtime], sandbox=self.sandbox, state=state, everything=everything,
            say=lambda words, _done, _most: self.said.append(words),
        )  # fmt: skip


@pytest.fixture
def search(prover_sandbox: BubblewrapSandbox, runtime: HandMade, tmp_path: Path) -> Searching:
    """Search a made-up history in the real sandbox."""
    return Searching(prover_sandbox, runtime, tmp_path)


def tried(history: History) -> dict[str, str]:
    return {item.version: str(item.answer) for item in history.tried}


@pytest.mark.sandbox
def test_the_boundary_of_a_history_is_found_verified_and_said_as_an_osv_range(search: Searching) -> None:
    history = search("VVVVVVVVVVVFFFFFFFFFFFFF", "1.4", "1.20")
    assert history.contiguous
    (stretch,) = history.affected
    assert (stretch.first, stretch.last, stretch.fixed, stretch.clean_before) == ("1.0", "1.10", "1.11", None)
    edges = {item.version: (item.n, item.k) for item in history.tried if item.version in {"1.0", "1.10", "1.11"}}
    assert edges == {"1.0": (5, 5), "1.10": (5, 5), "1.11": (4, 0)}
    assert history.osv["ranges"] == [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.11"}]}]
    assert history.proofs == len(history.tried) <= history.bound
    assert history.undecided == ()
    assert "verifying fake 1.10" in search.said


@pytest.mark.sandbox
def test_a_history_that_falls_silent_twice_is_reported_as_such(search: Searching) -> None:
    history = search("VVVFFVVF", "1.6", "1.7", everything=True)
    assert not history.contiguous
    assert [(item.first, item.last, item.fixed) for item in history.affected] == [
        ("1.0", "1.2", "1.3"), ("1.5", "1.6", "1.7"),
    ]  # fmt: skip
    (events,) = (entry["events"] for entry in history.osv["ranges"])
    assert events == [{"introduced": "0"}, {"fixed": "1.3"}, {"introduced": "1.5"}, {"fixed": "1.7"}]


@pytest.mark.sandbox
def test_what_cannot_be_installed_or_does_not_do_its_work_is_unknown_and_never_unaffected(search: Searching) -> None:
    history = search("-noVVFF", "1.3", "1.5", everything=True)
    assert tried(history) == {
        "1.0": "unknown", "1.1": "unknown", "1.2": "unknown", "1.3": "affected", "1.4": "affected",
        "1.5": "unaffected", "1.6": "unaffected",
    }  # fmt: skip
    reasons = {item.version: item.reason for item in history.tried}
    assert reasons["1.0"] == "fake==1.0 has no wheel"
    assert "the trigger breaks there" in reasons["1.1"]
    assert "the control does not work there: raised builtins.ValueError" in reasons["1.2"]
    assert history.osv["ranges"][0]["events"] == [{"introduced": "1.3"}, {"fixed": "1.5"}]
    assert history.osv["database_specific"] == {"not_executed": ["1.0", "1.1", "1.2"]}


@pytest.mark.sandbox
def test_a_proof_that_does_not_fire_on_its_own_release_tells_nothing_of_others(search: Searching) -> None:
    with pytest.raises(NotShown, match=r"does not fire on 1\.2"):
        search("VVFF", "1.2", "1.3")


def test_releases_stand_in_the_order_of_their_ecosystem_without_pre_releases() -> None:
    found = [Release(v) for v in ("1.10", "1.9", "2.0rc1", "1.9.post1", "not a version", "1.0a1")]
    target = Target("pkg:pypi/fake", "pypi", "fake", "1.9", "1.11")
    listed = in_order(found, target)
    assert [release.version for release in listed.releases] == ["1.9", "1.9.post1", "1.10", "1.11"]
    assert listed.left_out == 3
    early = in_order(found, Target("pkg:pypi/fake", "pypi", "fake", "2.0rc1"))
    assert [release.version for release in early.releases] == ["1.0a1", "1.9", "1.9.post1", "1.10", "2.0rc1"]
    npm = Target("pkg:npm/fake", "npm", "fake", "1.0.0-beta.2")
    numbered = [Release(v) for v in ("1.0.0", "1.0.0-beta.10", "1.0.0-beta.2", "1.0.0-alpha", "0.9.0")]
    assert [release.version for release in in_order(numbered, npm).releases] == [
        "0.9.0", "1.0.0-alpha", "1.0.0-beta.2", "1.0.0-beta.10", "1.0.0",
    ]  # fmt: skip


@pytest.mark.registry
def test_the_releases_of_a_real_package_are_listed_with_their_dates() -> None:
    listed: Releases = releases_of(Target("pkg:pypi/mako", "pypi", "mako", "1.2.1", "1.2.2"))
    versions = [release.version for release in listed.releases]
    assert versions.index("1.2.1") + 1 == versions.index("1.2.2")
    assert all(release.published is not None for release in listed.releases)
