"""Steps that reach for what they may not have are refused in JavaScript too, each with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from clearinghouse.core.proof import Signal

if TYPE_CHECKING:
    from tests.prover.conftest import Observe

pytestmark = pytest.mark.sandbox

FOREIGN = "from outside the target"
BOX = {"call": "fake:Box.make", "args": [1], "as": "b"}


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([{"call": "fs:writeFileSync", "args": ["/tmp/x", "x"]}], "not part of the target"),
        ([{"call": "child_process:execSync"}], "not part of the target"),
        ([{"call": "builtins:Function"}], "not an allowed builtin"),
        ([{"call": "builtins:eval"}], "not an allowed builtin"),
        ([{"get": "fake/package.json:version"}], "not a module of JavaScript source"),
        ([{"call": "fake:spawn"}], FOREIGN),
        ([{"call": "fake:bound"}], FOREIGN),
        ([{"call": "fake:proxied"}], FOREIGN),
        ([{"call": "fake:called"}], FOREIGN),
        ([{"call": "fake:Function", "args": ["return 1"]}], FOREIGN),
        ([{"call": "fake:eval", "args": ["1"]}], FOREIGN),
        ([{"call": "fake:require", "args": ["fs"]}], FOREIGN),
        ([{"get": "fake:require.cache"}], FOREIGN),
        ([{"get": "fake:module.children"}], "outside the target"),
        ([{"call": "fake:fs.writeFileSync", "args": ["/tmp/x", "x"]}], "outside the target"),
        ([{"call": "fake:process.exit"}], "outside the target"),
        ([{"get": "fake:global.process"}], "outside the target"),
        ([{"get": "fake:prototypeOf"}], "outside the target"),
        ([{"get": "fake:Box.make.name"}], "reads name of a function"),
        ([{"get": "fake:Box.length"}], "reads length of a function"),
        ([{"call": "fake:Box.toString"}], "reads toString of a function"),
        ([{"call": "fake:Box.make.call"}], FOREIGN),
        ([{"call": "fake:pattern.compile", "args": ["b"]}], FOREIGN),
        ([{"call": "fake:call", "args": [{"$import": "fake:spawn"}, "true"]}], FOREIGN),
        ([{"get": "fake:Box", "as": "c"}, {"set": "$c.limit", "value": 1}], "a function"),
        ([{"get": "fake:default", "as": "m"}, {"set": "$m.version", "value": "2"}], "a function"),
        ([{"get": "fake:options", "as": "o"}, {"set": "$o.check", "value": 1}], "that a module of the target keeps"),
        ([{"get": "fake:helper", "as": "h"}, {"set": "$h.extra", "value": 1}], "what a module exports"),
        ([BOX, {"set": "$b.get", "value": 1}], "replaces a function"),
        ([BOX, {"get": "$b.constructor"}], "names constructor"),
        ([BOX, {"get": "$b.__proto__"}], "names __proto__"),
        ([BOX, {"set": "$b.__proto__", "value": {}}], "names __proto__"),
        ([{"get": "fake:Box.prototype"}], "names prototype"),
        ([{"get": "fake:options", "as": "o"}, {"set": "$o.depth", "value": 2}], "that a module of the target keeps"),
        ([{"call": "fake:list.push", "args": [1]}], "that a module of the target keeps"),
        ([{"call": "fake:call", "args": [{"$import": "helper:double"}, 1]}], "called but not handed over"),
    ],
)
def test_a_step_that_leaves_the_target_is_refused(observe: Observe, steps: list[dict[str, Any]], words: str) -> None:
    seen = observe(steps)
    assert seen.signal is Signal.BROKEN
    assert words in (seen.facts.report.broken or ""), seen.facts.report
    assert seen.facts.report.refused


def test_plain_methods_may_be_called_and_own_functions_handed_over(observe: Observe) -> None:
    steps: list[dict[str, Any]] = [{"call": "fake:call", "args": [{"$import": "fake:Box.make"}, 1]}]
    assert observe(steps).facts.report.text == "returned Box { value: 1, items: [ [Circular *1] ] }".replace(
        "Box {", "<ref *1> Box {"
    )
    steps = [{"call": "fake:Buffer.from", "args": ["ab"], "as": "x"}, {"call": "$x.toString", "args": ["hex"]}]
    assert observe(steps).facts.report.text == "returned '6162'"
