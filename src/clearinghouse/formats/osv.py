"""Writes OSV 1.7 records, and says what is wrong with one before it leaves the house."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from packageurl import PackageURL

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SCHEMA_VERSION = "1.7.0"
ECOSYSTEMS = {"pypi": "PyPI", "npm": "npm"}  # purl type to OSV's name

_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z")
_ID = re.compile(r"x_[A-Za-z0-9][A-Za-z0-9._-]*")
_EVENTS = {"introduced", "fixed", "last_affected", "limit"}
_REFERENCES = {
    "ADVISORY", "ARTICLE", "DETECTION", "DISCUSSION", "REPORT", "FIX", "INTRODUCED", "GIT", "PACKAGE", "EVIDENCE",
    "WEB",
}  # fmt: skip
_CREDITS = {
    "FINDER", "REPORTER", "ANALYST", "COORDINATOR", "REMEDIATION_DEVELOPER", "REMEDIATION_REVIEWER",
    "REMEDIATION_VERIFIER", "TOOL", "SPONSOR", "OTHER",
}  # fmt: skip
_KEYS = {
    "schema_version", "id", "modified", "published", "withdrawn", "aliases", "related", "upstream", "summary",
    "details", "severity", "affected", "references", "credits", "database_specific",
}  # fmt: skip
_V3_PART = r"(AV:[NALP]|AC:[LH]|PR:[NLH]|UI:[NR]|S:[UC]|[CIA]:[NLH]|E:[XUPFH]|RL:[XOTWU]|RC:[XURC])"
_V4_BASE = r"AV:[NALP]/AC:[LH]/AT:[NP]/PR:[NLH]/UI:[NPA]/VC:[HLN]/VI:[HLN]/VA:[HLN]/SC:[HLN]/SI:[HLN]/SA:[HLN]"
_SEVERITY = {
    "CVSS_V3": re.compile(rf"CVSS:3[.][01]/({_V3_PART}/)*{_V3_PART}"),
    "CVSS_V4": re.compile(rf"CVSS:4[.]0/{_V4_BASE}(/E:[XAPU])?"),
}


@dataclass(frozen=True, slots=True)
class Record:
    """What an advisory says, before it is any format. Instants are RFC 3339 in UTC ("…Z").

    `events` are one range's events in order, each (kind, version); `versions` are releases on which the proof fired.
    For a `repository` (its URL; `purl_type` and `package` are then empty) both are commits.
    `references` and `credits` are (kind, URL or name).
    """

    id: str
    modified: str
    published: str
    summary: str
    details: str
    purl_type: str
    package: str
    versions: tuple[str, ...]
    events: tuple[tuple[str, str], ...]
    aliases: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    severity: str | None = None  # one CVSS vector
    references: tuple[tuple[str, str], ...] = ()
    credits: tuple[tuple[str, str], ...] = ()
    database_specific: Mapping[str, Any] | None = None
    repository: str = ""


def severity_kind(vector: str) -> str | None:
    """OSV's name for the kind of a CVSS vector, None for one that OSV does not take."""
    return next((kind for kind, pattern in _SEVERITY.items() if pattern.fullmatch(vector)), None)


def write_osv(record: Record) -> dict[str, Any]:
    """The record as an OSV document; empty parts are left out."""
    document: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "id": record.id,
        "modified": record.modified,
        "published": record.published,
        "aliases": list(record.aliases),
        "related": list(record.related),
        "summary": record.summary,
        "details": record.details,
        "severity": [{"type": severity_kind(record.severity) or "", "score": record.severity}]
        if record.severity
        else [],
        "affected": [_affected(record)],
        "references": [{"type": kind, "url": url} for kind, url in record.references],
        "credits": [{"name": name, "type": kind} for kind, name in record.credits],
        "database_specific": dict(record.database_specific or {}),
    }
    return {key: value for key, value in document.items() if value or key == "affected"}


def _affected(record: Record) -> dict[str, Any]:
    events = [{kind: version} for kind, version in record.events]
    if record.repository:
        return {"ranges": [{"type": "GIT", "repo": record.repository, "events": events}]}
    purl = PackageURL(record.purl_type, *_split(record.package)).to_string()
    package = {"ecosystem": ECOSYSTEMS.get(record.purl_type, record.purl_type), "name": record.package, "purl": purl}
    ranges = {"ranges": [{"type": "ECOSYSTEM", "events": events}]} if events else {}
    return {"package": package, **ranges, "versions": list(record.versions)}


def _split(name: str) -> tuple[str | None, str]:
    """Namespace and name of a package: ("@scope", "x") for "@scope/x"."""
    namespace, _, simple = name.rpartition("/")
    return namespace or None, simple


def osv_problems(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Everything that keeps an OSV document of ours from being valid, each with its place; empty when it is."""
    return tuple(_problems(document))


def _problems(document: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{key}: not a field of OSV {SCHEMA_VERSION}" for key in document if key not in _KEYS)
    if not _ID.fullmatch(str(document.get("id", ""))):
        yield f"id: {document.get('id')!r} does not begin with x_, as an unregistered database's must"
    for key in ("modified", "published", "withdrawn"):
        value = document.get(key)
        if (value is not None or key == "modified") and not _INSTANT.fullmatch(str(value)):
            yield f"{key}: {value!r} is no instant in UTC"
    for i, severity in enumerate(document.get("severity", ())):
        pattern = _SEVERITY.get(severity.get("type"))
        if pattern is None or not pattern.fullmatch(str(severity.get("score"))):
            yield f"severity[{i}]: {severity.get('score')!r} is no vector of type {severity.get('type')!r}"
    for i, credit in enumerate(document.get("credits", ())):
        if not credit.get("name") or credit.get("type") not in _CREDITS:
            yield f"credits[{i}]: needs a name and a known type"
    for i, reference in enumerate(document.get("references", ())):
        if reference.get("type") not in _REFERENCES or not str(reference.get("url", "")).startswith("https://"):
            yield f"references[{i}]: needs a known type and an https address"
    if not document.get("affected"):
        yield "affected: empty; an advisory names at least one package"
    for i, affected in enumerate(document.get("affected", ())):
        yield from _affected_problems(affected, f"affected[{i}]")


def _affected_problems(affected: Mapping[str, Any], place: str) -> Iterator[str]:
    package = affected.get("package", {})
    of_repository = [entry for entry in affected.get("ranges", ()) if entry.get("type") == "GIT"]
    if of_repository:
        if not all(str(entry.get("repo", "")).startswith("https://") for entry in of_repository):
            yield f"{place}.ranges: a GIT range needs the https address of its repository"
    elif package.get("ecosystem") not in ECOSYSTEMS.values() or not package.get("name"):
        yield f"{place}.package: needs a known ecosystem and a name"
    if not affected.get("versions") and not affected.get("ranges"):
        yield f"{place}: names neither a version nor a range"
    for i, entry in enumerate(affected.get("ranges", ())):
        events = entry.get("events", [])
        kinds = [kind for event in events for kind in event]
        if any(len(event) != 1 for event in events) or not set(kinds) <= _EVENTS:
            yield f"{place}.ranges[{i}].events: each event has exactly one of {', '.join(sorted(_EVENTS))}"
        if "introduced" not in kinds:
            yield f"{place}.ranges[{i}].events: no introduced event"
        if {"fixed", "last_affected"} <= set(kinds):
            yield f"{place}.ranges[{i}].events: fixed and last_affected exclude each other"
