"""Parts a proof's steps into what is the target's harness and what is the finder's input: places for an agent's data.

A proof of form 1 with a control has the same calls twice, once with the trigger and once with something benign. Where
the arguments of the two differ is the input. A task shows the calls with a place for each such argument and the benign
value for it; an answer gives other values. So an agent chooses data, never what is called.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from clearinghouse.core.manifest import Manifest

PLACE = "$input"  # a table with this key stands where a value of the agent's goes
_FILES = re.compile(r"files/[^\"'}\s]+")


@dataclass(frozen=True, slots=True)
class Template:
    """Calls with places, the benign value for each place and the proof's own. Places go by letters."""

    steps: tuple[Mapping[str, Any], ...]
    benign: Mapping[str, Any]
    trigger: Mapping[str, Any]

    def filled(self, values: Mapping[str, Any]) -> list[Any]:
        """The steps with these values in their places. Raises KeyError for one that is missing."""
        return [_fill(step, values) for step in self.steps]


@dataclass(slots=True)
class _Apart(Exception):  # it leaves a recursion
    """The two lists of steps are not the same calls."""


@dataclass(slots=True)
class _Finder:
    benign: dict[str, Any] = field(default_factory=dict)
    trigger: dict[str, Any] = field(default_factory=dict)

    def place(self, trigger: Any, benign: Any) -> Any:
        """A place for two values that differ; the value itself where they are the same."""
        if trigger == benign and type(trigger) is type(benign):
            return trigger
        name = _name(len(self.benign))
        self.trigger[name], self.benign[name] = trigger, benign
        return {PLACE: name}

    def steps(self, trigger: Sequence[Any], benign: Sequence[Any]) -> list[Any]:
        if len(trigger) != len(benign):
            raise _Apart
        return [self.step(one, other) for one, other in zip(trigger, benign, strict=True)]

    def step(self, trigger: Mapping[str, Any], benign: Mapping[str, Any]) -> dict[str, Any]:
        """One step; its arguments may differ, and nothing else."""
        inputs = {"args", "kwargs", "value", "do"}
        if {k: v for k, v in trigger.items() if k not in inputs} != {
            k: v for k, v in benign.items() if k not in inputs
        }:
            raise _Apart
        made = {key: value for key, value in trigger.items() if key not in inputs}
        if "do" in trigger or "do" in benign:
            made["do"] = self.steps(trigger.get("do", ()), benign.get("do", ()))
        if "value" in trigger or "value" in benign:
            made["value"] = self.place(trigger.get("value"), benign.get("value"))
        if "args" in trigger or "args" in benign:
            one, other = trigger.get("args", []), benign.get("args", [])
            same = len(one) == len(other)
            made["args"] = (
                [self.place(*pair) for pair in zip(one, other, strict=True)] if same else self.place(one, other)
            )
        if "kwargs" in trigger or "kwargs" in benign:
            named, plain = trigger.get("kwargs", {}), benign.get("kwargs", {})
            same = named.keys() == plain.keys()
            made["kwargs"] = (
                {key: self.place(named[key], plain[key]) for key in named} if same else self.place(named, plain)
            )
        return made


def template_of(trigger: Sequence[Mapping[str, Any]], control: Sequence[Mapping[str, Any]] | None) -> Template | None:
    """The calls with their places; None without a control, or where the two make other calls or differ in nothing."""
    if control is None:
        return None
    finder = _Finder()
    try:
        steps = finder.steps(trigger, control)
    except _Apart:
        return None
    return Template(tuple(steps), finder.benign, finder.trigger) if finder.benign else None


def files_of(*values: Any) -> set[str]:
    """The paths below `files/` that JSON-like values name."""
    return {path for value in values for path in _FILES.findall(json.dumps(value, ensure_ascii=False))}


def task_files(manifest: Manifest, template: Template | None, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The bundle's files that are part of the harness, the control or the tests; not those of the trigger alone."""
    fixed: list[Any] = [list(template.steps), dict(template.benign)] if template is not None else []
    fixed += [list(getattr(manifest.run, "control_steps", None) or ()), dict(getattr(manifest.run, "env", {}))]
    fixed.append(list(manifest.tests or ()))
    named = files_of(*fixed)
    return {
        path: content
        for path, content in files.items()
        if path in named or any(path.startswith(f"{name.rstrip('/')}/") for name in named)
    }


def _name(number: int) -> str:
    return "abcdefghijklmnopqrstuvwxyz"[number] if number < 26 else f"z{number}"  # noqa: PLR2004  # the alphabet


def _fill(value: Any, values: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        if value.keys() == {PLACE}:
            return values[value[PLACE]]
        return {key: _fill(item, values) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_fill(item, values) for item in value]
    return value
