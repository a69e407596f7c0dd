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
from packageurl import PackageURL
from packaging.version import InvalidVersion, Version

from clearinghouse.core.errors import InvalidBundle
from clearinghouse.core.manifest import (
    MANIFEST_NAME,
    SCHEMA,
    CallRun,
    Claim,
    Companion,
    Manifest,
    Runtime,
    ScriptRun,
    Target,
)
from clearinghouse.core.manifest_run import RUN_KEYS, parse_oracle, parse_run
from clearinghouse.core.toml_places import key_lines, line_of

if TYPE_CHECKING:
    from collections.abc import Iterable

# What PEP 508 lets a project be called. Names and versions stand in a requirements file, where a line is an order.
_PROJECT = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.!+_-]{0,63}")
_CVSS = {"CVSS:3.1/": CVSS3, "CVSS:4.0/": CVSS4}
_TABLES = {
    "claim": {"title", "weakness", "aliases", "severity", "summary"},
    "target": {"package", "vulnerable", "fixed", "with"},
    "runtime": {"language", "version"},
    "run": RUN_KEYS,
    "oracle": {"name", "insecure", "secure", "budget_seconds", "sizes"},
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
        if key != "schema" and key not in _TABLES and key != "build":
            reader.report((key,), f'unknown key "{key}"; remove it or use one of: schema, {", ".join(_TABLES)}')
    if "build" in document:
        reader.report(("build",), "building native targets is not supported by this prover yet; remove it")
    claim = _claim(reader)
    target = _target(reader)
    runtime = _runtime(reader)
    run, settings = parse_run(reader)
    oracle = parse_oracle(reader, run)
    patch = _patch(reader)
    if run is not None and target is not None:
        _check_control(reader, run, target)
    if reader.problems or claim is None or target is None or run is None or oracle is None:
        raise InvalidBundle(reader.problems)
    return Manifest(claim=claim, target=target, runtime=runtime, run=run, oracle=oracle, patch=patch, **settings)


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


def parse_purl(text: str) -> PackageURL:
    """A package URL whose name, for pypi, is a project's name and no more. Raises ValueError with a short reason."""
    purl = PackageURL.from_string(text)
    if purl.type == "pypi" and (purl.namespace or not _PROJECT.fullmatch(purl.name)):
        name = f"{purl.namespace}/{purl.name}" if purl.namespace else purl.name
        raise ValueError(f"{name!r} is not the name of a PyPI project")
    return purl


def normalised(name: str) -> str:
    """A PyPI name in its one canonical spelling (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _target(reader: Reader) -> Target | None:
    reader.table("target", required=True)
    package = reader.text("target", "package", required=True, limit=300)
    vulnerable = _version(reader, "vulnerable", required=True)
    fixed = _version(reader, "fixed", required=False)
    companions = tuple(filter(None, (_companion(reader, i, t) for i, t in enumerate(reader.texts("target", "with")))))
    if package is None:
        return None
    try:
        purl = parse_purl(package)
    except ValueError as error:
        reader.report(("target", "package"), f"{package!r} is not a package URL: {error}")
        return None
    if purl.version or purl.qualifiers or purl.subpath:
        reader.report(("target", "package"), 'must be a package URL without version, such as "pkg:pypi/urllib3"')
    if purl.type != "pypi":
        reader.report(
            ("target", "package"), f'"pkg:{purl.type}" is not supported by this prover yet; it proves pkg:pypi'
        )
    if vulnerable is not None and fixed is not None and _same_version(vulnerable, fixed):
        reader.report(
            ("target", "fixed"), f"is {fixed}, the same as target.vulnerable; name the release that fixes the bug"
        )
    if vulnerable is None:
        return None
    name = normalised(purl.name)
    for companion in companions:
        if companion.name == name:
            reader.report(("target", "with"), f'"{name}" is the target itself; a companion must be another package')
    return Target(f"pkg:pypi/{name}", purl.type, name, vulnerable, fixed, companions)


def _version(reader: Reader, key: str, *, required: bool) -> str | None:
    version = reader.text("target", key, required=required, limit=64)
    if version is not None and not _exact(version):
        reader.report(("target", key), f"{version!r} is not one exact version, such as 1.26.4")
        return None
    return version


def _exact(version: str) -> bool:
    """Whether a text is one version as PyPI writes them (PEP 440), and no range."""
    try:
        Version(version)
    except InvalidVersion:
        return False
    return _VERSION.fullmatch(version) is not None


def _same_version(one: str, other: str) -> bool:
    return Version(one) == Version(other)


def _companion(reader: Reader, index: int, text: str) -> Companion | None:
    try:
        purl = parse_purl(text)
    except ValueError as error:
        reader.report(("target", "with", index), f"{text!r} is not a package URL: {error}")
        return None
    if purl.type != "pypi" or not purl.version or not _exact(purl.version) or purl.qualifiers or purl.subpath:
        reader.report(("target", "with", index), f'{text!r} must name an exact version, such as "pkg:pypi/six@1.16.0"')
        return None
    return Companion(normalised(purl.name), purl.version)


def _runtime(reader: Reader) -> Runtime:
    reader.table("runtime", required=False)
    language = reader.text("runtime", "language", limit=20) or "python"
    version = reader.text("runtime", "version", limit=20)
    if language != "python":
        reader.report(("runtime", "language"), f'"{language}" is not supported by this prover yet; it runs python')
    if version and not re.fullmatch(r"3\.[0-9]{1,2}(\.[0-9]{1,2})?", version):
        reader.report(("runtime", "version"), f'"{version}" is not a Python version such as "3.11"')
    return Runtime(language, version)


def _patch(reader: Reader) -> str | None:
    reader.table("fix", required=False)
    patch = reader.text("fix", "patch", limit=500)
    if patch is not None and patch not in reader.files:
        reader.report(("fix", "patch"), f'"{patch}" is not a file of the bundle; name one under files/')
    return patch
