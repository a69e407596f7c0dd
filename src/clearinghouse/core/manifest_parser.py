"""Reads `proof.toml` into a Manifest, or says everything that is wrong with it, each with its key and line.

Schema `clearinghouse.proof/1`. Unknown keys are errors: a mistyped key must not silently weaken a proof. The order of
versions is never checked.
"""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

from cvss import CVSS3, CVSS4
from cvss.exceptions import CVSSError

from clearinghouse.core.errors import InvalidBundle
from clearinghouse.core.manifest import (
    MANIFEST_NAME,
    SCHEMA,
    CallRun,
    Claim,
    Manifest,
    ScriptRun,
)
from clearinghouse.core.manifest_run import ORACLE_KEYS, RUN_KEYS, parse_argv, parse_oracle, parse_run
from clearinghouse.core.manifest_target import TARGET_KEYS, parse_build, parse_runtime, parse_target
from clearinghouse.core.proof import OracleName
from clearinghouse.core.toml_places import key_lines, line_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clearinghouse.core.manifest import Build, OracleSpec, Target

_CVSS = {"CVSS:3.1/": CVSS3, "CVSS:4.0/": CVSS4}
_TABLES = {
    "claim": {"title", "weakness", "aliases", "severity", "summary"},
    "target": TARGET_KEYS,
    "runtime": {"language", "version"},
    "build": {"run", "sanitizer"},
    "run": RUN_KEYS,
    "oracle": {"name", *ORACLE_KEYS},
    "fix": {"patch"},
}


class Reader:
    """Collects problems while the parts of one manifest are read; every getter names the key it looked at."""

    def __init__(self, text: str, document: dict[str, Any], files: Iterable[str]) -> None:
        self.document = document
        self.files = frozenset(files)
        self.problems: list[str] = []
        self._places = key_lines(text)

    def report(self, path: tuple[str | int, ...], message: str) -> None:
        """Note a problem at a key."""
        line = line_of(self._places, path)
        name = ""
        for part in path:
            name += f"[{part}]" if isinstance(part, int) else f"{'.' if name else ''}{part}"
        where = f"{MANIFEST_NAME} line {line}" if line else MANIFEST_NAME
        problem = f"{where}: {name}: {message}"
        if problem not in self.problems:  # trigger and control may share what is wrong
            self.problems.append(problem)

    def table(self, name: str, *, required: bool) -> dict[str, Any]:
        """One of the manifest's tables, with unknown keys reported."""
        table = self.document.get(name)
        if table is None:
            if required:
                self.problems.append(f"{MANIFEST_NAME}: the table [{name}] is missing; add it")
            return {}
        if not isinstance(table, dict):
            self.report((name,), "must be a table")
            return {}
        for key in table:
            if key not in _TABLES[name]:
                allowed = ", ".join(sorted(_TABLES[name]))
                self.report((name, key), f'unknown key "{key}"; remove it or use one of: {allowed}')
        return table

    def text(self, table: str, key: str, *, required: bool = False, limit: int = 2000) -> str | None:
        """A text of a table, stripped of nothing; None when absent or wrong."""
        holder = self.document.get(table)
        value = holder.get(key) if isinstance(holder, dict) else None
        if value is None:
            if required and isinstance(holder, dict):
                self.report((table,), f'needs the key "{key}"')
            return None
        if not isinstance(value, str) or not value.strip():
            self.report((table, key), "must be a text that is not empty")
            return None
        if len(value) > limit:
            self.report((table, key), f"has {len(value)} characters; at most {limit} are allowed")
            return None
        return value

    def texts(self, table: str, key: str, *, limit: int = 50) -> tuple[str, ...]:
        """A list of texts; empty when absent or wrong."""
        holder = self.document.get(table)
        value = holder.get(key, []) if isinstance(holder, dict) else []
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            self.report((table, key), "must be a list of texts")
            return ()
        if len(value) > limit:
            self.report((table, key), f"has {len(value)} entries; at most {limit} are allowed")
            return ()
        return tuple(value)


def parse_manifest(text: str, files: Iterable[str]) -> Manifest:
    """Read the text of a `proof.toml`; `files` are the bundle's paths. Raises InvalidBundle with every problem."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidBundle([f"{MANIFEST_NAME}: not valid TOML: {error}"]) from None
    except RecursionError:
        raise InvalidBundle([f"{MANIFEST_NAME}: nested too deeply to read"]) from None
    reader = Reader(text, document, files)
    if document.get("schema") != SCHEMA:
        reader.report(("schema",), f'must be "{SCHEMA}"; it is {document.get("schema")!r}')
    for key in document:
        if key != "schema" and key not in _TABLES:
            reader.report((key,), f'unknown key "{key}"; remove it or use one of: schema, {", ".join(_TABLES)}')
    claim = _claim(reader)
    target = parse_target(reader)
    runtime = parse_runtime(reader, target)
    build = parse_build(reader, runtime, parse_argv(reader, "build", "run"))
    run, settings = parse_run(reader, runtime.language)
    if isinstance(run, CallRun) and runtime.language == "native":
        reader.report(("run",), "native targets are run by argv; steps are for python and node")
    oracle = parse_oracle(reader, run, runtime.language)
    _check_sanitizer(reader, oracle, build)
    patch = _patch(reader)
    if run is not None and target is not None:
        _check_control(reader, run, target)
    if reader.problems or claim is None or target is None or run is None or oracle is None:
        raise InvalidBundle(reader.problems)
    return Manifest(
        claim=claim, target=target, runtime=runtime, run=run, oracle=oracle, patch=patch, build=build, **settings
    )


def _check_sanitizer(reader: Reader, oracle: OracleSpec | None, build: Build | None) -> None:
    """The oracle sees nothing without a sanitizer, and a sanitizer takes from other oracles what they would see."""
    if oracle is None:
        return
    sanitized = build is not None and build.sanitizer != "none"
    if oracle.name is OracleName.SANITIZER and not sanitized:
        reader.report(
            ("oracle", "name"), 'the oracle sanitizer needs [build] with sanitizer = "address" or "undefined"'
        )
    if sanitized and oracle.name is not OracleName.SANITIZER:
        reader.report(("build", "sanitizer"), f'goes with the oracle sanitizer, not with {oracle.name}; use "none"')


def _check_control(reader: Reader, run: CallRun | ScriptRun, target: Target) -> None:
    control = run.control_steps if isinstance(run, CallRun) else run.control
    if control is None and target.fixed is None:
        reader.report(
            ("run",), "needs a control where no fixed version is given: control_args, control_step or control"
        )


def _claim(reader: Reader) -> Claim | None:
    reader.table("claim", required=True)
    title = reader.text("claim", "title", required=True, limit=200)
    weakness = reader.texts("claim", "weakness")
    for index, item in enumerate(weakness):
        if not re.fullmatch(r"CWE-[1-9][0-9]{0,4}", item):
            reader.report(("claim", "weakness", index), f'"{item}" is not a CWE id such as "CWE-79"')
    severity = reader.text("claim", "severity", limit=300)
    if severity:
        _check_severity(reader, severity)
    summary = reader.text("claim", "summary", limit=10_000) or ""
    if title is None:
        return None
    return Claim(title.strip(), weakness, reader.texts("claim", "aliases"), severity, summary.strip())


def _check_severity(reader: Reader, vector: str) -> None:
    read = next((read for start, read in _CVSS.items() if vector.startswith(start)), None)
    if read is None:
        reader.report(("claim", "severity"), "must be a CVSS v3.1 or v4.0 vector that begins with its version")
        return
    try:
        read(vector)
    except CVSSError as error:
        reader.report(("claim", "severity"), f"is not a CVSS vector: {error}")


def _patch(reader: Reader) -> str | None:
    reader.table("fix", required=False)
    patch = reader.text("fix", "patch", limit=500)
    if patch is not None and patch not in reader.files:
        reader.report(("fix", "patch"), f'"{patch}" is not a file of the bundle; name one under files/')
    return patch
