"""The engine lets agents try tasks: budgets, refusals, credentials, kills; what is judged is judged once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from clearinghouse.core.errors import InvalidInput
from clearinghouse.core.review.samples import Outcome
from clearinghouse.evaluation.engine.control import Ask, ask
from clearinghouse.evaluation.engine.orders import Credentials, Prices
from clearinghouse.evaluation.engine.rejudge import rejudge
from clearinghouse.evaluation.engine.run import Run, Terms
from clearinghouse.evaluation.store import Budget, Folder
from tests.evaluation.endpoint import SUBMIT, Endpoint, shell
from tests.evaluation.tiny import WORD, TinyTask, evaluation, run

if TYPE_CHECKING:
    from pathlib import Path

    from clearinghouse.evaluation.engine.run import Progress

pytestmark = [pytest.mark.slow, pytest.mark.sandbox]
KEY = "sk-a-key-nobody-may-read"
MODEL = "openai-api/lab/new-model"


def test_baselines_try_every_task_once_and_judging_again_says_the_same(tmp_path: Path) -> None:
    tasks = [TinyTask("one"), TinyTask("two")]
    plan = evaluation(tasks, "baseline/oracle", "baseline/symlink", epochs=2)
    terms = Terms(state=tmp_path / "state")
    said: list[Progress] = []
    folder, one = run(tmp_path / "out", tasks, plan, terms, said)
    found = {(s.agent, s.task, s.epoch): s for s in folder.samples()}
    assert set(found) == set(plan.expected())
    assert {s.outcome for s in found.values() if s.agent == "baseline/oracle"} == {Outcome.PASS}
    for sample in found.values():
        assert sample.began.endswith("Z")
        assert sample.log is not None
        assert (tmp_path / "out" / "logs" / f"{sample.log}.json").is_file()
        if sample.agent == "baseline/symlink":
            assert sample.outcome is Outcome.FAIL
            assert sample.artifact is None
            assert "not a plain file" in sample.reasons[0]
    assert said[-1].done == said[-1].total == 8
    assert one.walls
    judged = sum(len(task.judged) for task in tasks)
    run(tmp_path / "out", tasks, plan, terms)
    assert sum(len(task.judged) for task in tasks) == judged == 8
    assert all(again.equal for again in rejudge(folder, {task.id: task for task in tasks}))
    with pytest.raises(InvalidInput, match="no task"):
        rejudge(folder, {"one": tasks[0]})


def test_an_endpoint_is_used_with_its_key_and_neither_is_written_anywhere(tmp_path: Path, socket_enabled: None) -> None:
    def script(messages: list[dict[str, Any]]) -> Any:
        turn = sum(message["role"] == "assistant" for message in messages)
        asked = json.dumps(messages)
        if "task passes" in asked:
            return [shell("cat hint.txt"), shell(f"echo {WORD} > answer.toml; env"), SUBMIT][turn]
        if "task refuses" in asked:
            return "refuse"
        if "task breaks" in asked:
            return 400
        return shell("sleep 0")  # without end

    tasks = [_Told(id=name) for name in ("passes", "refuses", "breaks", "endless")]
    plan = evaluation(tasks, MODEL, budget=Budget(tokens=1500, cost_micros=100_000, seconds=60.0, messages=60))
    with Endpoint(script) as endpoint:
        terms = Terms(
            state=tmp_path / "state", credentials=Credentials(endpoint.url, KEY), prices=Prices(input=1, output=10)
        )
        folder, _ = run(tmp_path / "out", tasks, plan, terms)
        assert set(endpoint.keys) == {f"Bearer {KEY}"}
        host = endpoint.url.split("/")[2]
    found = {sample.task: sample for sample in folder.samples()}
    passed = found["passes"]
    assert passed.outcome is Outcome.PASS
    assert (passed.usage.input_tokens, passed.usage.output_tokens, passed.usage.cost_micros) == (300, 30, 600)
    assert passed.submitted_at_tokens == 220
    assert found["refuses"].refused
    assert found["refuses"].outcome is Outcome.FAIL
    assert found["breaks"].outcome is Outcome.NO_VERDICT
    assert not passed.refused
    assert found["endless"].limit == "tokens"
    assert found["endless"].outcome is Outcome.FAIL
    assert any("credential" in reason for reason in found["breaks"].reasons)  # the endpoint repeated the key
    for place in (path for path in tmp_path.rglob("*") if path.is_file()):
        content = place.read_bytes()
        assert KEY.encode() not in content, place
        assert host.encode() not in content, place


class _Told(TinyTask):
    """Its prompt names it."""

    def offer(self, epoch: int) -> Any:
        return replace(super().offer(epoch), prompt=f"This is the task {self.id}.")


def test_a_killed_run_loses_no_judged_sample_and_counts_none_twice(tmp_path: Path) -> None:
    tasks = [TinyTask(f"t{i}") for i in range(6)]
    plan = evaluation(tasks, "baseline/oracle", epochs=2)
    program = (
        "import sys; from pathlib import Path; from clearinghouse.evaluation.engine.run import Terms;"
        "from tests.evaluation.tiny import TinyTask, evaluation, run;"
        "tasks = [TinyTask(f't{i}', judge_seconds=0.3) for i in range(6)];"
        "run(Path(sys.argv[1]), tasks, evaluation(tasks, 'baseline/oracle', epochs=2), Terms(state=Path(sys.argv[2])))"
    )
    out, state = tmp_path / "out", tmp_path / "state"
    process = subprocess.Popen([sys.executable, "-c", program, str(out), str(state)], start_new_session=True)
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and (not (out / "samples.jsonl").exists() or _lines(out) < 2):
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    with (out / "samples.jsonl").open("ab") as torn:
        torn.write(b'{"agent": "baseline/orac')
    before = Folder.open(out).samples()
    assert 2 <= len(before) < 12
    folder, _ = run(out, tasks, plan, Terms(state=state))
    assert folder.samples()[: len(before)] == before
    assert {(s.agent, s.task, s.epoch) for s in folder.samples()} == set(plan.expected())
    assert sum(len(task.judged) for task in tasks) == 12 - len(before)


def _lines(out: Path) -> int:
    return (out / "samples.jsonl").read_bytes().count(b"\n")


def test_a_paused_run_waits_and_a_cancelled_one_stops(tmp_path: Path) -> None:
    tasks = [TinyTask("one")]
    plan = evaluation(tasks, "baseline/oracle")
    folder = Folder.create(tmp_path / "out", plan)
    said: list[str] = []

    def say(now: Progress) -> None:
        said.append(now.doing)
        if now.doing == "paused":
            ask(folder.path, Ask.CANCEL)

    ask(folder.path, Ask.PAUSE)
    terms = Terms(state=tmp_path / "state", pause_seconds=0.01)
    assert not Run(folder, {"one": tasks[0]}, terms, say).carry_out()
    assert "paused" in said
    assert folder.samples() == ()
    ask(folder.path, Ask.GO_ON)
    assert Run(folder, {"one": tasks[0]}, terms, say).carry_out()
    assert len(folder.samples()) == 1


def test_the_engine_is_the_pinned_one_and_has_what_the_adapter_relies_on() -> None:
    said = subprocess.run([sys.executable, "-c", _CONTRACT], capture_output=True, text=True, timeout=100, check=False)
    assert said.returncode == 0, said.stderr
    assert said.stdout.split() == ["0.3.285", "ok"]


_CONTRACT = """
import importlib.metadata, inspect, typing
import inspect_ai
from inspect_ai.hooks import Hooks
from inspect_ai.log import EvalSample
from inspect_ai.util import SandboxEnvironment
from inspect_ai._util.registry import registry_lookup
from inspect_ai._util.entrypoints import ensure_entry_points
from clearinghouse.evaluation.engine import adapter
assert importlib.metadata.version("inspect-ai") == adapter.VERSION
for name in ("log_realtime", "fail_on_error", "ctl_server", "max_samples", "token_limit", "cost_limit", "time_limit",
             "message_limit", "log_model_api", "display"):
    assert name in inspect.signature(inspect_ai.eval).parameters, name
for name in ("model_usage", "limit", "error", "started_at", "total_time", "messages", "output"):
    assert name in EvalSample.model_fields, name
assert not adapter.ProofSandbox.__abstractmethods__
for method in ("exec", "read_file", "write_file", "sample_init", "sample_cleanup"):
    ours = list(inspect.signature(getattr(adapter.ProofSandbox, method)).parameters)
    assert ours == list(inspect.signature(getattr(SandboxEnvironment, method)).parameters), method
for method in ("override_api_key", "on_sample_end", "enabled"):
    assert hasattr(Hooks, method), method
ensure_entry_points("clearinghouse")
assert registry_lookup("sandboxenv", "clearinghouse")
assert registry_lookup("solver", "baseline") or registry_lookup("solver", "clearinghouse/baseline")
print(adapter.VERSION, "ok")
"""
