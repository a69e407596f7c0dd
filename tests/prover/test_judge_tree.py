"""Whether a tree is good: the bundle's tests on the fixed release, and edited trees judged by what V showed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from clearinghouse.core.proof import Input, Variant, Verdict
from clearinghouse.prover.builds import _tests_fault
from clearinghouse.prover.bundle import Bundle, from_files
from clearinghouse.prover.judge_tree import Demands, Fault, TreeAnswer, judge_tree
from clearinghouse.prover.prove import measure, prove
from clearinghouse.prover.runner import runner_for
from tests.prover.targets import FIXED, VULNERABLE, HandMade
from tests.prover.test_prove import builds_of, why

if TYPE_CHECKING:
    from pathlib import Path

    from clearinghouse.prover.sandbox.bubblewrap import BubblewrapSandbox

pytestmark = pytest.mark.sandbox

MANIFEST = """\
schema = "clearinghouse.proof/1"
[claim]
title = "greet() does not escape"
[target]
package = "pkg:pypi/fake"
vulnerable = "1.0.1"
fixed = "1.0.2"
[run]
call = "fake.load:greet"
args = ["<b>"]
control_args = ["you"]
tests = {tests}
[oracle]
name = "predicate"
insecure = "<b>"
"""
PASSING = """\
import unittest
from fake.load import greet

class Greeting(unittest.TestCase):
    def test_greets(self):
        self.assertEqual(greet("you"), "Hello you")

unittest.main()
"""
FAILING = PASSING.replace("Hello you", "Good day")
COUNTING = """\
from fake.load import count, greet
assert greet("you") == "Hello you"
assert count("ab") == 4, "miscounted"
"""
NEW_ONLY = "import fake\nassert fake.__version__ == '1.0.1', 'not ' + fake.__version__\n"


def bundle_of(script: str, tests: str = '["python", "files/test_it.py"]') -> Bundle:
    return from_files({"proof.toml": MANIFEST.format(tests=tests).encode(), "files/test_it.py": script.encode()})


SCRIPTS = {
    "pass": (PASSING, Verdict.PROVEN, "the tests pass on 1.0.2"),
    "fail": (FAILING, Verdict.FIX_BREAKS, "they do not pass on the vulnerable release either: exit status 1: FAILED"),
    "fail on the fixed release": (
        NEW_ONLY,
        Verdict.FIX_BREAKS,
        "do not pass on 1.0.2: exit status 1: AssertionError: not 1.0.2",
    ),
    "import what is not there": ("import absent\n", Verdict.FIX_BREAKS, "No module named 'absent'"),
}


@pytest.mark.parametrize("kind", SCRIPTS)
def test_the_tests_of_a_bundle_are_run_on_the_fixed_release(
    prover_sandbox: BubblewrapSandbox, runtime: HandMade, tmp_path: Path, kind: str
) -> None:
    script, verdict, words = SCRIPTS[kind]
    bundle = bundle_of(script)
    result = prove(bundle, builds_of(bundle, runtime), prover_sandbox, tmp_path / "bundles")
    assert result.verdict is verdict, why(result)
    assert any(words in reason for reason in result.reasons), why(result)
    row = next(row for row in result.matrix if (row.variant, row.input) == (Variant.FIXED, Input.TESTS))
    assert (row.n, row.broken) == ((1, 0) if verdict is Verdict.PROVEN else (2, 2))
    if verdict is not Verdict.PROVEN:
        assert "--- stderr" in result.logs[row.logs[0]]


def test_a_runner_of_tests_that_is_not_installed_is_named_before_anything_runs(
    runtime: HandMade, tmp_path: Path
) -> None:
    absent = bundle_of(PASSING, '["python", "-m", "pytest", "files/test_it.py"]')
    fault = _tests_fault(absent.manifest, builds_of(absent, runtime).vulnerable)
    assert fault is not None
    assert '"pytest" is not installed' in fault
    assert "target.with" in fault
    for tests in ('["python", "-m", "unittest", "files/test_it.py"]', '["python", "-m", "fake.load"]'):
        bundle = bundle_of(PASSING, tests)
        assert _tests_fault(bundle.manifest, builds_of(bundle, runtime).vulnerable) is None


GUARDED = FIXED.replace('"&lt;")', '"&lt;").replace("you", "you <b>")')
EDITS = {
    "fixed as the release fixes it": (FIXED, None, ""),
    "nothing changed": (VULNERABLE + "\n", Fault.FIRES, "still fires"),
    "another benign answer": (
        VULNERABLE.replace('"Hello "', '"Bye "').replace("+ name", "+ name[:0]"),
        Fault.CONTROL,
        "gave",
    ),
    "the feature removed": (
        VULNERABLE.replace('return "Hello "', 'raise ValueError("no") #'),
        Fault.CONTROL,
        "'raised ",
    ),
    "broken": ("def greet(", Fault.ERROR, "SyntaxError"),
    "the control fires": (GUARDED, Fault.CONTROL, "the benign control fires"),
    "tests broken": (FIXED.replace("len(text) ** 2", "0"), Fault.TESTS, "the tests do not pass: exit status 1"),
}


@pytest.fixture
def judged(prover_sandbox: BubblewrapSandbox, runtime: HandMade, tmp_path: Path) -> dict[str, TreeAnswer]:
    """Each of EDITS, judged thoroughly."""
    bundle = bundle_of(COUNTING)
    builds = builds_of(bundle, runtime)
    runner = runner_for(bundle, builds, prover_sandbox, tmp_path / "bundles")
    try:
        demands = measure(bundle, builds, runner)
        assert isinstance(demands, Demands)
        assert (demands.silent, demands.result, demands.tests) == (4, "returned 'Hello you'", True)
        answers = {}
        for name, (source, _fault, _words) in EDITS.items():
            place = tmp_path / name.replace(" ", "-")
            tree = runtime.edited(builds.vulnerable, {"fake/load.py": source.encode()}, place)
            answers[name] = judge_tree(runner, tree, demands)
            cheap = judge_tree(runner, tree, demands, thorough=False)
            assert cheap.fault == answers[name].fault
            assert sum(series.n for series in cheap.series) <= 3
        return answers
    finally:
        runner.close()


def test_an_edited_tree_is_good_or_its_first_fault_is_named(judged: dict[str, TreeAnswer]) -> None:
    assert {name: answer.fault for name, answer in judged.items()} == {name: edit[1] for name, edit in EDITS.items()}
    assert [name for name, answer in judged.items() if EDITS[name][2] not in answer.reason] == []
    good = judged["fixed as the release fixes it"]
    assert good.good
    assert [(series.input, series.n) for series in good.series] == [
        (Input.TRIGGER, 4), (Input.CONTROL, 1), (Input.TESTS, 1),
    ]  # fmt: skip


def test_nothing_is_demanded_by_a_proof_that_does_not_fire(
    prover_sandbox: BubblewrapSandbox, runtime: HandMade, tmp_path: Path
) -> None:
    text = MANIFEST.format(tests='["true"]').replace('"<b>"]', '"b"]')
    bundle = from_files({"proof.toml": text.encode()})
    builds = builds_of(bundle, runtime)
    runner = runner_for(bundle, builds, prover_sandbox, tmp_path / "bundles")
    try:
        assert measure(bundle, builds, runner) is None
    finally:
        runner.close()
