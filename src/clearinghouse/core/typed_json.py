"""Reads JSON into values of ours, or says at which place it is something else: nothing unknown, doubled or guessed.

For documents that someone will rely on: what is signed, and what a signature is checked on. Missing members take the
default that the value's class has; everything else must be there, of the very type, and known.
"""

from __future__ import annotations

import json
import types
import typing
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
_SCALARS = (str, int, float, bool, type(None))


def canonical(value: Any) -> bytes:
    """The one spelling of a JSON value: members sorted, no spaces, ASCII. Raises ValueError on NaN and infinity."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def strict_loads(data: bytes) -> Any:
    """The value of a JSON text in UTF-8. Raises ValueError on a member given twice, NaN, or what is no JSON."""
    try:
        return json.loads(data.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant)
    except RecursionError:
        raise ValueError("nested too deeply to read") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        twice = next(name for i, (name, _) in enumerate(pairs) if name in {other for other, _ in pairs[:i]})
        raise ValueError(f"{twice!r} is given twice")
    return members


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def members(value: Any, names: set[str], place: str) -> dict[str, Any]:
    """The value, if it is an object with exactly these members. Raises ValueError."""
    if not isinstance(value, dict) or value.keys() != names:
        raise ValueError(f"{place}: must be an object with exactly the members {', '.join(sorted(names))}")
    return value


def read(kind: type[T], value: Any, place: str = "", *, without: frozenset[str] = frozenset()) -> T:
    """A dataclass from a JSON object; `without` names fields that the document may not give. Raises ValueError."""
    if not isinstance(value, dict):
        raise ValueError(f"{place or 'the document'}: must be an object")  # noqa: TRY004  # one error for all faults
    hints = _hints(kind)
    for name in value:
        if name not in hints or name in without:
            raise ValueError(f"{_join(place, str(name))}: not a member of {kind.__name__}")
    given = {}
    for field in fields(kind):  # type: ignore[arg-type]  # read() is for dataclasses
        if field.name in value:
            given[field.name] = _value(hints[field.name], value[field.name], _join(place, field.name))
        elif field.default is MISSING and field.default_factory is MISSING:
            raise ValueError(f"{_join(place, field.name)}: is missing")
    return kind(**given)


_hints: Callable[[Any], dict[str, Any]] = cache(typing.get_type_hints)


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _value(hint: Any, value: Any, place: str) -> Any:  # noqa: PLR0911  # one return for each kind of value
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in {types.UnionType, typing.Union}:
        if value is None and type(None) in inner:
            return None
        (hint,) = (option for option in inner if option is not type(None))
        return _value(hint, value, place)
    if origin is tuple and isinstance(value, list | tuple):
        return tuple(_value(inner[0], item, f"{place}[{i}]") for i, item in enumerate(value))
    if origin is dict and isinstance(value, dict):
        return {_value(inner[0], k, place): _value(inner[1], v, _join(place, str(k))) for k, v in value.items()}
    if is_dataclass(hint) and isinstance(hint, type):
        return read(hint, value, place)
    if isinstance(hint, type) and issubclass(hint, Enum) and isinstance(value, str):
        try:
            return hint(value)
        except ValueError:
            raise ValueError(f"{place}: {value!r} is not a {hint.__name__}") from None
    if hint in _SCALARS and (type(value) is hint or (hint is float and type(value) is int)):
        return value
    raise ValueError(f"{place}: {type(value).__name__} where {getattr(hint, '__name__', hint)} belongs")
