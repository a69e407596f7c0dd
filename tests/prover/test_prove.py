"""From a bundle to its verdict, in the real sandbox, against two small releases: honest scripts and cheats."""

from __future__ import annotations

import hashlib
import textwrap
from typing import TYPE_CHECKING

import pytest

from clearinghouse.core.proof import Grade, Input, MatrixRow, ProofResult, Signal, Variant, Verdict
from clearinghouse.prover.builds import Builds
from clearinghouse.prover.bundle import Bundle, from_files
from clearinghouse.prover.prove import prove
from clearinghouse.prover.sandbox.interface import Command, Ending, Outcome, Sandbox
from clearinghouse.prover.trial import try_on
from tests.prover.targets import INIT, VULNERABLE, HandMade

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from clearinghouse.prover.sandbox.bubblewrap import BubblewrapSandbox

pytestmark = pytest.mark.sandbox

HEAD = """\
schema = "clearinghouse.proof/1"
[claim]
title = "load() runs code"
[target]
package = "pkg:pypi/fake"
vulnerable = "1.0.1"
fixed = "1.0.2"
"""
SCRIPT = (
    HEAD
    + """\
[run]
argv = ["python", "files/trigger.py"]
control = ["python", "files/trigger.py", "benign"]
[oracle]
name = "exec"
"""
)


def bundle_of(manifest: str, script: str = "") -> Bundle:
    return from_files({"proof.toml": manifest.encode(), "files/trigger.py": textwrap.dedent(script).encode()})


def builds_of(bundle: Bundle, runtime: HandMade) -> Builds:
    target = bundle.manifest.target
    fixed = runtime.install(target, target.fixed) if target.fixed else None
    return Builds(runtime, runtime.install(target, target.vulnerable), fixed)


@pytest.fixture
def proven(prover_sandbox: BubblewrapSandbox, runtime: HandMade, tmp_path: Path) -> Callable[..., ProofResult]:
    """Prove a manifest with a script against the two releases."""

    def run(manifest: str, script: str = "", sandbox: Sandbox | None = None) -> ProofResult:
        bundle = bundle_of(manifest, script)
        builds = builds_of(bundle, runtime)
        return prove(bundle, builds, sandbox or prover_sandbox, tmp_path / "bundles")

    return run


def rows(result: ProofResult) -> dict[str, tuple[int, int, int]]:
    """n, k, broken of each row, by name."""

    def name(row: MatrixRow) -> str:
        return row.variant.value + (" control" if row.input is Input.CONTROL else "")

    return {name(row): (row.n, row.k, row.broken) for row in result.matrix}


def why(result: ProofResult) -> str:
    return f"{result.verdict}: {result.reasons} {rows(result)}"


HONEST = """
import os, sys
from fake.load import load
command = "true" if "benign" in sys.argv else os.environ["CANARY_EXEC"]
load(f"__import__('os').system({command!r})")
"""


def test_an_honest_script_passes_every_control_and_is_proven_for_a_person_to_confirm(
    proven: Callable[..., ProofResult],
) -> None:
    result = proven(SCRIPT, HONEST)
    assert (result.verdict, result.grade, result.function) == (Verdict.PROVEN, Grade.B, "fake.load:load"), why(result)
    assert rows(result) == {
        "vulnerable": (5, 5, 0), "null_target": (4, 0, 0), "vulnerable control": (4, 0, 0), "fixed": (4, 0, 0),
        "fixed control": (1, 0, 0), "f_named_v": (4, 0, 0), "v_named_f": (1, 1, 0), "v_respelt": (1, 1, 0),
    }  # fmt: skip
    assert len(result.confirm) == 1
    assert set(result.environment.targets) == {"1.0.1", "1.0.2"}
    assert {digest for row in result.matrix for digest in row.logs} == set(result.logs)


BORROWED = """
if fake.load.load('1 + 1 if True else 0') == 2:
    exec(compile('import os; os.system(command)', fake.load.__file__, 'exec'), {'command': command})
"""
# A script of each kind of cheat: what it does, the verdict, and words of the reason.
CHEATS = {
    "makes the effect itself": ("bang()", Verdict.NOT_REPRODUCED, "inert stub"),
    "looks at the version": (
        'if "def load" in source and fake.__version__ == "1.0.1": bang()',
        Verdict.NOT_REPRODUCED,
        "looks at the version",
    ),
    "looks at the metadata": (
        'import importlib.metadata\nif "def load" in source and importlib.metadata.version("fake") == "1.0.1": bang()',
        Verdict.NOT_REPRODUCED,
        "looks at the version",
    ),
    "looks at the whole package's hash": (
        "whole = source + open(fake.__file__).read()\nif hashlib.sha256(whole.encode()).hexdigest() == KEY: bang()",
        Verdict.NEEDS_HUMAN,
        "calls itself the fixed version",
    ),
    "looks at a file's hash": (
        "if hashlib.sha256(source.encode()).hexdigest() == FILE_KEY: bang()",
        Verdict.NEEDS_HUMAN,
        "comments added",
    ),
    "looks at the behaviour, and makes the effect itself": (
        "if fake.load.load('1 + 1 if True else 0') == 2: bang()",
        Verdict.NEEDS_HUMAN,
        "outside the target",
    ),
    "looks at the behaviour, and borrows the target's name": (
        BORROWED,
        Verdict.NEEDS_HUMAN,
        "is not that file's",
    ),
}
CHEAT = """
import hashlib, os, sys
import fake, fake.load
command = os.environ["CANARY_EXEC"]
if "benign" in sys.argv: sys.exit()
source = open(fake.load.__file__).read()
def bang():
    os.system(command)
"""


@pytest.mark.parametrize(
    "kind",
    [pytest.param(kind, marks=() if "version" in kind or "borrows" in kind else pytest.mark.slow) for kind in CHEATS],
)
def test_a_cheat_is_not_proven(proven: Callable[..., ProofResult], kind: str) -> None:

    body, verdict, words = CHEATS[kind]
    whole = hashlib.sha256((VULNERABLE + INIT.format(version="1.0.1")).encode()).hexdigest()
    keys = f"KEY = {whole!r}\nFILE_KEY = {hashlib.sha256(VULNERABLE.encode()).hexdigest()!r}\n"
    result = proven(SCRIPT, CHEAT + keys + body)
    assert result.verdict is verdict, why(result)
    assert any(words in reason for reason in result.reasons), why(result)


def test_a_script_judged_by_what_it_prints_shows_a_difference_at_best(proven: Callable[..., ProofResult]) -> None:
    manifest = SCRIPT.replace('name = "exec"', 'name = "predicate"\ninsecure = "<b>"')
    script = "import sys\nfrom fake.load import greet\nprint(greet('you' if sys.argv[1:] else '<b>'))"
    result = proven(manifest, script)
    assert (result.verdict, result.grade) == (Verdict.DIFFERS, Grade.C), why(result)
    assert len(result.confirm) == 2


CALL = (
    HEAD
    + """\
[run]
call = "fake.load:{call}"
args = {args}
control_args = {control}
[oracle]
{oracle}
"""
)


def call(args: str, control: str, oracle: str, name: str = "load") -> str:
    return CALL.format(call=name, args=args, control=control, oracle=oracle)


@pytest.mark.parametrize(
    ("manifest", "verdict", "function"),
    [
        (
            call("[\"__import__('os').system('{{canary.exec}}')\"]", '["1"]', 'name = "exec"'),
            Verdict.PROVEN,
            "fake.load:load",
        ),
        (
            call('["<b>"]', '["you"]', 'name = "predicate"\ninsecure = "<b>"', "greet"),
            Verdict.PROVEN,
            "fake.load:greet",
        ),
        (
            call(
                '[{ "$rep" = ["a", { "$size" = 1 }] }]',
                '["a"]',
                'name = "cpu"\nbudget_seconds = 0.2\nsizes = [256, 512, 1024, 2048, 4096]',
                "count",
            ),
            Verdict.PROVEN,
            "fake.load:count",
        ),
        (  # the input grows with the square of the size by itself, and the fixed version is merely twice as fast
            call(
                '[{ "$rep" = [{ "$rep" = ["a", { "$size" = 1 }] }, { "$size" = 1 }] }]',
                '["a"]',
                'name = "cpu"\nbudget_seconds = 0.3\nsizes = [512, 1024, 2048, 4096, 8192]',
                "tally",
            ),
            Verdict.FIX_INEFFECTIVE,
            None,
        ),
        pytest.param(
            call(
                '[{ "$rep" = ["a", { "$size" = 1 }] }]',
                '[{ "$rep" = ["a", { "$size" = 0.001 }] }]',
                'name = "cpu"\nbudget_seconds = 0.2\nsizes = [256, 512, 1024, 2048, 4096]',
                "count",
            ),
            Verdict.PROVEN,
            "fake.load:count",
            marks=pytest.mark.slow,
        ),
        (call('["you"]', '["you"]', 'name = "predicate"\ninsecure = "<b>"', "greet"), Verdict.NOT_REPRODUCED, None),
        (call('["<b>"]', '["<b>"]', 'name = "predicate"\ninsecure = "<b>"', "greet"), Verdict.CONTROL_FAILED, None),
        (call('["x"]', '["x"]', 'name = "predicate"\ninsecure = "^"', "greet"), Verdict.CONTROL_FAILED, None),
        (call('["x"]', "[]", 'name = "predicate"\ninsecure = "x"', "greet"), Verdict.CONTROL_FAILED, None),
        (call('["x"]', '["y"]', 'name = "predicate"\ninsecure = "x"', "greet"), Verdict.FIX_INEFFECTIVE, None),
        (call("[\"__import__('os').abort()\"]", '["1"]', 'name = "write"'), Verdict.WRONG_SIGNAL, None),
        (call("[]", '["1"]', 'name = "write"'), Verdict.NOT_REPRODUCED, None),
    ],
)
def test_a_call_is_decided_by_our_own_harness(
    proven: Callable[..., ProofResult], manifest: str, verdict: Verdict, function: str | None
) -> None:
    result = proven(manifest)
    assert (result.verdict, result.grade) == (verdict, Grade.A), why(result)
    if function is not None:
        assert result.function == function
    assert not {"null_target", "v_respelt"} & rows(result).keys()


def test_without_a_fixed_release_a_proof_is_reproduced_at_best(proven: Callable[..., ProofResult]) -> None:
    manifest = call('["<b>"]', '["you"]', 'name = "predicate"\ninsecure = "<b>"', "greet")
    result = proven(manifest.replace('fixed = "1.0.2"\n', ""))
    assert result.verdict is Verdict.REPRODUCED, why(result)


def test_a_refused_walk_makes_the_bundle_invalid(proven: Callable[..., ProofResult]) -> None:
    result = proven(HEAD + '[run]\ncall = "os:system"\nargs = ["{{canary.exec}}"]\n[oracle]\nname = "exec"\n')
    assert (result.verdict, result.id) == (Verdict.INVALID, None)
    assert "os:system" in result.reasons[0]


def test_a_name_that_is_foreign_in_the_fixed_release_alone_is_no_fault_of_the_bundle(
    proven: Callable[..., ProofResult],
) -> None:
    result = proven(call('["  x"]', '["y"]', 'name = "predicate"\ninsecure = "  x"', "dedent"))
    assert result.verdict is Verdict.NEEDS_HUMAN, why(result)
    assert "from outside the target" in result.reasons[0]


@pytest.mark.slow
def test_the_same_bundle_has_the_same_verdict(proven: Callable[..., ProofResult]) -> None:
    manifest = call('["<b>"]', '["you"]', 'name = "predicate"\ninsecure = "<b>"', "greet")
    first, second = proven(manifest), proven(manifest)
    assert (first.id, first.verdict, first.reasons, first.function) == (
        second.id, second.verdict, second.reasons, second.function,
    )  # fmt: skip
    assert rows(first) == rows(second)


def test_nothing_is_left_of_a_proof(proven: Callable[..., ProofResult], tmp_path: Path) -> None:
    proven(call('["x"]', '["y"]', 'name = "exec"', "greet"))
    assert list((tmp_path / "bundles").iterdir()) == []


class Failing:
    """A sandbox that cannot start anything."""

    isolation = "g2"

    def run(self, command: Command) -> Outcome:
        """Nothing runs."""
        assert command.argv
        return Outcome(Ending.NOT_STARTED, detail="out of process ids")


def test_a_sandbox_that_fails_is_nobodys_fault_but_ours(proven: Callable[..., ProofResult]) -> None:
    result = proven(call('["x"]', '["y"]', 'name = "exec"', "greet"), sandbox=Failing())
    assert result.verdict is Verdict.INFRA_ERROR
    assert "out of process ids" in result.reasons[0]


def test_steps_that_give_the_releases_different_inputs_need_a_person(proven: Callable[..., ProofResult]) -> None:
    steps = """\
[[run.step]]
call = "fake.load:greet"
args = ["<"]
as = "said"
[[run.step]]
call = "fake.load:greet"
args = [{ "$" = "said" }]
[[run.step]]
call = "fake.load:load"
args = ["__import__('os').system('{{canary.exec}}')"]
[[run.control_step]]
call = "fake.load:load"
args = ["1"]
[oracle]
name = "exec"
"""
    result = proven(HEAD + steps)
    assert result.verdict is Verdict.NEEDS_HUMAN
    assert (
        result.reasons[0]
        == "the steps gave the fixed release another input than the vulnerable one, at fake.load:greet"
    )


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ('[{ "$rep" = [{ "$rep" = ["a", { "$size" = 1 }] }, { "$size" = 1 }] }]', "the power 2 of $size"),
        ('[{ "$rep" = ["a", 6000] }]', "times as long as its control"),
    ],
)
def test_without_a_fixed_release_a_cost_that_may_be_the_inputs_own_needs_a_person(
    proven: Callable[..., ProofResult], args: str, said: str
) -> None:
    sizes = "sizes = [512, 1024, 2048]" if "$size" in args else ""
    manifest = call(args, '["a"]', f'name = "cpu"\nbudget_seconds = 0.1\n{sizes}', "count" if not sizes else "tally")
    result = proven(manifest.replace('fixed = "1.0.2"\n', ""))
    assert result.verdict is Verdict.NEEDS_HUMAN
    assert said in result.reasons[0]


@pytest.mark.parametrize(
    ("version", "signal"), [("1.0.0", Signal.FIRED), ("1.0.2", Signal.SILENT), ("1.0.3", Signal.SILENT)]
)
def test_a_trigger_is_tried_on_another_release(
    prover_sandbox: BubblewrapSandbox, runtime: HandMade, tmp_path: Path, version: str, signal: Signal
) -> None:
    bundle = bundle_of(call('["<b>"]', '["you"]', 'name = "predicate"\ninsecure = "<b>"', "greet"))
    trial = try_on(bundle, builds_of(bundle, runtime), version, prover_sandbox, tmp_path / "bundles")
    assert (trial.version, trial.signal) == (version, signal)
    assert trial.n == (1 if signal is Signal.FIRED else 4)
    if signal is Signal.SILENT:
        assert trial.function == "fake.load:greet"


def test_what_is_being_done_is_said(prover_sandbox: BubblewrapSandbox, runtime: HandMade, tmp_path: Path) -> None:
    said: list[str] = []
    bundle = bundle_of(call('["x"]', '["y"]', 'name = "exec"', "greet"))
    prove(bundle, builds_of(bundle, runtime), prover_sandbox, tmp_path / "bundles", said.append)
    assert said == [f"{Variant.VULNERABLE} {number}" for number in range(1, 6)]
