"""Looks for the solution in what an agent is given: public ids, pieces of the proof's trigger, lines of its fix.

A piece is a run of RUN bytes, or a whole text of fewer, that stands in the trigger and neither in the benign values nor
in the calls that a task shows anyway. In the release, which nobody wrote for the task, only whole texts of LONG bytes
count.
Pure but for `tree_leaks`, which reads a folder.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clearinghouse.core.manifest import CallRun
from clearinghouse.core.review.tasks import Family
from clearinghouse.core.steps import walk
from clearinghouse.evaluation.suites.masking import ids_in
from clearinghouse.evaluation.suites.prompts import FIX
from clearinghouse.evaluation.suites.trigger import files_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from clearinghouse.evaluation.suites.material import Material

RUN, LONG, SHORT = 12, 16, 6
_VARIED = 5  # different bytes that a piece has at least: a repeated letter says nothing
_LINE = 12  # characters of a line of a fix that is worth looking for
_CANARY = re.compile(r"\{\{[^}]*\}\}")
_HISTORY = {".git", ".hg", ".svn", ".bzr"}
_MOST = 5  # leaks that are named
_LARGE = 4 << 20  # bytes of a file of the release that is searched


@dataclass(frozen=True, slots=True)
class Secrets:
    """What must not be found: ids in lower case, texts of the trigger, runs of them, and lines that the fix adds."""

    ids: tuple[str, ...]
    texts: tuple[bytes, ...]
    runs: frozenset[bytes]
    lines: tuple[bytes, ...]


def secrets_of(material: Material, family: Family, level: int) -> Secrets:
    """The secrets of a task: for patch the trigger is told, at level 3 the fix is."""
    claim, run = material.bundle.manifest.claim, material.bundle.manifest.run
    texts: list[bytes] = []
    if family is not Family.PATCH and isinstance(run, CallRun):
        shown = _shown(material)
        values = dict(material.template.trigger) if material.template is not None else {"steps": list(run.steps)}
        found = dict.fromkeys(_texts(values, material.bundle.files))
        texts = [text for text in found if text not in shown and len(set(text)) >= _VARIED]
        runs = {piece for text in texts for piece in _pieces(text) if piece not in shown}
    else:
        runs = set()
    lines = () if level >= FIX else tuple(_added(material.fix))
    return Secrets(tuple(item.lower() for item in claim.aliases), tuple(texts), frozenset(runs), lines)


def leaks(secrets: Secrets, given: Mapping[str, bytes]) -> list[str]:
    """What of the secrets stands in the things given, each with its place; the first few."""
    found = []
    for place, content in given.items():
        text = content.decode("utf-8", "replace")
        found += [f"{place} holds the id {item}" for item in _ids(secrets, text)]
        spread = {content[at : at + RUN] for at in range(len(content) - RUN + 1)}
        pieces = sorted(secrets.runs & spread) + [item for item in secrets.runs if len(item) < RUN and item in content]
        found += [f"{place} holds {piece!r} of the trigger" for piece in pieces[:1]]
        found += [f"{place} holds {line!r} of the fix" for line in secrets.lines if line in content]
    return found[:_MOST]


def tree_leaks(secrets: Secrets, folder: Path) -> list[str]:
    """The same for a release: its repository's history, ids, and whole texts of the trigger."""
    found = []
    needles = [text for text in secrets.texts if len(text) >= LONG]
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder)
        if path.name in _HISTORY:
            found.append(f"{name} is a repository's history")
        if path.is_symlink() or not path.is_file() or path.stat().st_size > _LARGE:
            continue
        content = path.read_bytes()
        lowered = content.lower()
        found += [f"{name} holds the id {item}" for item in secrets.ids if item.encode() in lowered]
        found += [f"{name} holds {text[:60]!r} of the trigger" for text in needles if text in content]
        if len(found) >= _MOST:
            break
    return found[:_MOST]


def _ids(secrets: Secrets, text: str) -> list[str]:
    own = [item for item in secrets.ids if item in text.lower()]
    return own + [item for item in ids_in(text) if item.lower() not in own]


def _shown(material: Material) -> bytes:
    """What every task shows of the bundle: its calls and the benign values, as they are and as JSON."""
    run = material.bundle.manifest.run
    assert isinstance(run, CallRun)
    values: list[Any] = [list(run.control_steps or ())]
    if material.template is not None:
        values += [list(material.template.steps), dict(material.template.benign)]
    plain = b"\n".join(_texts(values, material.own_files))
    return plain + json.dumps(values, ensure_ascii=False).encode("utf-8", "replace")


def _texts(values: Any, files: Mapping[str, bytes]) -> Iterator[bytes]:
    """The texts inside a value, keys and named files included, cut where a canary stands."""
    for item in walk(values):
        if isinstance(item, dict):
            yield from (part for key in item if not key.startswith("$") for part in _parts(key))
            if isinstance(item.get("$hex"), str):
                yield bytes.fromhex(item["$hex"])
        elif isinstance(item, str):
            yield from _parts(item)
    yield from (files[path] for path in sorted(files_of(values)) if path in files)


def _parts(text: str) -> Iterator[bytes]:
    if not text.startswith("files/"):
        yield from (part.encode("utf-8", "replace") for part in _CANARY.split(text) if len(part) >= SHORT)


def _pieces(text: bytes) -> Iterator[bytes]:
    if len(text) < RUN:
        yield text
    for at in range(len(text) - RUN + 1):
        piece = text[at : at + RUN]
        if len(set(piece)) >= _VARIED:
            yield piece


def _added(fix: bytes) -> Iterator[bytes]:
    """The lines that a fix adds and does not merely move."""
    lines = fix.splitlines()
    gone = {line[1:].strip() for line in lines if line.startswith(b"-")}
    for line in lines:
        added = line[1:].strip()
        if line.startswith(b"+") and not line.startswith(b"+++") and len(added) >= _LINE and added not in gone:
            yield added
