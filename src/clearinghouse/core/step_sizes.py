"""Decides how large an input steps make: how it grows with `$size`, and how long it is, read from the steps alone.

The oracles cpu and memory look for a cost that grows faster than its input. An input that grows with the square of its
size by itself, or that is merely much longer than its control, would show the same on any release.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def degree(steps: Sequence[Mapping[str, Any]], names: dict[str, int] | None = None) -> int:
    """The power of `$size` with which the input grows, in length or in the number of calls; 0 when it does not."""
    names = {} if names is None else names
    return max((_step_degree(step, names) for step in steps), default=0)


def _step_degree(step: Mapping[str, Any], names: dict[str, int]) -> int:
    if "repeat" in step:
        return _degree(step["repeat"], names) + degree(step.get("do", ()), names)
    found = max((_degree(value, names) for value in _values(step)), default=0)
    for key in ("call", "get"):
        if key in step and step[key].startswith("$"):
            found = max(found, names.get(_base(step[key]), 0))
    names["result"] = found
    if "as" in step:
        names[step["as"]] = found
    return found


def _values(step: Mapping[str, Any]) -> list[Any]:
    set_to = [step["value"]] if "value" in step else []
    return [*step.get("args", ()), *step.get("kwargs", {}).values(), *set_to]


def _base(reference: str) -> str:
    return reference.lstrip("$").partition(".")[0]


def _degree(value: Any, names: Mapping[str, int]) -> int:
    if isinstance(value, list | tuple):
        return max((_degree(item, names) for item in value), default=0)
    if not isinstance(value, dict):
        return 0
    if "$size" in value:
        return 1
    if "$rep" in value:
        return sum(_degree(item, names) for item in value["$rep"])
    if "$" in value:
        return names.get(_base(value["$"]), 0)
    return max((_degree(item, names) for item in value.values()), default=0)


def weight(steps: Iterable[Mapping[str, Any]], files: Mapping[str, int]) -> int:
    """How long the input is, in characters, bytes and calls; `files` are the lengths of the bundle's."""
    return sum(_step_weight(step, files) for step in steps)


def _step_weight(step: Mapping[str, Any], files: Mapping[str, int]) -> int:
    if "repeat" in step:
        return _count(step["repeat"]) * weight(step.get("do", ()), files)
    return 1 + sum(_weight(value, files) for value in _values(step))


def _weight(value: Any, files: Mapping[str, int]) -> int:
    if isinstance(value, str):
        return len(value)
    if isinstance(value, list | tuple):
        return len(value) + sum(_weight(item, files) for item in value)
    if not isinstance(value, dict):
        return 1
    for mark in ("$text", "$read", "$path"):
        if mark in value:
            return files.get(value[mark], 0)
    if "$rep" in value:
        return _weight(value["$rep"][0], files) * _count(value["$rep"][1])
    return sum(_weight(item, files) for item in value.values())


def _count(value: Any) -> int:
    """A count that is written down; what only shows at run time counts once."""
    return max(0, round(value)) if isinstance(value, int | float) and not isinstance(value, bool) else 1
