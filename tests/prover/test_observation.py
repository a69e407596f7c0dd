"""What a run said is read as far as it makes sense; nothing that it says can break the reader."""

from __future__ import annotations

import json
import signal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearinghouse.core.growth import Cost
from clearinghouse.core.manifest import OracleSpec
from clearinghouse.core.proof import Input, OracleName, Signal, Variant
from clearinghouse.prover.attribution import attribute
from clearinghouse.prover.observation import Facts, Observation, Report, log_of, parse_report
from clearinghouse.prover.oracles import judge
from clearinghouse.prover.sandbox.interface import Ending, Outcome
from clearinghouse.prover.series import Series

_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
_KEYS = st.sampled_from(
    ["armed", "size", "finished", "cpu", "effect", "function", "doubt", "samples", "inside", "changed", "broken",
     "refused", "done", "text", "recursion", "end"],
)  # fmt: skip


def lines(*said: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in said)


def facts(report: Report | None = None, *, form_one: bool = True, **given: Any) -> Facts:
    """A run that ended well, unless `given` says otherwise."""
    seen = {name: given.pop(name) for name in ("knocked", "secret_seen", "written") if name in given}
    outcome = Outcome(**{"ending": Ending.EXITED, "cpu_seconds": 10.0, **given})
    return Facts(outcome, report or Report(ended=True), form_one, **seen)


@given(st.lists(st.dictionaries(_KEYS, _JSON, max_size=5), max_size=6))
def test_no_line_that_is_json_can_break_the_reader(said: list[dict[str, Any]]) -> None:
    report = parse_report(lines(*said))
    assert len(report.costs) + len(report.effects) <= len(said)
    log_of(Outcome(Ending.EXITED), report)


@given(st.binary(max_size=500))
def test_no_bytes_can_break_the_reader(data: bytes) -> None:
    assert isinstance(parse_report(data), Report)


@pytest.mark.parametrize(
    "data",
    [
        b"{" * 100_000,
        b'{"a":' * 100_000,
        b'{"finished": 1, "cpu": 1' + b"0" * 5000 + b"}",
        b"\n" * 1_000_000,
        b"{}\n" * 9000,
    ],
)
def test_a_flood_does_not_break_the_reader_either(data: bytes) -> None:
    assert parse_report(data).costs == ()


def test_what_the_harness_says_is_read() -> None:
    report = parse_report(
        lines(
            {"armed": 1.5, "size": 8},
            {"size": 8, "cpu": 0.25, "finished": True},
            {"effect": "open", "function": "m:f"},
            {"effect": "os.system", "function": None, "doubt": "borrowed"},
            {"samples": 10, "inside": [["m:f", 7], ["m:g", 2]]},
            {"changed": ["m:f"]},
            {"done": True, "text": "returned 1", "recursion": True, "function": "m:f"},
            {"armed": 2.5, "size": 16},
            {"end": True},
        )
        + b'Fatal Python error: Segmentation fault\n\n  File "/opt/target/pkg/__init__.py", line 3 in run\n'
    )
    assert report == Report(
        text="returned 1", function="m:f", recursion=True, ended=True, costs=(Cost(8, 0.25, finished=True),),
        armed=2.5, armed_size=16, effects=(("open", "m:f"), ("os.system", None)), doubts=("borrowed",),
        inside=("m:f", "m:g"), samples=(10, 9), changed=("m:f",), crash=("pkg:run",),
    )  # fmt: skip


def test_a_refusal_is_told_apart_from_a_fault() -> None:
    assert parse_report(lines({"broken": "x"})).refused is False
    assert parse_report(lines({"refused": "x"})) == Report(broken="x", refused=True)


@pytest.mark.parametrize(
    ("oracle", "given_", "fired"),
    [
        ("write", {"written": True}, True),
        ("read", {"secret_seen": True}, True),
        ("exec", {"knocked": True}, True),
        ("write", {"secret_seen": True, "knocked": True}, False),
        ("signal", {"ending": Ending.SIGNALLED, "code": signal.SIGSEGV}, True),
        ("signal", {"ending": Ending.SIGNALLED, "code": signal.SIGABRT}, True),
        ("signal", {"ending": Ending.SIGNALLED, "code": signal.SIGKILL}, False),
        ("signal", {"ending": Ending.EXITED, "code": 139}, False),
        ("signal", {"ending": Ending.MEMORY_LIMIT}, False),
        ("recursion", {"ending": Ending.SIGNALLED, "code": signal.SIGSEGV}, True),
        ("recursion", {"ending": Ending.SIGNALLED, "code": signal.SIGFPE}, False),
        ("write", {"written": True, "ending": Ending.WALL_LIMIT}, True),
        ("write", {"written": True, "ending": Ending.NOT_STARTED}, False),
    ],
)
def test_an_oracle_looks_at_its_own_effect_alone(oracle: str, given_: dict[str, Any], fired: bool) -> None:
    judged, signature = judge(OracleSpec(OracleName(oracle)), facts(**given_))
    assert (judged is Signal.FIRED) is fired
    assert signature


@pytest.mark.parametrize(
    "given_",
    [
        {"ending": Ending.WALL_LIMIT},
        {"ending": Ending.CPU_LIMIT},
        {"ending": Ending.MEMORY_LIMIT},
        {"ending": Ending.NOT_STARTED, "detail": "no bwrap"},
        {"ending": Ending.EXITED, "code": 1},
        {"report": Report(broken="x", ended=True)},
        {"report": Report()},
    ],
)
def test_a_side_that_did_not_end_well_is_never_silent(given_: dict[str, Any]) -> None:
    for oracle in ("write", "read", "exec", "signal", "recursion", "predicate"):
        spec = OracleSpec(OracleName(oracle), insecure="x" if oracle == "predicate" else None)
        assert judge(spec, facts(**given_))[0] is Signal.BROKEN


def test_the_clocks_inside_may_not_claim_more_than_the_run_used() -> None:
    costs = tuple(Cost(size, 1e-4 * size**2, finished=True) for size in (16, 32, 64, 128))
    report = Report(ended=True, costs=costs)
    spec = OracleSpec(OracleName.CPU)
    assert judge(spec, facts(report, cpu_seconds=3.0))[0] is Signal.FIRED
    assert judge(spec, facts(report, cpu_seconds=0.5))[0] is Signal.BROKEN


def test_a_run_stopped_from_outside_counts_as_what_it_used_since_its_clock_began() -> None:
    report = Report(armed=2.0, armed_size=64, costs=(Cost(32, 0.03, finished=True),))
    judged, _ = judge(OracleSpec(OracleName.CPU), facts(report, ending=Ending.CPU_LIMIT, cpu_seconds=5.0))
    assert judged is Signal.FIRED


def test_a_script_is_silent_when_it_exits_well_whatever_it_reports() -> None:
    assert judge(OracleSpec(OracleName.WRITE), facts(Report(), form_one=False))[0] is Signal.SILENT
    assert judge(OracleSpec(OracleName.WRITE), facts(Report(), form_one=False, code=1))[0] is Signal.BROKEN


@pytest.mark.parametrize(
    ("oracle", "report", "form_one", "function"),
    [
        ("write", Report(effects=(("open", "m:f"), ("open", "m:g"))), False, "m:g"),
        ("write", Report(effects=(("open", None), ("open", "m:f"))), False, None),
        ("write", Report(effects=(("open", None), ("open", "m:f"))), True, "m:f"),
        ("exec", Report(effects=(("open", None), ("os.system", "m:f"))), False, "m:f"),
        ("exec", Report(effects=(("open", "m:f"), ("os.system", None))), False, None),
        ("write", Report(effects=(("open", "m:f"),), doubts=("borrowed",)), False, None),
        ("write", Report(effects=(("open", None),)), False, None),
        ("write", Report(), False, None),
        ("write", Report(function="m:f"), True, "m:f"),
        ("cpu", Report(samples=(100, 95), inside=("m:f",)), False, "m:f"),
        ("cpu", Report(samples=(100, 80), inside=("m:f",)), False, None),
        ("cpu", Report(), False, None),
        ("cpu", Report(samples=(100, 10), inside=("m:f",)), True, "m:f"),
        ("predicate", Report(function="m:f"), True, "m:f"),
    ],
)
def test_an_effect_is_attributed_or_doubted(oracle: str, report: Report, form_one: bool, function: str | None) -> None:
    found, doubt = attribute(OracleName(oracle), facts(report, form_one=form_one))
    assert found == function
    assert (doubt is None) is (function is not None)


def observation(signal_: Signal, **given: Any) -> Observation:
    return Observation(signal_, signal_.value, facts(), **given)


def test_a_row_counts_what_its_runs_showed() -> None:
    series = Series(Variant.VULNERABLE, Input.TRIGGER, "1.0")
    for seen in (
        observation(Signal.SILENT, cpu_seconds=1.0),
        observation(Signal.FIRED, function="m:f", cpu_seconds=3.0),
        observation(Signal.FIRED, function="m:g", doubt="x", cpu_seconds=2.0),
        observation(Signal.FIRED, function="m:g"),
        observation(Signal.BROKEN),
    ):
        series.add(seen)
    row = series.row()
    assert (row.n, row.k, row.broken, row.signature, row.cpu_ms) == (5, 3, 1, "fired", 1000)
    assert series.fired_function == "m:g"
    assert series.doubt is None
    assert series.cpu == 3.0
