"""Reads what a demo is made of: who sends what, what the coordinator states, and the outcome that must follow."""

from __future__ import annotations

import hashlib
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from clearinghouse import __version__
from clearinghouse.core.errors import InvalidInput
from clearinghouse.core.priority import INPUTS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

COUNTS = ("reports", "finders", "proofs", "proven", "cases", "published", "parked", "returned")
T = TypeVar("T")
_TABLES = {"report", "assess", "expect"}
_EXPECT = {*COUNTS, "together", "apart"}


@dataclass(frozen=True, slots=True)
class Sent:
    """One report of the demo. `key` names it in the expectations: its `id`, or its file's name."""

    key: str
    finder: str
    path: Path


@dataclass(frozen=True, slots=True)
class Stated:
    """An input of the priority that the demo's coordinator states for every case of a package."""

    package: str
    name: str
    value: str
    because: str


@dataclass(frozen=True, slots=True)
class Expected:
    """The outcome that the inputs demand: counts, keys that share one case, pairs of keys that never do."""

    counts: Mapping[str, int]
    together: tuple[tuple[str, ...], ...] = ()
    apart: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Inputs:
    """Everything that one demo file says."""

    reports: tuple[Sent, ...]
    stated: tuple[Stated, ...]
    expected: Expected

    def digest(self, contents: Sequence[bytes]) -> str:
        """SHA-256 over this package's version, the reports in order, and what is stated; not over what is expected."""
        whole = hashlib.sha256(f"clearinghouse {__version__}\n".encode())
        for sent, content in zip(self.reports, contents, strict=True):
            whole.update(f"{sent.finder}\0{sent.path.name}\0{hashlib.sha256(content).hexdigest()}\n".encode())
        for fact in self.stated:
            whole.update(f"{fact}\n".encode())
        return whole.hexdigest()


def read_inputs(path: Path) -> Inputs:
    """Read a demo file; paths in it are relative to it. Raises InvalidInput that names the file and the key."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        advice = "give the demo's inputs with --inputs, or run this in a checkout of the project"
        raise InvalidInput(f"{path}: cannot be read: {error.strerror or error}", advice=advice) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(f"{path}: {error}") from None
    try:
        _only(document, _TABLES, "the file")
        reports = tuple(_numbered(document, "report", lambda table, where: _sent(table, where, path.parent)))
        stated = tuple(_numbered(document, "assess", _stated))
        keys = _keys(reports)
        return Inputs(reports, stated, _expected(document.get("expect", {}), set(keys)))
    except _Fault as fault:
        raise InvalidInput(f"{path}: {fault}") from None


class _Fault(Exception):
    """What is wrong, without the file's name."""


def _numbered(document: dict[str, Any], name: str, read: Callable[[dict[str, Any], str], T]) -> list[T]:
    tables = document.get(name, [])
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise _Fault(f"{name}: write each as a table [[{name}]]")
    return [read(table, f"{name} {i}") for i, table in enumerate(tables, start=1)]


def _only(table: dict[str, Any], known: set[str], where: str) -> None:
    if unknown := sorted(set(table) - known):
        raise _Fault(f"{where}: unknown key {unknown[0]!r}; known are {', '.join(sorted(known))}")


def _text(table: dict[str, Any], key: str, where: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value.strip():
        raise _Fault(f"{where}: {key} must be a text")
    return value


def _sent(table: dict[str, Any], where: str, base: Path) -> Sent:
    _only(table, {"id", "finder", "path"}, where)
    path = base / _text(table, "path", where)
    key = _text(table, "id", where) if "id" in table else path.name
    return Sent(key, _text(table, "finder", where), path)


def _stated(table: dict[str, Any], where: str) -> Stated:
    _only(table, {"package", "input", "value", "because"}, where)
    name, value = _text(table, "input", where), _text(table, "value", where)
    if value not in INPUTS.get(name, ()):
        raise _Fault(f"{where}: {name} = {value!r} is no input of the priority")
    return Stated(_text(table, "package", where), name, value, _text(table, "because", where))


def _keys(reports: Sequence[Sent]) -> list[str]:
    keys = [sent.key for sent in reports]
    if not keys:
        raise _Fault("report: there is none")
    if twice := sorted({key for key in keys if keys.count(key) > 1}):
        raise _Fault(f"report: {', '.join(twice)} twice; give one of them another id")
    return keys


def _expected(table: Any, keys: set[str]) -> Expected:
    if not isinstance(table, dict):
        raise _Fault("expect: must be a table")
    _only(table, _EXPECT, "expect")
    counts = {name: table[name] for name in COUNTS if name in table}
    for name, count in counts.items():
        if type(count) is not int or count < 0:
            raise _Fault(f"expect: {name} must be a count")
    together = _groups(table, "together", keys)
    apart = _groups(table, "apart", keys)
    if wrong := [group for group in apart if len(group) != 2]:  # noqa: PLR2004
        raise _Fault(f"expect: apart holds pairs, and {list(wrong[0])} is none")
    return Expected(counts, together, tuple((a, b) for a, b in apart))


def _groups(table: dict[str, Any], name: str, keys: set[str]) -> tuple[tuple[str, ...], ...]:
    groups = table.get(name, [])
    if not isinstance(groups, list) or not all(isinstance(group, list) for group in groups):
        raise _Fault(f"expect: {name} must be a list of lists of reports")
    for group in groups:
        for key in group:
            if key not in keys:
                raise _Fault(f"expect: {name} names {key!r}, which no report is called")
    return tuple(tuple(group) for group in groups)
