"""Runs forked from one warm start come to what cold ones come to, and nothing of one reaches the next."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from clearinghouse.core.manifest import CallRun, OracleSpec
from clearinghouse.core.proof import OracleName, Signal, Verdict
from clearinghouse.prover.builds import Builds
from clearinghouse.prover.bundle import from_files
from clearinghouse.prover.prove import prove
from clearinghouse.prover.runner import Plan, Runner
from clearinghouse.prover.sandbox.interface import Ending, Outcome
from clearinghouse.prover.warm import outcomes
from tests.prover.conftest import manifest_of
from tests.prover.targets import SOURCES, installed

if TYPE_CHECKING:
    from pathlib import Path

    from clearinghouse.prover.installed import Installed
    from clearinghouse.prover.observation import Observation
    from clearinghouse.prover.sandbox.bubblewrap import BubblewrapSandbox
    from tests.prover.targets import HandMade

pytestmark = pytest.mark.sandbox

STATE = '''
import glob, os, sys, tempfile
SEEN = []

def leave_behind(text):
    """What this process and the folders it may write to hold already; then leave something in each."""
    SEEN.append(text)
    found = [sorted(os.listdir(folder)) for folder in ("/proof", "/tmp", "/dev/shm")]
    others = [pid for pid in os.listdir("/proc") if pid.isdigit() and int(pid) not in (1, os.getpid(), os.getppid())]
    os.mkdir("/tmp/locked")
    open("/tmp/locked/file", "w").close()
    os.chmod("/tmp/locked", 0)
    open("/proof/left", "w").close()
    open("/dev/shm/left", "w").close()
    if not os.fork():
        os.setsid()
        while True:
            pass
    return len(SEEN), found, others, os.getcwd()

def end_the_parent():
    os.kill(os.getppid(), 9)

def warm():
    return os.getppid() != 1

def say(text):
    print(text)
'''
THREADED = (
    "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\ndef f(): pass\n"
)


class Repeat(Protocol):
    """Repeat steps from one warm start."""

    def __call__(
        self, steps: list[dict[str, Any]], oracle: str | OracleSpec = ..., times: int = ..., **given: Any
    ) -> list[Observation] | None: ...


@pytest.fixture(scope="session")
def with_state(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The small target, and a module that remembers."""
    sources = {**SOURCES, "fake/state.py": STATE, "fake/threaded.py": THREADED}
    return installed(tmp_path_factory.mktemp("warm") / "fake-1.0.1", "1.0.1", sources)


@pytest.fixture
def repeat(prover_sandbox: BubblewrapSandbox, runtime: HandMade, with_state: Installed, tmp_path: Path) -> Repeat:
    """Repeat steps from one warm start of the small target."""

    def run(
        steps: list[dict[str, Any]], oracle: str | OracleSpec = "predicate", times: int = 3, **given: Any
    ) -> list[Observation] | None:
        spec = oracle if isinstance(oracle, OracleSpec) else OracleSpec(OracleName(oracle), insecure="True|INSECURE")
        plan = given.pop("plan", Plan())
        manifest = manifest_of(CallRun(tuple(steps), env=given.pop("env", {})), spec, **given)
        runner = Runner(prover_sandbox, manifest=manifest, files={}, runtime=runtime, state=tmp_path)
        try:
            return runner.repeat(with_state, plan, times)
        finally:
            runner.close()

    return run


def call(name: str, *args: Any) -> list[dict[str, Any]]:
    return [{"call": f"fake.{name}" if ":" in name else f"fake.core:{name}", "args": list(args)}]


@pytest.mark.parametrize(
    ("oracle", "steps", "signal", "function"),
    [
        ("predicate", call("fail", "INSECURE"), Signal.FIRED, "fake.core:fail"),
        ("predicate", call("show", "x"), Signal.SILENT, None),
        ("read", call("read", "{{canary.read}}"), Signal.FIRED, "fake.core:read"),
        ("read", call("tell", "{{canary.read}}"), Signal.FIRED, "fake.core:read"),
        ("read", call("show", "{{canary.read}}"), Signal.SILENT, None),
        ("write", call("write", "{{canary.write}}"), Signal.FIRED, "fake.core:write"),
        ("write", call("show", "{{canary.write}}"), Signal.SILENT, None),
        ("recursion", call("dive", 0), Signal.FIRED, "fake.core:dive"),
        ("signal", call("crash"), Signal.FIRED, "fake.core:crash"),
        ("signal", call("leave", 139), Signal.BROKEN, None),
        (OracleSpec(OracleName.EXCEPTION, type="FakeError"), call("fail", "x"), Signal.FIRED, "fake.core:fail"),
    ],
)
def test_a_fork_comes_to_what_a_cold_run_comes_to(
    repeat: Repeat, oracle: str | OracleSpec, steps: list[dict[str, Any]], signal: Signal, function: str | None
) -> None:
    seen = repeat(steps, oracle)
    assert seen is not None
    assert [(item.signal, item.function) for item in seen] == [(signal, function)] * 3, seen[0].log
    assert "forked from a warm start" in seen[0].log


def test_each_fork_has_its_own_clock(repeat: Repeat) -> None:
    growing = OracleSpec(OracleName.CPU, budget_seconds=0.2)
    plan = Plan(sizes=tuple(2**power for power in range(4, 15)), until=0.2, stop_after=2.0)
    seen = repeat(call("square", {"$rep": ["a", {"$size": 1}]}), growing, plan=plan)
    assert seen is not None
    assert [item.signal for item in seen] == [Signal.FIRED] * 3, seen[0].log
    assert [item.function for item in seen] == ["fake.core:square"] * 3


def test_nothing_of_one_run_is_there_for_the_next(repeat: Repeat) -> None:
    seen = repeat(call("state:leave_behind", "x"), times=4)
    assert seen is not None
    assert {item.facts.report.text for item in seen} == {"returned (1, [['files'], [], []], [], '/proof')"}


def test_what_a_run_prints_stays_with_it(repeat: Repeat) -> None:
    seen = repeat(call("state:say", "{{canary.token}}"))
    assert seen is not None
    said = [item.facts.outcome.stdout for item in seen]
    assert len(set(said)) == 3
    assert all(len(text) == 33 for text in said)


def test_a_run_that_does_not_end_is_stopped_and_the_next_goes_on(repeat: Repeat) -> None:
    seen = repeat(call("spin", True), times=2, wall_seconds=0.5)
    assert seen is not None
    assert [item.facts.outcome.ending for item in seen] == [Ending.WALL_LIMIT] * 2


def test_where_forks_cannot_be_had_there_are_none(repeat: Repeat) -> None:
    assert repeat(call("threaded:f")) is None
    assert repeat(call("state:end_the_parent")) is None
    assert repeat(call("kill", 9)) is None  # who killed it, a cold run tells
    assert repeat(call("spawn", "{{canary.exec}}"), "exec") is None
    assert repeat(call("fetch", "{{canary.url}}"), "connect") is None
    assert repeat(call("hold", 50), "memory") is None
    assert repeat(call("show"), env={"HOME": "/{{canary.token}}"}) is None


def test_where_forks_and_cold_runs_disagree_the_cold_ones_hold_and_the_reasons_say_so(
    prover_sandbox: BubblewrapSandbox, runtime: HandMade, with_state: Installed, tmp_path: Path
) -> None:
    manifest = b"""
schema = "clearinghouse.proof/1"
[claim]
title = "warm() tells whether it is a fork"
[target]
package = "pkg:pypi/fake"
vulnerable = "1.0.1"
[run]
call = "fake.state:warm"
control_args = []
[oracle]
name = "predicate"
insecure = "True"
"""
    result = prove(from_files({"proof.toml": manifest}), Builds(runtime, with_state, None), prover_sandbox, tmp_path)
    assert result.verdict is Verdict.NOT_REPRODUCED, result.reasons
    assert (result.matrix[0].n, result.matrix[0].k) == (5, 0)
    assert "forked from a warm start came to something else" in " ".join(result.reasons)


def test_ends_that_do_not_add_up_are_believed_of_none() -> None:
    def line(**said: Any) -> bytes:
        return json.dumps({**said, "key": "k"}).encode() + b"\n"

    end = {"status": 0, "cpu": 0.1, "wall": 0.1, "stopped": False, "stdout": "", "stderr": "", "dropped": 0}
    good = line(fork=0) + b'{"done": true}\n' + line(ended=0, **end)
    found = outcomes(Outcome(Ending.EXITED, report=good, present=frozenset({"/a", "/b"})), "k", ["/a"])
    assert found is not None
    assert (found[0].report.strip(), found[0].present) == (b'{"done": true}', frozenset({"/a"}))
    for whole in (
        Outcome(Ending.EXITED, report=line(fork=0)),
        Outcome(Ending.EXITED, report=line(ended=0, **end)),
        Outcome(Ending.EXITED, report=line(fork=0) + line(ended=0)),
        Outcome(Ending.EXITED, report=line(fork=1) + line(ended=1, **end)),
        Outcome(Ending.EXITED, report=good + good),
        Outcome(Ending.EXITED, report=good.replace(b'"k"', b'"x"')),
        Outcome(Ending.EXITED, code=1, report=good),
        Outcome(Ending.MEMORY_LIMIT, report=good),
        Outcome(Ending.EXITED, report=line(cold="threads")),
    ):
        assert outcomes(whole, "k", ["/a"]) is None
