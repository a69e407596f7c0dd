"""The fuzzer changes values in the grammar of answers, the same way each time, and knows when it came near."""

from __future__ import annotations

import random
from typing import Any

import pytest

from clearinghouse.core.manifest import OracleSpec
from clearinghouse.core.proof import OracleName
from clearinghouse.core.toml_text import toml_text
from clearinghouse.evaluation.agents.fuzzer import score_of
from clearinghouse.evaluation.agents.mutations import mutated
from clearinghouse.evaluation.suites.prompts import effect_of

BENIGN: dict[str, Any] = {
    "a": "http://example/",
    "b": {"$bytes": "abc"},
    "c": [1, {"name": "x"}],
    "d": {"$cat": ["a", {"$rep": ["b", 3]}]},
    "e": True,
}


def test_mutations_are_answers_and_come_again_from_the_same_chance() -> None:
    found = [mutated(BENIGN, random.Random(seed), "read") for seed in range(500)]
    assert found == [mutated(BENIGN, random.Random(seed), "read") for seed in range(500)]
    assert all(one.keys() == BENIGN.keys() for one in found)
    texts = [toml_text({"input": one}) for one in found]
    assert len(set(texts)) > 300
    assert any("{{canary.read}}" in text for text in texts)
    assert any("50000" in text for text in texts)


@pytest.mark.parametrize(
    ("oracle", "said", "there"),
    [
        ("cpu", {"how": "late", "cpu": 2.0, "kib": 0}, True),
        ("cpu", {"how": "ok", "cpu": 0.1, "kib": 0}, False),
        ("recursion", {"how": "RecursionError", "cpu": 0.1, "kib": 0}, True),
        ("signal", {"how": "signal 11", "cpu": 0.1, "kib": 0}, True),
        ("signal", {"how": "ValueError", "cpu": 0.1, "kib": 0}, False),
        ("read", {"how": "ok", "cpu": 0.1, "kib": 0, "read": True}, True),
        ("exec", {"how": "ok", "cpu": 0.1, "kib": 0, "started": False}, False),
        ("connect", {"how": "ok", "cpu": 0.1, "kib": 0}, False),
        ("connect", {"how": "ok", "cpu": 0.1, "kib": 0, "reached": True}, True),
        ("pollution", {"how": "ok", "cpu": 0.1, "kib": 0, "polluted": True, "read": True}, True),
        ("pollution", {"how": "ok", "cpu": 0.1, "kib": 0, "polluted": False, "read": True}, False),
    ],
)
def test_a_trial_is_scored_by_the_oracle(oracle: str, said: dict[str, Any], there: bool) -> None:
    assert (score_of(oracle, said, "") >= 1) is there


@pytest.mark.parametrize(
    ("report", "there"),
    [
        ("returned {'role': 'admin'}", True),
        ("returned {'role': 'reader'}", False),
        ("raised jwt.InvalidKeyError: returned {'role': 'admin'}", False),
    ],
)
def test_the_patterns_of_a_report_are_taken_from_what_every_agent_is_told(report: str, *, there: bool) -> None:
    oracle = OracleSpec(OracleName.PREDICATE, insecure=r"returned .*'admin'", secure=r"^raised jwt\.InvalidKeyError")
    said = {"how": "ok", "cpu": 0.1, "kib": 0, "report": report}
    assert (score_of("predicate", said, effect_of(oracle)) >= 1) is there
    raised = effect_of(OracleSpec(OracleName.EXCEPTION, type="builtins.TypeError"))
    assert [score_of("exception", {**said, "how": how}, raised) for how in ("TypeError", "Error")] == [1.0, 0.0]
