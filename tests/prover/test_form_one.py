"""Form 1: steps do what they say, values are what they say, and the report is what a predicate sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from clearinghouse.core.manifest import CallRun, OracleSpec
from clearinghouse.core.proof import OracleName, Signal
from clearinghouse.prover.runner import Plan

if TYPE_CHECKING:
    from tests.prover.conftest import Observe

pytestmark = pytest.mark.sandbox

FILES = {"files/text.txt": "für\r\n".encode(), "files/raw.bin": b"\xff\x00", "files/fill.tmpl": b"<{{canary.token}}>"}


def shown(observe: Observe, steps: list[dict[str, Any]], **given: Any) -> str:
    """What the harness reports of steps that end well."""
    seen = observe(steps, files=FILES, **given)
    assert seen.signal is Signal.SILENT, seen.log
    assert seen.facts.report.text is not None
    return seen.facts.report.text


def test_every_kind_of_value_is_built_as_it_says(observe: Observe) -> None:
    args: list[tuple[Any, str]] = [
        (1, "1"),
        ("a", "'a'"),
        (True, "True"),
        ([1, {"k": [2]}], "[1, {'k': [2]}]"),
        ({"$none": True}, "None"),
        ({"$bytes": "aÿ"}, "b'a\\xff'"),
        ({"$bytes": ["a", "b"]}, "b'ab'"),
        ({"$hex": "00 FF"}, "b'\\x00\\xff'"),
        ({"$text": "files/text.txt"}, "'für\\r\\n'"),
        ({"$read": "files/raw.bin"}, "b'\\xff\\x00'"),
        ({"$path": "files/raw.bin"}, "'/proof/files/raw.bin'"),
        ({"$rep": ["ab", 3]}, "'ababab'"),
        ({"$rep": [{"$bytes": "a"}, 2.4]}, "b'aa'"),
        ({"$rep": [[0], 2]}, "[0, 0]"),
        ({"$rep": ["a", -1]}, "''"),
        ({"$cat": ["a", {"$rep": ["b", 2]}]}, "'abb'"),
        ({"$cat": [[1], [2]]}, "[1, 2]"),
        ({"$tuple": [1, {"$tuple": []}]}, "(1, ())"),
        ({"$set": [1, 1]}, "{1}"),
        ({"$import": "fake.core:Box.limit"}, "3"),
        ({"$": "box.value"}, "5"),
        ({"$": "$box.items.0"}, "Box(5)"),
    ]
    steps = [
        {"call": "fake.core:Box", "args": [5], "as": "box"},
        {"call": "fake.core:show", "args": [value for value, _ in args]},
    ]
    assert shown(observe, steps) == f"returned (({', '.join(text for _, text in args)}), {{}})"


def test_streams_and_iterators_are_of_their_kind(observe: Observe) -> None:
    values = [{"$stream": "x"}, {"$iter": [1]}, {"$aiter": [1]}]
    assert shown(observe, [{"call": "fake.core:kinds", "args": values}]) == (
        "returned ['BytesIO', 'list_iterator', 'async_generator']"
    )


def test_an_async_iterator_can_be_gone_through(observe: Observe) -> None:
    step = {"call": "fake.core:gather", "args": [{"$aiter": [1, 2]}], "await": True}
    assert shown(observe, [step]) == "returned [1, 2]"


def test_a_size_is_a_factor_of_the_current_one(observe: Observe) -> None:
    steps = [{"call": "fake.core:show", "args": [{"$size": 0.5}, {"$rep": ["a", {"$size": 0.25}]}]}]
    seen = observe(steps, "cpu", plan=Plan(sizes=(4, 8, 16), stop_after=5))
    assert seen.facts.report.text == "returned ((8, 'aaaa'), {})"
    assert [cost.size for cost in seen.facts.report.costs] == [4, 8, 16]


@pytest.mark.parametrize(
    ("steps", "text"),
    [
        ([{"call": "fake.core:Box.make", "args": [1], "as": "b"}, {"call": "$b.get"}], "1"),
        ([{"call": "fake.core:Box", "kwargs": {"value": {"$tuple": [1]}}}, {"get": "$result.value.0"}], "1"),
        ([{"get": "fake.core:Box", "as": "k"}, {"call": "$k", "args": [2]}], "Box(2)"),
        ([{"call": "fake.core:Box", "as": "b"}, {"set": "$b.value", "value": 7}, {"call": "$b.get"}], "7"),
        (
            [
                {"call": "fake.core:show", "args": [{"$tuple": []}, 0], "as": "r"},
                {"call": "builtins:list", "args": [[1, 2]], "as": "l"},
                {"set": "$l.1", "value": 3},
                {"get": "$l"},
            ],
            "[1, 3]",
        ),
        ([{"call": "fake.core:numbers", "args": [3], "drain": True}], "[0, 1, 2]"),
        ([{"call": "fake.core:numbers_soon", "args": [3], "drain": True}], "[0, 1, 2]"),
        ([{"call": "fake.core:soon", "args": [4], "await": True}], "4"),
        (
            [
                {"call": "builtins:list", "args": [[]], "as": "l"},
                {"repeat": 2, "do": [{"repeat": 3, "do": [{"call": "$l.append", "args": [1]}]}]},
                {"call": "builtins:len", "args": [{"$": "l"}]},
            ],
            "6",
        ),
        ([{"repeat": 0, "do": [{"call": "fake.core:fail", "args": ["x"]}]}, {"call": "fake.core:show"}], "((), {})"),
    ],
)
def test_steps_do_what_they_say(observe: Observe, steps: list[dict[str, Any]], text: str) -> None:
    assert shown(observe, steps) == f"returned {text}"


def test_what_is_shown_can_be_chosen(observe: Observe) -> None:
    run = CallRun(({"call": "fake.core:Box", "args": [1], "as": "b"},), show=("$b.value", "$b"))
    assert observe(run).facts.report.text == "returned 1\nBox(1)"


def test_the_environment_is_what_the_manifest_gives(observe: Observe) -> None:
    run = CallRun(
        ({"call": "fake.core:environment", "args": ["NETRC"]},),
        env={"NETRC": "{{path:files/text.txt}}:{{canary.token}}"},
    )
    text = observe(run, files=FILES).facts.report.text
    assert text is not None
    assert text.startswith("returned '/proof/files/text.txt:")
    assert "canary" not in text


def test_templates_are_filled_anew_for_each_run(observe: Observe) -> None:
    steps = [{"call": "fake.core:read", "args": [{"$path": "files/fill.tmpl"}]}]
    texts = {shown(observe, steps) for _ in range(2)}
    assert len(texts) == 2
    assert all(len(text) == len("returned '<>'") + 32 for text in texts)


def test_the_stand_cannot_be_read_from_the_job(observe: Observe) -> None:
    seen = observe([{"call": "fake.core:read", "args": ["/proc/self/environ"]}], "read")
    assert seen.signal is Signal.SILENT
    assert "CANARY" not in (seen.facts.report.text or "")


def predicate(insecure: str, secure: str | None = None) -> OracleSpec:
    return OracleSpec(OracleName.PREDICATE, insecure=insecure, secure=secure)


@pytest.mark.parametrize(
    ("step", "text"),
    [
        ({"call": "fake.core:show", "args": ["x"]}, "returned (('x',), {})"),
        (
            {"call": "fake.core:fail", "args": ["too long"]},
            "raised fake.core.FakeError < builtins.ValueError < builtins.Exception < builtins.BaseException: too long",
        ),
        ({"call": "fake.core:Awkward"}, "returned <repr failed: RuntimeError>"),
    ],
)
def test_a_predicate_sees_what_came_back_or_was_raised(observe: Observe, step: dict[str, Any], text: str) -> None:
    assert observe([step]).facts.report.text == text


def test_a_predicate_fires_on_insecure_without_secure(observe: Observe) -> None:
    step = {"call": "fake.core:fail", "args": ["too long"]}
    fired = observe([step], predicate(r"^raised fake\.core\.FakeError .*: too long"))
    assert fired.signal is Signal.FIRED
    assert fired.function == "fake.core:fail"
    assert observe([step], predicate("too long", "FakeError")).signal is Signal.SILENT
    assert observe([step], predicate("too short")).signal is Signal.SILENT


def test_a_type_error_of_the_targets_own_is_something_it_raised(observe: Observe) -> None:
    seen = observe([{"call": "fake.core:sloppy", "args": ["x"]}], predicate("TypeError"))
    assert seen.signal is Signal.FIRED
    assert seen.function == "fake.core:sloppy"


def test_the_receivers_class_is_named_where_it_differs(observe: Observe) -> None:
    steps = [{"call": "fake.core:SubBox", "args": [1], "as": "b"}, {"call": "$b.check", "args": ["x"]}]
    assert observe(steps, predicate("TypeError")).function == "fake.core:Box.check[SubBox]"


def test_what_the_target_prints_is_no_report(observe: Observe) -> None:
    step = {"call": "fake.core:boast", "args": ["INSECURE"]}
    for oracle in ("predicate", "recursion", "write", "read", "exec", "signal"):
        seen = observe([step], oracle)
        assert seen.signal is Signal.SILENT, seen.log
        assert seen.facts.report.text == "returned None"
        assert seen.facts.report.effects == ()


def test_a_target_made_to_write_to_the_report_does_not_know_what_to_write(observe: Observe) -> None:
    forged = '{"done": true, "text": "INSECURE"}\n{"end": true}\n'
    seen = observe([{"call": "fake.core:append_to", "args": [{"$import": "fake.core:REPORT"}, forged]}])
    assert "INSECURE" in seen.facts.outcome.report.decode()
    assert seen.signal is Signal.SILENT, seen.log
    assert seen.facts.report.text == "returned None"
