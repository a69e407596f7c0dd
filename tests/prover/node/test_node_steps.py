"""Form 1 in JavaScript: steps and values mean what the grammar says, in the real sandbox."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from clearinghouse.core.manifest import CallRun, OracleSpec
from clearinghouse.core.proof import OracleName, Signal
from clearinghouse.prover.runner import Plan

if TYPE_CHECKING:
    from tests.prover.conftest import Observe

pytestmark = pytest.mark.sandbox


def shown(observe: Observe, *steps: dict[str, Any], show: tuple[str, ...] = ("$result",)) -> str | None:
    return observe(CallRun(steps, show=show)).facts.report.text


def test_every_value_becomes_what_it_stands_for(observe: Observe) -> None:
    values = [
        "x", 1, True, [1], {"a": 1}, {"$none": 1}, {"$undefined": 1}, {"$bytes": "\xff"}, {"$hex": "00 ff"},
        {"$tuple": [1]}, {"$set": [1]}, {"$stream": "x"}, {"$callback": 1}, {"$import": "fake:Box"},
        {"$rep": ["ab", 2]}, {"$cat": [{"$bytes": "a"}, {"$hex": "62"}]},
    ]  # fmt: skip
    assert shown(observe, {"call": "fake:kinds", "args": values}) == (
        "returned [ 'String', 'Number', 'Boolean', 'Array', 'Object', 'null', 'undefined', 'Buffer', 'Buffer', "
        "'Array', 'Set', 'PassThrough', 'Function', 'Function', 'String', 'Buffer' ]"
    )


def test_files_of_the_bundle_are_values(observe: Observe) -> None:
    steps = [{"call": "fake:call", "args": [{"$import": "fake:kinds"}, {"$text": "files/a"}, {"$read": "files/a"}]}]
    assert observe(steps, files={"files/a": b"xyz"}).facts.report.text == "returned [ 'String', 'Buffer' ]"
    path = [{"call": "fake:later", "args": [{"$path": "files/a"}], "await": True}]
    assert observe(path, files={"files/a": b"xyz"}).facts.report.text == "returned '/proof/files/a'"


@pytest.mark.parametrize(
    ("steps", "text"),
    [
        ([{"call": "fake:default", "args": [1]}], "returned [ 'main', 1, true ]"),
        ([{"call": "fake:self"}], "returned true"),
        ([{"call": "fake/lib/part:twice", "args": [2]}], "returned 4"),
        ([{"get": "fake/lib/part.js:default.default"}], "returned 'named default'"),
        ([{"call": "fake/modern.mjs:default", "args": ["you"]}], "returned 'hi you'"),
        ([{"get": "fake/modern.mjs:one"}], "returned 1"),
        ([{"call": "helper:double", "args": [4]}], "returned 8"),
        ([{"call": "fake:Box", "new": True, "args": [3], "as": "b"}, {"call": "$b.get"}], "returned 3"),
        ([{"call": "fake:Box.make", "args": [3], "as": "b"}, {"get": "$b.items.0.value"}], "returned 3"),
        ([{"call": "fake:later", "args": [5], "await": True}], "returned 5"),
        ([{"call": "fake:stream", "args": [3], "drain": True}], "returned [ 0, 1, 2 ]"),
        ([{"call": "fake:answer", "args": [7, {"$callback": 1}], "await": True}], "returned [ null, 7 ]"),
        ([{"call": "builtins:Map", "new": True, "as": "m"}, {"call": "$m.set", "args": ["a", 1]}], "'a' => 1"),
        ([{"call": "builtins:JSON.parse", "args": ["[1]"]}], "returned [ 1 ]"),
        ([{"call": "fake:Box.make", "args": [1], "as": "b"}, {"get": "$b.absent"}], "returned undefined"),
        (
            [
                {"call": "fake:Box.make", "args": [1], "as": "b"},
                {"set": "$b.value", "value": 2},
                {"repeat": 3, "do": [{"call": "$b.items.push", "args": [0]}]},
            ],
            "returned 4",
        ),
        (
            [{"call": "fake:compile", "args": ["return value + 1"], "as": "f"}, {"call": "$f", "args": [1]}],
            "returned 2",
        ),
        ([{"call": "fake:fail", "args": ["words"]}], "raised FakeError < TypeError < Error: words"),
        ([{"call": "fake:throwText"}], "raised string: only a text"),
        ([{"call": "fake:merge", "args": [{}, {"__proto__": 1}]}], "returned {}"),
        ([{"call": "fake:later", "args": [{"__proto__": {"a": 1}}], "await": True}], ": { a: 1 } }"),
        ([{"call": "fake:later", "args": [{"$iter": [1, 2]}], "await": True, "drain": True}], "returned [ 1, 2 ]"),
        ([{"call": "fake:later", "args": [{"$aiter": [1, 2]}], "await": True, "drain": True}], "returned [ 1, 2 ]"),
    ],
)
def test_steps_mean_what_they_say(observe: Observe, steps: list[dict[str, Any]], text: str) -> None:
    report = observe(steps).facts.report
    assert report.broken is None
    assert text in (report.text or "")


def test_what_raises_is_named_by_the_innermost_own_function_and_its_line(observe: Observe) -> None:
    report = observe([{"call": "fake:fit", "args": [{}]}]).facts.report
    assert (report.function, report.line) == (
        "fake/index.js:fit",
        "fit(value) { return value.missing.deeper; },",
    )
    assert report.raised == ("TypeError", "Error")


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([{"call": "fake:absent"}], "does not exist"),
        ([{"call": "absent:x"}], "cannot import absent"),
        ([{"call": "fake/broken:x"}], "broken while loading"),
        ([{"call": "fake:version"}], "is no function"),
        ([{"call": "$x"}], "not bound"),
        ([{"call": "fake:Box"}], "does not fit"),
        ([{"call": "fake:never", "await": True}], "never came"),
        ([{"call": "fake:later", "args": [{"$bytes": "\u20ac"}]}], "Latin-1"),
        ([{"repeat": 1e9, "do": [{"get": "fake:version"}]}], "is more than"),
        ([{"call": "fake:later", "args": [1], "drain": True}], "something to go through"),
    ],
)
def test_a_proof_at_fault_is_broken_and_never_silent(observe: Observe, steps: list[dict[str, Any]], words: str) -> None:
    seen = observe(steps)
    assert seen.signal is Signal.BROKEN
    assert words in (seen.facts.report.broken or "")
    assert not seen.facts.report.refused


def test_a_process_that_leaves_early_is_broken(observe: Observe) -> None:
    assert observe([{"call": "fake:leave", "args": [0]}]).signal is Signal.BROKEN


def test_an_error_after_the_steps_is_reported_as_raised(observe: Observe) -> None:
    seen = observe([{"call": "fake:crashSoon"}], OracleSpec(OracleName.EXCEPTION, type="FakeError"))
    assert seen.signal is Signal.FIRED


def test_endless_recursion_is_told_from_other_errors(observe: Observe) -> None:
    assert observe([{"call": "fake:dive", "args": [1]}], "recursion").signal is Signal.FIRED
    assert observe([{"call": "fake:fail", "args": ["x"]}], "recursion").signal is Signal.SILENT


def test_effects_are_seen_at_once_or_a_moment_later_and_attributed(observe: Observe) -> None:
    for step, function in (
        ({"call": "fake:run", "args": ["{{canary.exec}}"]}, "fake/index.js:run"),
        ({"call": "fake:runSoon", "args": ["{{canary.exec}}"]}, "fake/index.js:runSoon"),
    ):
        seen = observe([step], "exec")
        assert seen.signal is Signal.FIRED
        assert (seen.function or "").startswith("fake/index.js:")
        assert function == seen.function or step["call"] == "fake:runSoon"
    assert observe([{"call": "fake:write", "args": ["{{canary.write}}"]}], "write").signal is Signal.FIRED


def test_cpu_time_is_measured_by_size_and_grows_or_does_not(observe: Observe) -> None:
    text = {"$rep": ["a", {"$size": 1}]}
    plan = Plan(sizes=(1024, 2048, 4096, 8192, 16384, 32768), until=0.5, stop_after=6.0)
    spec = OracleSpec(OracleName.CPU, budget_seconds=0.5)
    seen = observe([{"call": "fake:square", "args": [text]}], spec, plan=plan)
    assert (seen.signal, seen.function) == (Signal.FIRED, "fake/index.js:square")
    assert observe([{"call": "fake:line", "args": [text]}], spec, plan=plan).signal is not Signal.FIRED


def test_what_the_finder_sets_in_the_environment_is_there_and_what_watches_is_not(observe: Observe) -> None:
    run = CallRun(({"call": "fake:environment", "args": ["TZ"]},), env={"TZ": "UTC"})
    assert observe(run).facts.report.text == "returned 'UTC'"


def test_another_release_is_compared_function_by_function(observe: Observe, npm_target: Any, tmp_path: Any) -> None:
    from tests.prover.node.targets import FILES, INDEX, installed  # noqa: PLC0415

    changed = {**FILES, "node_modules/fake/index.js": INDEX.replace("value.missing.deeper", "value.missing?.deeper")}
    other = installed(tmp_path / "other", "1.0.2", changed)
    seen = observe([{"call": "fake:fit", "args": [{"missing": {"deeper": 1}}]}], plan=Plan(compare=other.tree))
    assert seen.facts.report.changed == ("fake/index.js:fit",)
