"""The grammar of form 1: what may be written, and what each fault is called."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from clearinghouse.core.steps import MAX_DEPTH, MAX_STEPS, Grammar, check_steps, check_value, uses_size, walk

GRAMMAR = Grammar(frozenset({"proof.toml", "files/a"}))
JAVASCRIPT = Grammar(GRAMMAR.files, "node")


def faults(steps: Any, grammar: Grammar = GRAMMAR) -> list[tuple[tuple[str | int, ...], str]]:
    found: list[tuple[tuple[str | int, ...], str]] = []
    check_steps(steps, (), grammar, lambda path, message: found.append((path, message)))
    return found


@pytest.mark.parametrize(
    "step",
    [
        {"call": "a.b:c"},
        {"call": "a:B.c.d", "args": [1, "x", 2.5, True, {"k": [1]}], "kwargs": {"k": {"$none": True}}, "as": "r"},
        {"call": "$r"},
        {"call": "$r.items.0.run", "drain": True},
        {"call": "$r.go", "await": True},
        {"get": "a:B", "as": "b"},
        {"get": "$b.c"},
        {"set": "$b.c", "value": {"$": "b"}},
        {"repeat": 3, "do": [{"call": "$r"}]},
        {"repeat": {"$size": 0.5}, "do": [{"repeat": 2, "do": [{"get": "$r.x"}]}]},
        {"call": "a:b", "args": [{"$import": "a:C"}, {"$bytes": "x"}, {"$hex": "00 ff"}, {"$text": "files/a"}]},
        {"call": "a:b", "args": [{"$read": "files/a"}, {"$path": "files/a"}, {"$rep": [{"$bytes": "a"}, 3]}]},
        {"call": "a:b", "args": [{"$cat": ["a", "b"]}, {"$tuple": [1]}, {"$set": []}, {"$iter": []}, {"$aiter": []}]},
        {"call": "a:b", "args": [{"$stream": "x"}, {"$": "$r.x"}, {"$": "r.0"}]},
    ],
)
def test_what_the_grammar_has_is_taken(step: dict[str, Any]) -> None:
    assert faults([step]) == []


@pytest.mark.parametrize(
    ("steps", "path", "words"),
    [
        ([], (), "at least one step"),
        ({}, (), "at least one step"),
        ([{"call": "a:b"}] * (MAX_STEPS + 1), (), "at most"),
        (["a:b"], (0,), "must be a table"),
        ([{}], (0,), "holds none"),
        ([{"call": "a:b", "get": "a:b"}], (0,), "exactly one of"),
        ([{"get": "a:b", "args": []}], (0, "args"), "unknown key"),
        ([{"call": 3}], (0, "call"), "must be"),
        ([{"call": "name"}], (0, "call"), 'begin with "$"'),
        ([{"call": "a:b:c"}], (0, "call"), "must be"),
        ([{"call": "a-b:c"}], (0, "call"), "must be"),
        ([{"call": ":c"}], (0, "call"), "must be"),
        ([{"call": "a:b.0"}], (0, "call"), "must be"),
        ([{"call": "a:__import__"}], (0, "call"), "double-underscore"),
        ([{"call": "a.__main__:b"}], (0, "call"), "double-underscore"),
        ([{"call": "$x.__class__"}], (0, "call"), "double-underscore"),
        ([{"get": "a:B.__subclasses__"}], (0, "get"), "double-underscore"),
        ([{"set": "$x.__class__", "value": 1}], (0, "set"), "double-underscore"),
        ([{"set": "$x", "value": 1}], (0, "set"), "$name.attribute"),
        ([{"set": "a:b.c", "value": 1}], (0, "set"), "$name.attribute"),
        ([{"set": "$x.y"}], (0,), 'needs the key "value"'),
        ([{"call": "a:b", "as": "x.y"}], (0, "as"), "plain name"),
        ([{"call": "a:b", "as": 1}], (0, "as"), "plain name"),
        ([{"call": "a:b", "drain": 1}], (0, "drain"), "true or false"),
        ([{"call": "a:b", "args": {}}], (0, "args"), "list"),
        ([{"call": "a:b", "kwargs": []}], (0, "kwargs"), "table"),
        ([{"repeat": 2}], (0, "do"), "at least one step"),
        ([{"repeat": 2, "do": [{"call": "x"}]}], (0, "do", 0, "call"), 'begin with "$"'),
        ([{"call": "a:b", "args": [{"$rep": ["a"]}]}], (0, "args", 0), "[value, count]"),
        ([{"call": "a:b", "args": [{"$rep": ["a", {"$nope": 1}]}]}], (0, "args", 0, 1), "unknown value"),
        ([{"call": "a:b", "args": [{"$hex": "0"}]}], (0, "args", 0), "hexadecimal"),
        ([{"call": "a:b", "args": [{"$hex": 1}]}], (0, "args", 0), "hexadecimal"),
        ([{"call": "a:b", "args": [{"$size": "1"}]}], (0, "args", 0), "$size takes a number"),
        ([{"call": "a:b", "args": [{"$size": True}]}], (0, "args", 0), "$size takes a number"),
        ([{"call": "a:b", "args": [{"$path": "/etc/passwd"}]}], (0, "args", 0), "not a file of the bundle"),
        ([{"call": "a:b", "args": [{"$read": ["files/a"]}]}], (0, "args", 0), "not a file of the bundle"),
        ([{"call": "a:b", "args": [{"$read": "proof.toml"}]}], (0, "args", 0), "not a file of the bundle"),
        ([{"call": "a:b", "args": [{"$": "x.__class__"}]}], (0, "args", 0), "double-underscore"),
        ([{"call": "a:b", "args": [{"$import": "os"}]}], (0, "args", 0), "begin with"),
        ([{"call": "a:b", "args": [{"$tuple": [], "b": 1}]}], (0, "args", 0), "only key"),
        ([{"call": "a:b", "kwargs": {"k": {"x": {"$nope": 1}}}}], (0, "kwargs", "k", "x"), "unknown value"),
    ],
)
def test_each_fault_is_named_where_it_is(steps: Any, path: tuple[str | int, ...], words: str) -> None:
    assert [(where, words in message) for where, message in faults(steps)] == [(path, True)]


def test_a_date_is_no_value() -> None:
    found = faults([{"call": "a:b", "args": [dt.date(2020, 1, 1)]}])
    assert ["date is not a value" in message for _, message in found] == [True]


def test_a_value_may_be_nested_so_deep_and_no_deeper() -> None:
    value: Any = 1
    found: list[str] = []
    for _ in range(MAX_DEPTH):
        value = [value]
    check_value(value, (), GRAMMAR, lambda _, message: found.append(message))
    assert found == []
    check_value([value], (), GRAMMAR, lambda _, message: found.append(message))
    assert ["nested deeper" in message for message in found] == [True]


def test_a_size_is_found_wherever_it_stands() -> None:
    assert uses_size([{"repeat": 1, "do": [{"call": "a:b", "kwargs": {"k": [{"$rep": ["a", {"$size": 1}]}]}}]}])
    assert not uses_size([{"call": "a:b", "args": ["$size"]}])


def test_walking_shows_parents_first() -> None:
    assert list(walk({"a": [1, (2,)]})) == [{"a": [1, (2,)]}, [1, (2,)], 1, (2,), 2]


@pytest.mark.parametrize(
    "step",
    [
        {"call": "minimist:default", "args": [["--a.b", "1"]]},
        {"call": "@scope/pkg-a/lib/in.js:default.parse", "as": "r"},
        {"call": "pkg:_$.x.0.y", "new": True, "await": True, "drain": True},
        {"get": "$r.$0.b"},
        {"set": "$r.options", "value": {"__proto__": {"a": {"$undefined": True}}, "constructor": 1}},
        {"call": "pkg:f", "args": [{"$callback": True}, {"$import": "a-b:c"}, {"$none": True}]},
    ],
)
def test_in_javascript_packages_scopes_paths_and_constructors_can_be_named(step: dict[str, Any]) -> None:
    assert faults([step], JAVASCRIPT) == []


@pytest.mark.parametrize(
    ("step", "grammar", "path", "words"),
    [
        ({"call": "a:b", "kwargs": {"k": 1}}, JAVASCRIPT, (0, "kwargs"), "no arguments by name"),
        ({"call": "a:b.constructor"}, JAVASCRIPT, (0, "call"), "names constructor"),
        ({"get": "a:prototype"}, JAVASCRIPT, (0, "get"), "names prototype"),
        ({"get": "$r.constructor.x"}, JAVASCRIPT, (0, "get"), "names constructor"),
        ({"get": "$r.__proto__"}, JAVASCRIPT, (0, "get"), "double-underscore"),
        ({"get": "$r.__defineGetter__"}, JAVASCRIPT, (0, "get"), "double-underscore"),
        ({"call": "a/../b:c"}, JAVASCRIPT, (0, "call"), "must be"),
        ({"call": "./b:c"}, JAVASCRIPT, (0, "call"), "must be"),
        ({"call": "/b:c"}, JAVASCRIPT, (0, "call"), "must be"),
        ({"call": "node:fs:c"}, JAVASCRIPT, (0, "call"), "must be"),
        ({"call": "a:"}, JAVASCRIPT, (0, "call"), "must be"),
        ({"call": "a:B", "new": True}, GRAMMAR, (0, "new"), "belongs to node"),
        ({"call": "a:b", "args": [{"$undefined": True}]}, GRAMMAR, (0, "args", 0), "belongs to node"),
        ({"call": "a:b", "args": [{"$callback": True}]}, GRAMMAR, (0, "args", 0), "belongs to node"),
        ({"call": "a/b:c"}, GRAMMAR, (0, "call"), "must be"),
        ({"call": "a:b.$c"}, GRAMMAR, (0, "call"), "must be"),
    ],
)
def test_what_belongs_to_one_language_is_refused_in_the_other(
    step: dict[str, Any], grammar: Grammar, path: tuple[str | int, ...], words: str
) -> None:
    assert [(where, words in message) for where, message in faults([step], grammar)] == [(path, True)]
