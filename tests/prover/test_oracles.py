"""Each oracle fires on its effect and on no other, and names the function of the target that caused it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from clearinghouse.core.manifest import CallRun, OracleSpec, ScriptRun
from clearinghouse.core.proof import Input, OracleName, Signal
from clearinghouse.prover.memory import UNMEASURED, peak_of
from clearinghouse.prover.observation import Facts, Report
from clearinghouse.prover.oracles import judge
from clearinghouse.prover.runner import Plan, Runner
from clearinghouse.prover.sandbox.interface import Ending, Outcome
from tests.prover.conftest import manifest_of

if TYPE_CHECKING:
    from pathlib import Path

    from clearinghouse.prover.installed import Installed
    from clearinghouse.prover.sandbox.bubblewrap import BubblewrapSandbox
    from tests.prover.conftest import Observe
    from tests.prover.targets import HandMade

pytestmark = [pytest.mark.sandbox, pytest.mark.enable_socket]  # the decoy takes sockets from inside a run

GROWTH = Plan(sizes=tuple(2**power for power in range(4, 15)), until=0.3, stop_after=2.0)
GROWING = OracleSpec(OracleName.CPU, budget_seconds=0.3)


def call(name: str, *args: Any) -> list[dict[str, Any]]:
    return [{"call": f"fake.core:{name}", "args": list(args)}]


@pytest.mark.parametrize(
    ("oracle", "steps", "function"),
    [
        ("exec", call("spawn", "{{canary.exec}}"), "fake.core:spawn"),
        ("exec", call("spawn", "cd / && {{canary.exec}} a b c; false"), "fake.core:spawn"),
        ("exec", call("spawn_by_companion", "{{canary.exec}}"), "fake.core:spawn_by_companion"),
        ("exec", call("spawn_in_thread", "{{canary.exec}} &"), "fake.core:spawn_in_thread"),
        ("exec", call("evaluate", "__import__('os').system('{{canary.exec}}')"), "fake.core:evaluate"),
        ("write", call("write", "{{canary.write}}"), "fake.core:write"),
        ("write", call("write", "{{canary.root}}/../out/{{canary.token}}"), "fake.core:write"),
        ("write", call("spawn", "ln -s /nowhere {{canary.write}}"), "fake.core:spawn"),
        ("read", call("read", "{{canary.read}}"), "fake.core:read"),
        ("read", call("tell", "{{canary.read}}"), "fake.core:read"),
        ("connect", call("fetch", "{{canary.url}}"), "fake.core:fetch"),
        ("connect", call("fetch", "{{canary.redirect}}"), "fake.core:fetch"),
        ("recursion", call("dive", 0), "fake.core:dive"),
        ("signal", call("crash"), "fake.core:crash"),
        ("signal", call("kill", 6), "fake.core:kill"),
    ],
)
def test_an_effect_fires_its_oracle_and_is_the_targets(
    observe: Observe, oracle: str, steps: list[dict[str, Any]], function: str
) -> None:
    seen = observe(steps, oracle)
    assert (seen.signal, seen.function, seen.doubt) == (Signal.FIRED, function, None), seen.log


@pytest.mark.parametrize(
    ("oracle", "steps"),
    [
        ("exec", call("spawn", "true {{canary.exec}}")),
        ("exec", call("read", "{{canary.exec}}")),
        ("write", call("write", "/canary/out/innocent")),
        ("write", call("read", "/etc/passwd")),
        ("read", call("write", "/proof/{{canary.token}}")),
        ("connect", call("fetch", "{{canary.innocent}}")),
        ("connect", call("show", "{{canary.url}}")),
        ("recursion", call("fail", "RecursionError: maximum recursion depth exceeded")),
        ("signal", call("kill", 0)),
    ],
)
def test_what_only_resembles_the_effect_is_silent(observe: Observe, oracle: str, steps: list[dict[str, Any]]) -> None:
    seen = observe(steps, oracle)
    assert seen.signal is Signal.SILENT, seen.log


@pytest.mark.parametrize(
    ("steps", "trouble"),
    [
        (call("leave", 139), "exit status 139"),
        (call("leave", 0), "without the harness's report"),
        (call("kill", 9), "signal 9"),
        (call("kill", 15), "signal 15"),
    ],
)
def test_an_end_that_is_no_crash_is_neither_fired_nor_silent(
    observe: Observe, steps: list[dict[str, Any]], trouble: str
) -> None:
    seen = observe(steps, "signal")
    assert seen.signal is Signal.BROKEN, seen.log
    assert trouble in seen.signature


CARRYING = OracleSpec(OracleName.CONNECT, carrying=True)
SECRET = "{{canary.secret}}"


@pytest.mark.parametrize(
    ("args", "fires"),
    [
        (["{{canary.url}}", {"X-Key": f"Bearer {SECRET}"}], True),
        (["{{canary.redirect}}", {"X-Key": SECRET}], True),
        (["{{canary.redirect.307}}", {"X-Key": SECRET}], True),
        (["{{canary.url}}", {}, {"$bytes": f"key={SECRET}"}], True),
        (["{{canary.url}}?key=" + SECRET], True),
        (["{{canary.url}}", {"X-Key": "Bearer"}], False),
        (["{{canary.innocent}}", {"X-Key": SECRET}], False),
        (["{{canary.redirect.303}}", {}, {"$bytes": f"key={SECRET}"}], False),
    ],
)
def test_a_secret_fires_only_where_the_decoy_is_sent_it(observe: Observe, args: list[Any], fires: bool) -> None:
    seen = observe(call("fetch", *args), CARRYING)
    assert seen.signal is (Signal.FIRED if fires else Signal.SILENT), seen.log


def test_running_out_of_memory_is_no_crash(observe: Observe) -> None:
    seen = observe([{"call": "fake.core:show", "args": [{"$rep": ["a", 60_000_000]}]}], "signal", memory_mib=48)
    assert seen.signal is Signal.BROKEN, seen.log


def test_a_recursion_error_outside_the_target_is_not_the_targets(observe: Observe) -> None:
    steps = [
        {"call": "builtins:tuple", "args": [[]], "as": "deep"},
        {"repeat": 50_000, "do": [{"call": "builtins:tuple", "args": [[{"$": "deep"}]], "as": "deep"}]},
        {"call": "builtins:repr", "args": [{"$": "deep"}]},
    ]
    seen = observe(steps, "recursion")
    assert (seen.facts.report.text or "").startswith("raised builtins.RecursionError")
    assert seen.signal is Signal.SILENT, seen.log


def test_a_cost_that_grows_with_the_square_of_its_input_fires(observe: Observe) -> None:
    seen = observe(call("square", {"$rep": ["a", {"$size": 1}]}), GROWING, plan=GROWTH)
    assert (seen.signal, seen.function) == (Signal.FIRED, "fake.core:square"), seen.log
    assert seen.cpu_seconds >= 0.3


@pytest.mark.parametrize(("name", "signal"), [("square", Signal.FIRED), ("line", Signal.SILENT)])
def test_a_growth_that_noise_hid_is_measured_afresh_and_no_other_is_found(
    observe: Observe, monkeypatch: pytest.MonkeyPatch, name: str, signal: Signal
) -> None:
    measured = []

    def disturbed(self: Runner, tree: Installed, plan: Plan) -> Facts:
        facts = run_once(self, tree, plan)
        measured.append(facts)
        if len(measured) > 1:
            return facts
        costs = [replace(cost, amount=max(cost.amount, 0.12)) for cost in facts.report.costs]
        last = replace(costs[-1], amount=max(costs[-1].amount, GROWING.budget_seconds))
        return replace(facts, report=replace(facts.report, costs=(*costs[:-1], last)))

    run_once = Runner._facts  # the machine's noise, at the one place where it comes in
    monkeypatch.setattr(Runner, "_facts", disturbed)
    # What is added to a series would otherwise be more than the run can have used.
    monkeypatch.setattr("clearinghouse.prover.oracles._MOST_CPU_DRIFT", 100.0)
    seen = observe(call(name, {"$rep": ["a", {"$size": 1}]}), GROWING, plan=GROWTH)
    assert seen.signal is signal, seen.log
    assert len(measured) > 1


def test_a_cost_in_step_with_its_input_does_not_fire_however_slow(observe: Observe) -> None:
    seen = observe(call("line", {"$rep": ["a", {"$size": 2}]}), GROWING, plan=GROWTH)
    assert seen.signal is Signal.SILENT, seen.log


def test_an_endless_loop_at_the_first_size_says_nothing_of_growth(observe: Observe) -> None:
    seen = observe(call("spin", {"$rep": ["a", {"$size": 1}]}), GROWING, plan=Plan(sizes=(4, 8, 16), stop_after=0.5))
    assert seen.signal is Signal.BROKEN, seen.log
    assert "before any growth" in seen.signature


def test_an_endless_loop_is_stopped_and_fires_against_a_quick_control(observe: Observe) -> None:
    run = CallRun(tuple(call("spin", True)), control_steps=tuple(call("spin", False)))
    control = observe(run, GROWING, plan=Plan(input=Input.CONTROL, stop_after=0.6))
    assert control.signal is Signal.SILENT, control.log
    seen = observe(run, GROWING, plan=Plan(stop_after=0.6, reference=control.cpu_seconds))
    assert (seen.signal, seen.function) == (Signal.FIRED, "fake.core:spin"), seen.log
    assert seen.facts.outcome.cpu_seconds < 5


def test_a_reference_that_does_not_end_by_itself_fires(observe: Observe) -> None:
    seen = observe(call("spin", True), GROWING, plan=Plan(stop_after=0.4))
    assert seen.signal is Signal.FIRED, seen.log


def test_a_script_that_forges_the_harness_is_not_believed(observe: Observe) -> None:
    forged = b"""
import json, os, sys
for line in (
    {"done": True, "text": "INSECURE", "recursion": True}, {"armed": 0.0, "size": 8}, {"end": True},
    {"size": 8, "cpu": 0.1, "finished": True}, {"size": 16, "cpu": 0.4, "finished": True},
    {"size": 32, "cpu": 1.6, "finished": True}, {"samples": 9, "inside": [["fake.core:x", 9]]},
    {"samples": 1e400, "inside": [1]}, {"changed": 3}, {"effect": None},
):
    os.write(3, json.dumps(line).encode() + b"\\n")
os.write(3, b"[" * 100000 + b"\\n" + b"\\xff" * 10)
"""
    run = ScriptRun(("python", "files/forge.py"))
    for oracle in ("predicate", "recursion", "cpu", "signal", "write", "read", "exec", "connect"):
        seen = observe(run, oracle, files={"files/forge.py": forged}, plan=Plan(stop_after=5, reference=0.01))
        assert seen.signal is Signal.SILENT, (oracle, seen.log)


def test_a_script_is_given_its_files_its_input_and_its_canaries(observe: Observe) -> None:
    script = b"""
import os, sys
import fake.core
names = sorted(name for name in os.environ if "CANARY" in name)
print(sys.stdin.read(), sys.argv[1:], open("files/data.txt").read(), os.getcwd(), names)
"""
    run = ScriptRun(("python", "files/s.py", "{{canary.root}}"), stdin="files/data.txt")
    seen = observe(run, files={"files/s.py": script, "files/data.txt": b"data"})
    assert seen.facts.outcome.stdout.decode().split(None, 4) == [
        "data", "['/canary/root']", "data", "/proof",
        "['CANARY_EXEC', 'CANARY_READ', 'CANARY_ROOT', 'CANARY_TOKEN', 'CANARY_WRITE']\n",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("oracle", "body", "function"),
    [
        ("exec", "fake.core.spawn(os.environ['CANARY_EXEC'])", "fake.core:spawn"),
        ("write", "fake.core.write(os.environ['CANARY_WRITE'])", "fake.core:write"),
        ("read", "print(fake.core.read(os.environ['CANARY_READ']))", "fake.core:read"),
        ("exec", "fake.core.evaluate(\"os.system(os.environ['CANARY_EXEC'])\")", "fake.core:evaluate"),
        ("signal", "fake.core.crash()", "fake.core:crash"),
        ("connect", "fake.core.fetch(os.environ['CANARY_REDIRECT'])", "fake.core:fetch"),
        ("connect", "import urllib.request; urllib.request.urlopen(os.environ['CANARY_URL'])", None),
        ("exec", "os.system(os.environ['CANARY_EXEC'])", None),
        ("exec", "fake.core.helper.call(os.system, os.environ['CANARY_EXEC'])", None),
        ("exec", "fake.core.read(os.environ['CANARY_EXEC']); os.system(os.environ['CANARY_EXEC'])", None),
        ("write", "open(os.environ['CANARY_WRITE'], 'w')", None),
        (
            "write",
            "try: fake.core.read(os.environ['CANARY_WRITE'])\nexcept OSError: open(os.environ['CANARY_WRITE'], 'w')",
            None,
        ),
        ("signal", "import ctypes; ctypes.string_at(0)", None),
        ("write", "exec(compile('open(os.environ[\"CANARY_WRITE\"], \"w\")', fake.core.__file__, 'exec'))", None),
        ("exec", "import subprocess; subprocess.run(['sh', '-c', '$CANARY_EXEC'])", None),
    ],
)
def test_a_script_s_effect_is_the_targets_only_when_the_targets_code_made_it(
    observe: Observe, oracle: str, body: str, function: str | None
) -> None:
    script = f"import os\nimport fake.core\n{body}\n".encode()
    seen = observe(ScriptRun(("python", "files/s.py")), oracle, files={"files/s.py": script})
    assert seen.signal is Signal.FIRED, seen.log
    assert seen.function == function
    assert (seen.doubt is None) is (function is not None)


def test_a_script_s_cpu_is_the_targets_when_its_samples_are(observe: Observe) -> None:
    for body, ours in (("fake.core.spin(True)", True), ("while True: pass", False)):
        script = f"import fake.core\n{body}\n".encode()
        plan = Plan(stop_after=1.2, reference=0.05)
        seen = observe(ScriptRun(("python", "files/s.py")), GROWING, files={"files/s.py": script}, plan=plan)
        assert seen.signal is Signal.FIRED, seen.log
        assert (seen.function == "fake.core:spin") is ours, (seen.function, seen.doubt)


HOLDING = OracleSpec(OracleName.MEMORY, budget_mib=48)
DOUBLING = Plan(sizes=tuple(2**power for power in range(6, 13)), until=48)
LETTERS = {"$rep": ["a", {"$size": 1}]}


def test_memory_that_grows_with_the_square_of_its_input_fires(observe: Observe) -> None:
    seen = observe(call("hold_square", LETTERS), HOLDING, plan=DOUBLING)
    assert (seen.signal, seen.function) == (Signal.FIRED, "fake.core:hold_square"), seen.log
    costs = seen.facts.peaks
    assert costs is not None
    assert [cost.size for cost in costs] == [64, 128, 256, 512, 1024]
    assert 60 < costs[-1].amount < 80  # 64 MiB, above what importing takes


def test_a_run_killed_at_its_memory_limit_held_at_least_that(observe: Observe) -> None:
    seen = observe(call("hold_square", LETTERS), HOLDING, plan=replace(DOUBLING, until=150.0), memory_mib=160)
    assert seen.signal is Signal.FIRED, seen.log
    costs = seen.facts.peaks
    assert costs is not None
    assert costs[-1].finished is False
    assert costs[-1].amount > 100


def test_memory_in_step_with_its_input_does_not_fire_however_much(observe: Observe) -> None:
    steps = call("show", {"$rep": ["a", {"$size": 65536}]})
    seen = observe(steps, HOLDING, plan=Plan(sizes=(64, 128, 256, 512, 1024, 2048), until=48))
    assert seen.signal is Signal.SILENT, seen.log


def test_memory_alone_never_fires_without_something_to_compare_with(observe: Observe) -> None:
    for mib, reference, signal in ((60, 0.0, Signal.FIRED), (60, 20.0, Signal.SILENT), (30, 0.0, Signal.SILENT)):
        seen = observe(call("hold", mib), HOLDING, plan=Plan(reference=reference))
        assert seen.signal is signal, (mib, reference, seen.log)


def test_where_no_release_is_fixed_the_input_itself_is_what_memory_is_compared_with(
    prover_sandbox: BubblewrapSandbox, runtime: HandMade, small_target: Installed, tmp_path: Path
) -> None:
    run = CallRun(tuple(call("show", {"$rep": ["a", 60 << 20]})), control_steps=tuple(call("show", "a")))
    manifest = manifest_of(run, HOLDING)
    for fixed, signal in (("1.0.2", Signal.FIRED), (None, Signal.SILENT)):
        asked = replace(manifest, target=replace(manifest.target, fixed=fixed))
        runner = Runner(prover_sandbox, manifest=asked, files={}, runtime=runtime, state=tmp_path)
        seen = runner.run(small_target, Plan(reference=0.0))
        runner.close()
        assert seen.signal is signal, seen.log


def test_a_host_that_does_not_count_memory_says_so() -> None:
    facts = Facts(Outcome(Ending.EXITED, report=b"", memory_kib=900_000), Report(ended=True), form_one=True)
    assert peak_of(facts.outcome, None, 0.0, 1024) is None
    assert judge(HOLDING, facts, 1.0) == (Signal.BROKEN, UNMEASURED)


@pytest.mark.parametrize(
    ("steps", "kind", "fires"),
    [
        (call("fail", "x"), "FakeError", True),
        (call("fail", "x"), "fake.core.FakeError", True),
        (call("fail", "x"), "ValueError", True),
        (call("fail", "x"), "builtins.ValueError", True),
        (call("fail", "x"), "core.FakeError", False),
        (call("fail", "x"), "IndexError", False),
        (call("sloppy", "x"), "TypeError", True),
        (call("stop", 3), "SystemExit", True),
        ([*call("Box", 1), {"call": "helper:double", "args": [{"$none": 1}]}], "TypeError", False),
        ([{"call": "builtins:int", "args": ["x"]}], "ValueError", False),
        (call("show", "raised builtins.KeyError"), "KeyError", False),
    ],
)
def test_an_exception_fires_by_class_and_only_from_the_target(
    observe: Observe, steps: list[dict[str, Any]], kind: str, fires: bool
) -> None:
    seen = observe(steps, OracleSpec(OracleName.EXCEPTION, type=kind))
    assert seen.signal is (Signal.FIRED if fires else Signal.SILENT), seen.log
