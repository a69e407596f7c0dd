"""Changed inputs: the same for the same seed, one small change each, and placeholders stay."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearinghouse.core.manifest import CallRun, OracleSpec, ScriptRun
from clearinghouse.core.mutation import changed_inputs
from clearinghouse.core.proof import OracleName
from clearinghouse.core.steps import Grammar, check_steps
from tests.prover.conftest import manifest_of

STEP = {
    "call": "fake.core:show",
    "args": [
        "run {{canary.exec}} now", 17, True, {"$cat": ["a", {"$rep": ["b", 40]}]}, {"$": "bound"}, {"$hex": "00ff"},
        {"$read": "files/input.bin"},
    ],
    "kwargs": {"name": "value", "ratio": 1.5},
    "as": "result",
}  # fmt: skip
FILES = {"files/input.bin": b"\x00input\xff", "files/trigger.py": b"pass", "files/tests/a.txt": b"a", "proof.toml": b""}

GRAMMAR = Grammar(frozenset(FILES), "python")


def changes(run: CallRun | ScriptRun, seed: str, most: int = 12) -> list[tuple[Any, Any]]:
    manifest = manifest_of(run, OracleSpec(OracleName.EXEC))
    return [(item.run, item.files) for item in changed_inputs(manifest, FILES, seed, most)]


@given(st.text())
def test_the_same_seed_gives_the_same_changes_and_each_changes_one_thing(seed: str) -> None:
    run = CallRun(({"get": "fake:x", "as": "bound"}, STEP))
    found = changes(run, seed)
    assert found == changes(run, seed)
    assert len(found) == 12
    for changed, files in found:
        step = changed.steps[1]
        different = [i for i, value in enumerate(step["args"]) if value != STEP["args"][i]]
        different += [k for k, value in step["kwargs"].items() if value != STEP["kwargs"][k]]
        assert len(different) + len(files) == 1
        assert {key: step[key] for key in ("call", "as")} == {key: STEP[key] for key in ("call", "as")}
        assert "{{canary.exec}}" in step["args"][0]
        assert (step["args"][2], step["args"][4:]) == (True, STEP["args"][4:])
        problems: list[str] = []
        check_steps(list(changed.steps), ("run",), GRAMMAR, lambda _p, m, kept=problems: kept.append(m))
        assert problems == []
    assert run.steps[1] == STEP, "the original stays as it is"


def test_other_seeds_give_other_changes() -> None:
    run = CallRun((STEP,))
    assert changes(run, "one") != changes(run, "two")


def test_of_a_script_the_data_is_changed_and_never_the_script_or_its_tests() -> None:
    run = ScriptRun(("python", "files/trigger.py"), None, "files/input.bin")
    found = changes(run, "seed")
    assert len(found) == 12
    assert {path for changed, files in found for path in files if changed == run} == {"files/input.bin"}


@pytest.mark.parametrize("args", [[], [True, {"$": "bound"}, "{{canary.exec}}"]])
def test_without_a_value_to_change_there_is_no_change(args: list[Any]) -> None:
    assert changes(CallRun(({"call": "fake:x", "args": args},)), "seed") == []
