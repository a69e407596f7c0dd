"""The smallest fix by execution, on two small releases made by hand, in the real sandbox."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from clearinghouse.core.fix import FixStatus, SmallestFix
from clearinghouse.core.proof import Verdict
from clearinghouse.prover.builds import Builds
from clearinghouse.prover.bundle import from_files
from clearinghouse.prover.isolate.lead import Progress, isolate
from clearinghouse.prover.isolate.search import Budget
from clearinghouse.prover.runtimes.python.runtime import PythonRuntime
from tests.prover.targets import installed

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from clearinghouse.prover.sandbox.bubblewrap import BubblewrapSandbox
    from tests.prover.targets import HandMade

pytestmark = pytest.mark.sandbox

OLD = {
    "fake/__init__.py": '__version__ = "1.0.1"\n',
    "fake/page.py": """\
from fake import text

TITLE = "old"


def greet(name):
    return "Hello " + name


def shout(name):
    return text.upper(name) + "!"


def double(value):
    return value * 2
""",
    "fake/text.py": "def upper(value):\n    return value.upper()\n\n\ndef clean(value):\n    return value\n",
    "fake/notes.txt": "one\ntwo\n",
}
NEW = {
    "fake/__init__.py": '__version__ = "1.0.2"\n',
    "fake/page.py": """\
from fake import text
from fake.safe import quote

TITLE = "new"


def greet(name):
    return "Hello " + quote(name)


def shout(name):
    return text.loud(name) + "!"


def double(value):
    return value + value
""",
    "fake/text.py": "def loud(value):\n    return value.upper()\n\n\ndef clean(value):\n    return value.strip()\n",
    "fake/notes.txt": "one\nthree\n",
    "fake/safe.py": "def quote(value):\n    return value.replace('<', '&lt;')\n",
}
GREET = """\
schema = "clearinghouse.proof/1"
[claim]
title = "greet() does not escape"
[target]
package = "pkg:pypi/fake"
vulnerable = "1.0.1"
fixed = "1.0.2"
[run]
call = "fake.page:greet"
args = ["<b>"]
control_args = ["Ann"]
[oracle]
name = "predicate"
insecure = "<b>"
"""


def builds_of(runtime: HandMade, folder: Path, old: Mapping[str, str], new: Mapping[str, str]) -> Builds:
    vulnerable = installed(folder / "fake-1.0.1", "1.0.1", old)
    fixed = installed(folder / "fake-1.0.2", "1.0.2", new)
    return Builds(PythonRuntime(runtime.cache, runtime.interpreter), vulnerable, fixed)


@pytest.fixture
def isolated(prover_sandbox: BubblewrapSandbox, runtime: HandMade, tmp_path: Path) -> Callable[..., SmallestFix]:
    """Isolate a manifest's fix between two sets of sources."""

    def run(
        manifest: str = GREET,
        *,
        old: Mapping[str, str] = OLD,
        new: Mapping[str, str] = NEW,
        budget: Budget = Budget(),  # noqa: B008  # frozen
        **given: Any,
    ) -> SmallestFix:
        bundle = from_files({"proof.toml": manifest.encode()})
        builds = builds_of(runtime, tmp_path / "targets", old, new)
        if bundle.manifest.target.fixed is None:
            builds = replace(builds, fixed=None)
        state = tmp_path / "bundles"
        found = isolate(bundle, builds, prover_sandbox, state, budget=budget, progress=Progress(**given))
        assert not state.exists() or list(state.iterdir()) == [], "candidates are removed"
        return found

    return run


def test_the_fix_is_what_silences_the_proof_and_nothing_else(
    isolated: Callable[..., SmallestFix], tmp_path: Path
) -> None:
    found = isolated()
    assert (found.status, found.reason) == (FixStatus.ISOLATED, "")
    assert {hunk.path for hunk in found.kept} == {"fake/page.py", "fake/safe.py"}
    assert "fake.page:greet" in found.functions
    assert (len(found.kept), found.hunks, found.files, found.noise) == (3, 9, 4, 1)
    assert found.verification is not None
    assert found.verification.verdict is Verdict.PROVEN
    assert all(hunk.without in {"fires", "error"} for hunk in found.kept)
    tree = tmp_path / "copy"
    shutil.copytree(tmp_path / "targets" / "fake-1.0.1" / "tree", tree)
    subprocess.run(["patch", "-p1"], input=found.patch, cwd=tree, check=True, capture_output=True)
    assert "quote(name)" in (tree / "fake/page.py").read_text()
    assert 'TITLE = "old"' in (tree / "fake/page.py").read_text()


@pytest.mark.slow
def test_the_record_tells_every_candidate_once_and_how_it_was_verified(isolated: Callable[..., SmallestFix]) -> None:
    record = isolated().as_json()
    searched = [item for item in record["candidates"] if item["step"] != "verify"]
    assert searched[0]["hunks"] == "1-9"
    assert len({item["hunks"] for item in searched}) == len(searched)
    assert {item["outcome"] for item in searched} >= {"silent", "fires", "error"}
    assert record["runs"] > len(record["candidates"])
    assert (record["minimal"], record["share"]) == (True, 3 / 9)
    assert record["verification"]["verdict"] == "proven"


@pytest.mark.slow
def test_a_change_that_silences_by_breaking_the_target_is_no_fix(isolated: Callable[..., SmallestFix]) -> None:
    # Half of the renaming makes greet() raise, which no pattern for "<b>" matches.
    old = OLD | {"fake/page.py": OLD["fake/page.py"].replace('"Hello " + name', '"Hello " + text.clean(name)')}
    text = NEW["fake/text.py"].replace("clean", "tidy")
    page = NEW["fake/page.py"].replace('"Hello " + quote(name)', '"Hello " + quote(text.tidy(name))')
    found = isolated(old=old, new=NEW | {"fake/text.py": text, "fake/page.py": page})
    assert found.status is FixStatus.ISOLATED
    assert {hunk.path for hunk in found.kept} == {"fake/page.py", "fake/safe.py", "fake/text.py"}
    reasons = [item.reason for item in found.candidates if item.outcome == "error"]
    assert any("raised builtins.AttributeError" in reason for reason in reasons)


@pytest.mark.slow
def test_a_change_that_makes_the_control_do_something_else_is_no_fix(isolated: Callable[..., SmallestFix]) -> None:
    # Alone, the new filter leaves nothing of any greeting but "b": silent as on the fixed release, but no greeting.
    page = 'KEEP = "b"\n\n\ndef greet(name):\n    return "Hello " + name\n'
    new = page.replace('"b"', '"bAn"').replace("+ name", "+ ''.join(c for c in name if c in KEEP)")
    found = isolated(old=OLD | {"fake/page.py": page}, new=OLD | {"fake/page.py": new})
    assert found.status is FixStatus.ISOLATED
    assert any(item.outcome == "control" for item in found.candidates)
    assert len(found.kept) == 2


@pytest.mark.slow
def test_an_exhausted_budget_gives_the_best_so_far_verified_and_marked(isolated: Callable[..., SmallestFix]) -> None:
    found = isolated(budget=Budget(runs=2))
    assert found.status is FixStatus.NOT_MINIMAL
    assert "budget" in found.reason
    assert found.verification is not None
    assert found.verification.verdict is Verdict.PROVEN
    assert len(found.kept) == found.hunks
    assert not found.as_json()["minimal"]


@pytest.mark.slow
def test_an_interrupt_gives_the_best_so_far_too(isolated: Callable[..., SmallestFix]) -> None:
    def interrupt(_tried: Any, search: Any) -> None:
        search.stop.set()

    found = isolated(tried=interrupt)
    assert (found.status, found.reason) == (FixStatus.NOT_MINIMAL, "stopped before the search was done")
    assert found.patch


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        (GREET.replace('["<b>"]', '["b"]'), "on 1.0.1 the proof does not fire"),
        (GREET.replace('insecure = "<b>"', 'insecure = "b"'), "the trigger is not silent on 1.0.2"),
        (GREET.replace('["Ann"]', '["<b>"]'), "or its control is not silent"),
        (GREET.replace('fixed = "1.0.2"\n', ""), "names no fixed release"),
    ],
)
def test_where_the_releases_do_not_differ_as_claimed_there_is_no_fix(
    isolated: Callable[..., SmallestFix], manifest: str, reason: str
) -> None:
    found = isolated(manifest)
    assert found.status is FixStatus.NOT_ISOLATED
    assert reason in found.reason
    assert (found.patch, found.kept) == (b"", ())


@pytest.mark.slow
def test_a_fix_in_a_file_that_is_no_text_is_told_as_such(isolated: Callable[..., SmallestFix]) -> None:
    reads = "import pathlib\n\n\ndef greet(name):\n    mark = pathlib.Path(__file__).with_name('mark').read_text()\n"
    page = reads + "    return name if 'a' in mark else 'safe'\n"
    old = OLD | {"fake/page.py": page, "fake/mark": "\0a"}
    found = isolated(old=old, new=old | {"fake/mark": "\0b", "fake/notes.txt": "x\n"})
    assert found.status is FixStatus.NOT_ISOLATED
    assert "fake/mark" in found.reason


@pytest.mark.slow
def test_cpu_proofs_are_isolated_too(isolated: Callable[..., SmallestFix]) -> None:
    old = OLD | {"fake/count.py": "def count(text):\n    return sum(1 for a in text for b in text)\n"}
    new = NEW | {"fake/count.py": "def count(text):\n    return len(text) ** 2\n"}
    head, _, _ = GREET.partition("[run]")
    steps = '[run]\ncall = "fake.count:count"\nargs = [{ "$rep" = ["a", { "$size" = 1 }] }]\ncontrol_args = ["a"]\n'
    found = isolated(head + steps + '[oracle]\nname = "cpu"\nbudget_seconds = 0.2\n', old=old, new=new)
    assert found.status is FixStatus.ISOLATED
    assert found.functions == ("fake.count:count",)
    assert len(found.kept) == 1
