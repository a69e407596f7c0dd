"""The grammar of form 1: which steps and values a finder may write, checked before anything runs.

A step is one of
    {call, args, kwargs, new, as, drain, await} call "module:qualname", a bound "$name.attr", or "$name" itself
    {get, as}                                   read "module:name" or "$name.attr"
    {set, value}                                set "$name.attr"
    {repeat, do}                                carry out the steps of `do` that many times
A value is JSON, or a table with exactly one key that starts with "$". One grammar for all languages, but for what only
one has: kwargs in Python, `new`, $undefined and $callback in JavaScript, and how modules are named. The harness refuses
again at run time what only shows there (a walk into a foreign module, a callable from outside the target).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    Report = Callable[[tuple[str | int, ...], str], None]

MAX_STEPS = 200
MAX_DEPTH = 24
MAX_NESTING = 4  # of repeat

_STEP_KEYS = {
    "call": {"call", "args", "kwargs", "new", "as", "drain", "await"},
    "get": {"get", "as"},
    "set": {"set", "value"},
    "repeat": {"repeat", "do"},
}
_VALUE_KEYS = {
    "$", "$import", "$bytes", "$hex", "$text", "$read", "$path", "$rep", "$cat", "$size", "$tuple", "$set",
    "$iter", "$aiter", "$stream", "$none", "$undefined", "$callback",
}  # fmt: skip
_FILE_VALUES = {"$text", "$read", "$path"}
_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_WORD = r"[A-Za-z_$][A-Za-z0-9_$]*"  # JavaScript's names have a dollar too
_REFERENCES = {
    "python": re.compile(rf"{_NAME}(\.{_NAME})*:{_NAME}(\.{_NAME})*"),
    # A package, and a path in it without "." and ".." as parts; then an export and what it holds.
    "node": re.compile(
        rf"(@[a-z0-9~-][a-z0-9._~-]*/)?[A-Za-z0-9~-][A-Za-z0-9._~-]*(/(?!\.{{1,2}}(/|:))[A-Za-z0-9._@~-]+)*"
        rf":{_WORD}(\.({_WORD}|[0-9]+))*"
    ),
}
_BOUND = {
    "python": re.compile(rf"\$?{_NAME}(\.({_NAME}|[0-9]+))*"),
    "node": re.compile(rf"\$?{_NAME}(\.({_WORD}|[0-9]+))*"),
}
_DUNDER = re.compile(r"(^|[.:$])__[^.:]*__($|[.:])")
_INNARDS = re.compile(r"[.:](constructor|prototype|caller|callee)($|\.)")  # JavaScript's ways to what made an object
_ONE_LANGUAGE = {"$undefined": "node", "$callback": "node"}


@dataclass(frozen=True, slots=True)
class Grammar:
    """What steps are checked against: the paths that the bundle holds, and the language of its target."""

    files: frozenset[str] = frozenset()
    language: str = "python"


def check_steps(steps: Any, path: tuple[str | int, ...], grammar: Grammar, report: Report) -> None:
    """Report every fault in a list of steps."""
    if not isinstance(steps, list) or not steps:
        report(path, "must be a list of at least one step")
        return
    if len(steps) > MAX_STEPS:
        report(path, f"has {len(steps)} steps; at most {MAX_STEPS} are allowed")
        return
    if path.count("do") > MAX_NESTING:
        report(path, f"repeats inside repeats deeper than {MAX_NESTING}; use fewer")
        return
    for index, step in enumerate(steps):
        _check_step(step, (*path, index), grammar, report)


def _check_step(step: Any, path: tuple[str | int, ...], grammar: Grammar, report: Report) -> None:
    if not isinstance(step, dict):
        report(path, "must be a table")
        return
    kinds = [kind for kind in _STEP_KEYS if kind in step]
    if len(kinds) != 1:
        report(path, f"must hold exactly one of call, get, set, repeat; holds {', '.join(kinds) or 'none'}")
        return
    kind = kinds[0]
    for key in step:
        if key not in _STEP_KEYS[kind]:
            report(
                (*path, key), f'unknown key "{key}" in a {kind} step; allowed: {", ".join(sorted(_STEP_KEYS[kind]))}'
            )
    _check_parts(kind, step, path, grammar, report)


def _check_parts(
    kind: str, step: Mapping[str, Any], path: tuple[str | int, ...], grammar: Grammar, report: Report
) -> None:
    if kind in {"call", "get"}:
        check_reference(step[kind], (*path, kind), grammar, report)
    if kind == "set":
        _check_set(step, path, grammar, report)
    if kind == "repeat":
        check_value(step["repeat"], (*path, "repeat"), grammar, report)
        check_steps(step.get("do"), (*path, "do"), grammar, report)
    if "as" in step and not (isinstance(step["as"], str) and re.fullmatch(_NAME, step["as"])):
        report((*path, "as"), "must be a plain name")
    for flag in ("new", "drain", "await"):
        if not isinstance(step.get(flag, False), bool):
            report((*path, flag), "must be true or false")
    if "kwargs" in step and grammar.language == "node":
        report((*path, "kwargs"), "JavaScript has no arguments by name; give a table as the last of args")
    if "new" in step and grammar.language != "node":
        report((*path, "new"), "belongs to node targets; a Python class is called as it is")
    if not isinstance(step.get("args", []), list):
        report((*path, "args"), "must be a list")
    elif not isinstance(step.get("kwargs", {}), dict):
        report((*path, "kwargs"), "must be a table")
    else:
        check_value(step.get("args", []), (*path, "args"), grammar, report)
        for key, value in step.get("kwargs", {}).items():
            check_value(value, (*path, "kwargs", key), grammar, report)


def _check_set(step: Mapping[str, Any], path: tuple[str | int, ...], grammar: Grammar, report: Report) -> None:
    name = step["set"]
    if not isinstance(name, str) or not name.startswith("$") or "." not in name:
        report((*path, "set"), 'must be "$name.attribute"')
    else:
        check_reference(name, (*path, "set"), grammar, report)
    if "value" not in step:
        report(path, 'needs the key "value"')
    else:
        check_value(step["value"], (*path, "value"), grammar, report)


def check_reference(reference: Any, path: tuple[str | int, ...], grammar: Grammar, report: Report) -> None:
    """A "module:qualname" or "$name.attr" that never names a dunder, nor in JavaScript what leads out of an object."""
    known = isinstance(reference, str) and (
        _REFERENCES[grammar.language].fullmatch(reference) or _BOUND[grammar.language].fullmatch(reference)
    )
    if not known:
        report(path, f'{reference!r} must be "module:qualname" or a bound "$name.attribute"')
    elif _DUNDER.search(reference):
        report(
            path, f'"{reference}" names a double-underscore attribute, which steps may not; reach the bug another way'
        )
    elif grammar.language == "node" and (found := _INNARDS.search(reference)):
        report(path, f'"{reference}" names {found[1]}, which steps may not; reach the bug another way')
    elif ":" not in reference and not reference.startswith("$"):
        report(path, f'"{reference}" must be "module:qualname" or begin with "$"')


def check_value(value: Any, path: tuple[str | int, ...], grammar: Grammar, report: Report, depth: int = 0) -> None:
    """Report every fault in a value."""
    if depth > MAX_DEPTH:
        report(path, f"is nested deeper than {MAX_DEPTH}; make deep inputs with $rep and $cat")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            check_value(item, (*path, index), grammar, report, depth + 1)
    elif isinstance(value, dict):
        marks = [key for key in value if key.startswith("$")]
        if not marks:
            for key, item in value.items():
                check_value(item, (*path, key), grammar, report, depth + 1)
        elif len(value) != 1:
            report(path, f'"{marks[0]}" must be the only key of its table')
        else:
            _check_marked(marks[0], value[marks[0]], path, grammar, report, depth)
    elif not isinstance(value, str | int | float | bool):
        report(path, f"a {type(value).__name__} is not a value; write it as text")


def _check_marked(  # noqa: PLR0917  # the arguments of check_value, and the mark
    mark: str, inner: Any, path: tuple[str | int, ...], grammar: Grammar, report: Report, depth: int
) -> None:
    if mark not in _VALUE_KEYS:
        report(path, f'unknown value "{mark}"; allowed: {", ".join(sorted(_VALUE_KEYS))}')
    elif _ONE_LANGUAGE.get(mark, grammar.language) != grammar.language:
        report(path, f"{mark} belongs to {_ONE_LANGUAGE[mark]} targets; this one is {grammar.language}")
    elif mark in {"$", "$import"}:
        named = ("$" + inner.lstrip("$")) if mark == "$" and isinstance(inner, str) else inner
        check_reference(named, path, grammar, report)
    elif mark in _FILE_VALUES:
        if not isinstance(inner, str) or inner not in grammar.files or not inner.startswith("files/"):
            report(path, f'"{inner}" is not a file of the bundle; name one under files/')
    elif mark == "$size":
        if not isinstance(inner, int | float) or isinstance(inner, bool):
            report(path, "$size takes a number, the factor of the current size")
    elif mark == "$rep" and not (isinstance(inner, list) and len(inner) == 2):  # noqa: PLR2004  # [what, how often]
        report(path, "$rep takes [value, count]")
    elif mark == "$hex":
        if not (isinstance(inner, str) and re.fullmatch(r"([0-9a-fA-F]{2}|\s)*", inner)):
            report(path, "$hex takes pairs of hexadecimal digits")
    elif mark not in {"$none", "$undefined", "$callback"}:
        check_value(inner, path, grammar, report, depth + 1)


def walk(value: Any) -> Iterator[Any]:
    """Every value inside `value`, itself included, parents first."""
    yield value
    if isinstance(value, dict):
        for item in value.values():
            yield from walk(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from walk(item)


def uses_size(steps: Any) -> bool:
    """Whether the input grows with a size, so that the oracles cpu and memory can measure a growth law."""
    return any(isinstance(item, dict) and "$size" in item for item in walk(steps))
