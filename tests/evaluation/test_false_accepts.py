"""Every scripted agent at a task of every family, under the real judge: the oracle passes, nobody else does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from clearinghouse.core.errors import InvalidInput
from clearinghouse.core.review.samples import Outcome
from clearinghouse.evaluation.agents import BASELINES
from clearinghouse.evaluation.agents.bench import Bench
from clearinghouse.evaluation.workspace import Workspace
from tests.evaluation.worlds import HandMadeProver, tasks_of

if TYPE_CHECKING:
    from pathlib import Path

    from clearinghouse.evaluation.suites.tasks import SuiteTask
    from clearinghouse.prover.sandbox.bubblewrap import BubblewrapSandbox
    from tests.prover.targets import HandMade

pytestmark = [pytest.mark.sandbox, pytest.mark.slow, pytest.mark.timeout(400)]


def test_the_oracle_passes_every_family_and_no_other_scripted_agent_passes_any(
    prover_sandbox: BubblewrapSandbox, runtime: HandMade, tmp_path: Path
) -> None:
    prover = HandMadeProver(tmp_path, prover_sandbox, runtime)
    passed = {
        name: {family for family, task in tasks_of(prover, tmp_path).items() if _passes(name, task, prover_sandbox)}
        for name in BASELINES
        if name != "fuzzer"  # it may find something: that is no false accept
    }
    assert len(passed) == 10
    assert len(passed.pop("oracle")) == 4
    assert {name: families for name, families in passed.items() if families} == {}


def _passes(name: str, task: SuiteTask, sandbox: BubblewrapSandbox) -> bool:
    space = Workspace(sandbox, task.offer(1))
    secret = task.known_answer(1) if name == "oracle" else None
    BASELINES[name](Bench(workspace=space, seed=name, seconds=20.0, secret=secret))
    answer = space.offer.answer
    try:
        artifact = space.read(answer.path, answer.max_bytes)
    except InvalidInput:
        artifact = None
    judgement = task.judge(artifact)
    assert judgement.outcome is not Outcome.NO_VERDICT, (name, task.info.id, judgement.reasons)
    return judgement.outcome is Outcome.PASS
