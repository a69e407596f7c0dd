"""The oracle pollution: seen wherever fresh values inherit, and not to be forged by what was polluted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from clearinghouse.core.proof import Signal

if TYPE_CHECKING:
    from tests.prover.conftest import Observe

pytestmark = pytest.mark.sandbox


def merge(source: Any) -> list[dict[str, Any]]:
    return [{"call": "fake:merge", "args": [{}, source]}]


@pytest.mark.parametrize(
    ("source", "kinds"),
    [
        ({"__proto__": {"polluted": "{{canary.token}}"}}, ("Object",)),
        ({"__proto__": {"polluted": {"deep": "x{{canary.token}}"}}}, ("Object",)),
        ({"constructor": {"prototype": {"polluted": "{{canary.token}}"}}}, ("Object",)),
    ],
)
def test_a_token_that_fresh_values_inherit_is_seen(observe: Observe, source: Any, kinds: tuple[str, ...]) -> None:
    seen = observe(merge(source), "pollution")
    assert (seen.signal, seen.facts.report.polluted) == (Signal.FIRED, kinds)
    assert (seen.function, seen.doubt) == ("fake/index.js:merge", None)


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Function.prototype.polluted = '{{canary.token}}'", ("Function",)),
        ("Array.prototype['{{canary.token}}'] = 1", ("Array",)),
        ("Object.defineProperty(Object.prototype, '{{canary.token}}', {value: 1})", ("Object",)),
        ("Object.setPrototypeOf(Array.prototype, {'{{canary.token}}': 1})", ("Array",)),
        ("Map.prototype.x = () => '{{canary.token}}'; Map.prototype.x.y = '{{canary.token}}'", ("Map",)),
    ],
)
def test_every_kind_of_fresh_value_is_looked_at(observe: Observe, text: str, kinds: tuple[str, ...]) -> None:
    seen = observe([{"call": "fake:evaluate", "args": [text]}], "pollution")
    assert (seen.signal, seen.facts.report.polluted) == (Signal.FIRED, kinds)


def test_a_token_on_the_value_itself_or_another_text_on_the_prototype_is_none(observe: Observe) -> None:
    for source in ({"polluted": "{{canary.token}}"}, {"__proto__": {"polluted": "no token"}}):
        assert observe(merge(source), "pollution").signal is Signal.SILENT


def test_a_companion_that_pollutes_is_not_the_target(observe: Observe) -> None:
    seen = observe([{"call": "helper:pollute", "args": ["{{canary.token}}"]}], "pollution")
    assert (seen.signal, seen.function) == (Signal.FIRED, None)
    assert seen.doubt == "no step called a function of the target"


@pytest.mark.parametrize(
    "text",
    [
        "Object.prototype.toJSON = () => ({polluted: ['Object'], end: true})",
        "String.prototype.toJSON = () => 'forged'; Array.prototype.toJSON = () => ['Object']",
        'JSON.stringify = () => \'{"polluted":["Object"]}\'; JSON.parse = () => ({})',
        "Reflect.ownKeys = () => ['polluted']; Object.getPrototypeOf = () => null",
        "Array.prototype[Symbol.iterator] = function* () {}; String.prototype.indexOf = () => 0",
        "Map.prototype.get = () => 'x'; Set.prototype.has = () => true; RegExp.prototype.exec = () => null",
        "require('fs').writeSync = () => 0; Buffer.from = () => Buffer.alloc(0)",
        "Object.prototype.as = 'result'; Object.prototype.await = true; Object.prototype.new = true",
        "Object.defineProperty(Array.prototype, '0', {set() {}, get() { return 'forged'; }})",
    ],
)
def test_a_polluted_language_forges_no_report(observe: Observe, text: str) -> None:
    steps = [{"call": "fake:evaluate", "args": [f"{text}; 1"]}, {"call": "helper:double", "args": [21]}]
    seen = observe(steps, "pollution")
    assert seen.facts.report.polluted == ()
    assert seen.signal in {Signal.SILENT, Signal.BROKEN}
    if seen.signal is Signal.SILENT:
        assert seen.facts.report.text == "returned 42"
