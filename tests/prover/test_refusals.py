"""Form 1 reaches the target and nothing else: every way around is refused where it shows, at run time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from clearinghouse.core.proof import Signal

if TYPE_CHECKING:
    from tests.prover.conftest import Observe

pytestmark = pytest.mark.sandbox

GENERATOR = {"call": "fake.core:numbers", "args": [2], "as": "g"}
FOUND = {"call": "fake.core:find", "args": ["system"], "as": "f"}  # as a target's import_string() would
BOX = {"call": "fake.core:Box", "args": [5], "as": "box"}


@pytest.mark.parametrize(
    "steps",
    [
        [{"call": "os:system", "args": ["true"]}],
        [{"call": "builtins:eval", "args": ["1"]}],
        [{"call": "builtins:open", "args": ["/etc/passwd"]}],
        [{"call": "builtins:str.join", "args": [[]]}],
        [{"call": "clearinghouse_harness.channel:say"}],
        [{"get": "fake.core:os"}],
        [{"call": "fake.core:os.system", "args": ["true"]}],
        [{"call": "fake.core:os.path.exists", "args": ["/"]}],
        [{"call": "fake.core:system", "args": ["true"]}],
        [{"call": "fake.core:Popen", "args": [["true"]]}],
        [{"call": "fake.core:dedent", "args": [""]}],
        [{"call": "fake.core:RUN"}],
        [{"call": "fake.core:LOCK.acquire"}],
        [{"call": "fake.core:HERE.read_text"}],
        [{"call": "fake.core:HERE.joinpath", "args": ["x"]}],
        [{"call": "fake.core:show.__globals__.get", "args": ["os"]}],
        [{"get": "fake.core:__builtins__"}],
        [BOX, {"get": "$box.__class__"}],
        [BOX, {"get": "$box.items.0.__init__"}],
        [BOX, {"get": "$box.get.__func__"}],
        [{"call": "fake.core:show", "args": [{"$import": "os:system"}]}],
        [{"call": "fake.core:show", "args": [{"$import": "fake.core:system"}]}],
        [BOX, {"call": "fake.core:show", "args": [{"$": "box.__dict__"}]}],
        [GENERATOR, {"get": "$g.gi_frame.f_globals"}],
        [GENERATOR, {"call": "$g.gi_frame.f_globals.update", "args": [{"show": 1}]}],
        [BOX, {"get": "fake:core", "as": "m"}, {"set": "$m.show", "value": {"$import": "builtins:len"}}],
        [{"get": "fake.core:Box", "as": "c"}, {"set": "$c.limit", "value": 9}],
        [{"get": "fake.core:show", "as": "f"}, {"set": "$f.marked", "value": 9}],
        [BOX, {"set": "$box.check", "value": {"$import": "builtins:len"}}],
        [{"call": "antigravity:geohash"}],
        [{"call": "fake.core:show", "args": [{"$import": "fake.core:RUN"}]}],
        [{"call": "fake.core:apply", "args": [{"$import": "helper:double"}, 2]}],
        [{"call": "fake.core:apply", "args": [{"$import": "helper:HALF"}, 2]}],
        [{"get": "helper:double", "as": "f"}, {"call": "fake.core:apply", "args": [{"$": "f"}, 2]}],
        [BOX, {"get": "helper:double", "as": "f"}, {"set": "$box.value", "value": {"$": "f"}}],
        [FOUND, {"call": "$f", "args": ["true"]}],
        [FOUND, {"call": "fake.core:apply", "args": [{"$": "f"}, "true"]}],
        [FOUND, {"call": "fake.core:show", "args": [[{"k": {"$": "f"}}]]}],
        [FOUND, {"call": "builtins:list", "args": [[1]]}, {"call": "builtins:sorted", "kwargs": {"key": {"$": "f"}}}],
        [FOUND, {"call": "builtins:iter", "args": [{"$": "f"}, 0]}],
        [{"call": "fake.core:find_all"}, {"call": "fake.core:show", "args": [{"$": "result"}]}],
        [{"call": "fake.core:find_all"}, {"call": "$result.0", "args": ["true"]}],
        [{"call": "fake.core:RUN.func", "args": ["true"]}],
        [{"call": "fake.core:METHOD", "args": ["true"]}],
        [{"call": "builtins:type", "args": [{"$import": "fake.core:HERE"}], "as": "k"}, {"call": "$k", "args": ["/"]}],
        [{"call": "builtins:str", "args": ["{0.__globals__}"], "as": "s"}, {"call": "$s.format", "args": [1]}],
        [{"call": "builtins:str", "args": ["{a}"], "as": "s"}, {"call": "$s.format_map", "args": [{"a": 1}]}],
        [{"call": "logging:getLogger", "as": "l"}, {"call": "$l.addHandler", "args": [1]}],
        [{"call": "logging.handlers:RotatingFileHandler", "args": ["/tmp/x"]}],
        [{"call": "logging:FileHandler", "args": ["/tmp/x"]}],
        [{"call": "fake.core:BLOCKED.clear"}],
        [{"get": "fake.core:BLOCKED", "as": "b"}, {"call": "$b.append", "args": [1]}],
        [{"get": "fake.core:BLOCKED", "as": "b"}, {"set": "$b.0", "value": 1}],
        [{"get": "fake.core:Box.kinds", "as": "b"}, {"call": "$b.update", "args": [{}]}],
        [{"call": "builtins:type", "args": ["X", {"$tuple": []}, {"__del__": {"$import": "fake.core:show"}}]}],
        [{"call": "builtins:type", "args": ["X", {"$tuple": []}, {"__module__": "fake.core"}]}],
        [{"call": "builtins:type", "args": ["X", {"$tuple": []}, {"__module__": "os"}]}],
        [{"call": "builtins:type", "args": ["X", {"$tuple": [{"$import": "fake.core:Popen"}]}, {}]}],
        [FOUND, {"call": "builtins:type", "args": ["X", {"$tuple": []}, {"run": {"$": "f"}}]}],
        [{"call": "builtins:type", "args": ["X", {"$tuple": []}, {"run": {"$import": "fake.core:system"}}]}],
    ],
)
def test_a_walk_out_of_the_target_is_refused(observe: Observe, steps: list[dict[str, Any]]) -> None:
    seen = observe(steps)
    assert (seen.signal, seen.facts.report.refused) == (Signal.BROKEN, True), seen.log


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([{"call": "fake.core:nothing"}], "does not exist"),
        ([{"call": "fake.nothing:x"}], "cannot import"),
        ([{"call": "nothing.at.all:x"}], "cannot import nothing.at.all: there is no such module"),
        ([{"call": "$nobody"}], "not bound"),
        ([{"call": "fake.core:show", "args": [{"$": "nobody"}]}], "not bound"),
        ([BOX, {"get": "$box.items.7"}], "no item 7"),
        ([{"call": "fake.core:fail"}], "does not fit"),
        ([{"call": "fake.core:fail", "args": [1], "kwargs": {"more": 1}}], "does not fit"),
        ([{"call": "fake.core:show", "args": [{"$size": 1}]}], "only under the oracles cpu and memory"),
        ([{"call": "fake.core:show", "args": [{"$rep": [1, 2]}]}], "$rep repeats"),
        ([{"call": "fake.core:show", "args": [{"$rep": ["a" * 100, 10_000_000]}]}], "longer than"),
        ([{"call": "fake.core:show", "args": [{"$cat": ["a", {"$bytes": "b"}]}]}], "unlike parts"),
        ([{"call": "fake.core:show", "args": [{"$bytes": "\u20ac"}]}], "$bytes"),
        ([{"call": "fake.core:show", "args": [{"$stream": 3}]}], "$stream"),
        ([{"call": "fake.core:show", "args": [{"$set": [[1]]}]}], "$set"),
        ([{"call": "fake.core:show", "args": [{"$iter": 3}]}], "$iter"),
        ([{"call": "fake.core:show", "args": [{"$tuple": 3}]}], "$tuple"),
        ([{"repeat": 10_000_001, "do": [{"call": "fake.core:show"}]}], "more than"),
        ([{"repeat": "often", "do": [{"call": "fake.core:show"}]}], "count must be a number"),
    ],
)
def test_a_proof_at_fault_is_broken_and_never_silent(observe: Observe, steps: list[dict[str, Any]], words: str) -> None:
    seen = observe(steps)
    assert seen.signal is Signal.BROKEN, seen.log
    assert words in seen.signature
    assert not seen.facts.report.refused


def test_a_companion_may_be_called_but_is_not_the_target(observe: Observe) -> None:
    seen = observe([{"call": "helper:double", "args": [4]}])
    assert seen.facts.report.text == "returned 8"
    assert seen.facts.report.function is None


def test_a_class_of_data_may_be_made(observe: Observe) -> None:
    seen = observe(
        [
            {"call": "builtins:type", "args": ["Meta", {"$tuple": []}, {"label": "shop"}], "as": "meta"},
            {"get": "$meta.label"},
        ]
    )
    assert seen.facts.report.text == "returned 'shop'"


def test_a_class_of_data_may_be_handed_over_and_made_use_of(observe: Observe) -> None:
    steps = [
        {"call": "builtins:type", "args": ["Meta", {"$tuple": []}, {"label": "shop"}], "as": "meta"},
        {"call": "fake.core:apply", "args": [{"$import": "builtins:str"}, {"$": "meta"}]},
        {"call": "$meta", "as": "one"},
        {"get": "$one.label"},
    ]
    assert observe(steps).facts.report.text == "returned 'shop'"


def test_an_instance_with_call_is_the_targets_when_its_class_is(observe: Observe) -> None:
    assert observe([{"call": "fake.core:CALLING", "args": [1]}]).facts.report.text == "returned ['called', 1]"


@pytest.mark.parametrize(
    ("step", "text"),
    [
        ({"call": "fake.core:cached", "args": [3]}, "returned 6"),
        ({"call": "fake.core:WITH_ONE", "args": [2]}, "returned ((1, 2), {})"),
        ({"call": "fake.core:apply", "args": [{"$import": "fake.core:sloppy"}, 2]}, "returned 3"),
        ({"call": "fake.core:apply", "args": [{"$import": "fake.core:cached"}, 2]}, "returned 4"),
        ({"call": "fake.core:apply", "args": [{"$import": "builtins:str"}, 2]}, "returned '2'"),
        ({"call": "helper:double", "args": [[1]]}, "returned [1, 1]"),
    ],
)
def test_what_is_the_targets_own_may_be_called_and_handed_over(
    observe: Observe, step: dict[str, Any], text: str
) -> None:
    assert observe([step]).facts.report.text == text
