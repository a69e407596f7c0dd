"""Reads what an agent hands in, and writes answers of our own: data alone, in the bundle's own language of values.

`answer.toml` for reproduce and exploit-canary has a table `[input]` with a value for each place of the task; for find
it has `[run]`, as a bundle has it, and `[oracle]`. Both may have `[files]`: small files in base64 that values name as
`files/NAME`. `answer.patch` is a unified diff.
"""

from __future__ import annotations

import base64
import binascii
import re
import tomllib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from clearinghouse.core.manifest_run import CALL_KEYS
from clearinghouse.core.proof import OracleName
from clearinghouse.core.toml_text import toml_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

ANSWER_TOML, ANSWER_PATCH = "answer.toml", "answer.patch"
MAX_FILES = 8
# What a finder may claim without a pattern of his own: each of these shows an effect that nobody wants.
CLAIMED = tuple(name for name in OracleName if name not in {OracleName.PREDICATE, OracleName.SANITIZER})
_RUN = CALL_KEYS - {"show"}
_FILE = re.compile(r"files/[A-Za-z0-9_-][A-Za-z0-9._-]{0,60}")


class AnswerRefused(Exception):  # the agent's fault, never the house's
    """What was handed in is no answer; the words say why and where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputAnswer:
    """A value for each place, and files that they name."""

    values: Mapping[str, Any]
    files: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class FindAnswer:
    """A `[run]` and an `[oracle]` table as a bundle has them, and files that they name."""

    run: Mapping[str, Any]
    oracle: Mapping[str, Any]
    files: Mapping[str, bytes] = field(default_factory=dict)


def read_input(artifact: bytes, places: Iterable[str]) -> InputAnswer:
    """The values of an answer, one for each place and no others. Raises AnswerRefused."""
    document = _document(artifact, {"input", "files"})
    values = _table(document, "input")
    wanted = set(places)
    for name in sorted(wanted - values.keys()):
        raise AnswerRefused(f'{ANSWER_TOML}: [input] has no "{name}"; it needs {", ".join(sorted(wanted))}')
    for name in sorted(values.keys() - wanted):
        raise AnswerRefused(
            f'{ANSWER_TOML}: [input] has "{name}", which is no place; it has {", ".join(sorted(wanted))}'
        )
    return InputAnswer(values=values, files=_files(document))


def read_find(artifact: bytes) -> FindAnswer:
    """The run and the oracle of an answer. Raises AnswerRefused."""
    document = _document(artifact, {"run", "oracle", "files"})
    run, oracle = _table(document, "run"), _table(document, "oracle")
    for key in sorted(run.keys() - _RUN):
        raise AnswerRefused(f'{ANSWER_TOML}: [run] may not have "{key}"; it may have {", ".join(sorted(_RUN))}')
    for key in sorted(oracle.keys() - {"name", "type"}):
        raise AnswerRefused(f'{ANSWER_TOML}: [oracle] may not have "{key}"; it has name, and type for an exception')
    if oracle.get("name") not in set(CLAIMED):
        raise AnswerRefused(f"{ANSWER_TOML}: [oracle] name must be one of {', '.join(CLAIMED)}")
    return FindAnswer(run=run, oracle=oracle, files=_files(document))


def write_answer(tables: Mapping[str, Any], files: Mapping[str, bytes]) -> bytes:
    """An `answer.toml` of these tables and files."""
    document = dict(tables)
    if files:
        document["files"] = {path: base64.b64encode(content).decode() for path, content in sorted(files.items())}
    return toml_text(document).encode()


def _document(artifact: bytes, known: set[str]) -> dict[str, Any]:
    try:
        document = tomllib.loads(artifact.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise AnswerRefused(f"{ANSWER_TOML}: not UTF-8 at byte {error.start}") from None
    except tomllib.TOMLDecodeError as error:
        raise AnswerRefused(f"{ANSWER_TOML}: not valid TOML: {error}") from None
    except RecursionError:
        raise AnswerRefused(f"{ANSWER_TOML}: nested too deeply to read") from None
    for key in sorted(document.keys() - known):
        raise AnswerRefused(f'{ANSWER_TOML}: unknown key "{key}"; it may have {", ".join(sorted(known))}')
    return document


def _table(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    table = document.get(name)
    if not isinstance(table, dict):
        raise AnswerRefused(f"{ANSWER_TOML}: the table [{name}] is missing")
    return table


def _files(document: Mapping[str, Any]) -> dict[str, bytes]:
    table = document.get("files", {})
    if not isinstance(table, dict) or len(table) > MAX_FILES:
        raise AnswerRefused(f"{ANSWER_TOML}: [files] must be a table of at most {MAX_FILES} files")
    files = {}
    for path, text in table.items():
        if not _FILE.fullmatch(path):
            raise AnswerRefused(f'{ANSWER_TOML}: [files] "{path:.80}" must be "files/NAME", a plain name')
        try:
            files[path] = base64.b64decode(text, validate=True) if isinstance(text, str) else None
        except (binascii.Error, ValueError):
            files[path] = None
        if files[path] is None:
            raise AnswerRefused(f'{ANSWER_TOML}: [files] "{path}" must be a text in base64')
    return {path: content for path, content in files.items() if content is not None}
