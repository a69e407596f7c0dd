"""Reads a report once and says what is in it; a fault in it is an answer, never an exception."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from clearinghouse.core.errors import InvalidBundle, InvalidInput
from clearinghouse.core.proof import Grade
from clearinghouse.core.report import MAX_TEXT_BYTES, ReportKind, ReportState, kind_of
from clearinghouse.formats.sarif import read_sarif
from clearinghouse.prover.bundle import Bundle, read_archive

if TYPE_CHECKING:
    from collections.abc import Sequence

_LINE = 200


@dataclass(frozen=True, slots=True)
class Claimed:
    """One claimed weakness in a report."""

    title: str
    rule: str = ""
    location: str = ""
    grade: Grade = Grade.D


@dataclass(frozen=True, slots=True)
class Screened:
    """What screening found. `states` are those after `screened`, the last being where the report rests for now."""

    kind: ReportKind
    title: str
    states: tuple[ReportState, ...]
    reasons: tuple[str, ...] = ()
    findings: tuple[Claimed, ...] = ()
    bundle: Bundle | None = field(default=None)


def screen(content: bytes, name: str) -> Screened:
    """Tell what `content` (sent as `name`) is and what becomes of it."""
    kind = kind_of(content, name)
    if kind is ReportKind.PROOF:
        return _screen_bundle(content, name)
    if kind is ReportKind.SARIF:
        return _screen_sarif(content, name)
    if kind is ReportKind.TEXT:
        return _screen_text(content, name)
    return _returned(kind, name, ["not a proof bundle, SARIF 2.1.0 or UTF-8 text; send one of these"])


def _screen_bundle(content: bytes, name: str) -> Screened:
    try:
        bundle = read_archive(content, name)
    except InvalidBundle as error:
        return _returned(ReportKind.PROOF, name, error.problems)
    claim = bundle.manifest.claim
    finding = Claimed(claim.title, rule=", ".join(claim.weakness), location=bundle.manifest.target.package)
    return Screened(ReportKind.PROOF, claim.title, (ReportState.PROVING,), findings=(finding,), bundle=bundle)


def _screen_sarif(content: bytes, name: str) -> Screened:
    try:
        results = read_sarif(content)
    except InvalidInput as error:
        return _returned(ReportKind.SARIF, name, [str(error)])
    tools = ", ".join(sorted({result.tool for result in results})) or "a scanner"
    findings = tuple(Claimed(r.message or r.rule or "no message", r.rule, r.location) for r in results)
    title = f"{len(findings)} result{'s' if len(findings) != 1 else ''} of {tools}"
    return _parked(ReportKind.SARIF, title, findings, "scanner results carry no proof that can be run")


def _screen_text(content: bytes, name: str) -> Screened:
    if len(content) > MAX_TEXT_BYTES:
        return _returned(ReportKind.TEXT, name, [f"text larger than {MAX_TEXT_BYTES // 1024} KiB; send a proof bundle"])
    text = content.decode("utf-8-sig")
    lines = (" ".join(line.strip("#=*_> \t").split()) for line in text.splitlines())
    title = next((line for line in lines if line), "")[:_LINE]
    if not title:
        return _returned(ReportKind.TEXT, name, ["the text is empty; describe the weakness, or send a proof bundle"])
    return _parked(ReportKind.TEXT, title, (Claimed(title),), "prose carries no proof that can be run")


def _parked(kind: ReportKind, title: str, findings: tuple[Claimed, ...], reason: str) -> Screened:
    states = (ReportState.UNPROVABLE, ReportState.PARKED)
    return Screened(kind, title, states, (f"{reason}; attach a proof bundle to have it proven",), findings)


def _returned(kind: ReportKind, name: str, reasons: Sequence[str]) -> Screened:
    return Screened(kind, name, (ReportState.RETURNED,), tuple(reasons))
