"""Works out what an advisory may say of a case: executed facts as facts, claims as claims."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packageurl import PackageURL
from packaging.version import InvalidVersion, Version

from clearinghouse.core.ids import advisory_id
from clearinghouse.core.proof import Signal
from clearinghouse.formats.osv import Record, severity_kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from clearinghouse.cases.views import CaseDetail
    from clearinghouse.proofs.queries import ProofView

_CVE = "https://www.cve.org/CVERecord?id="
_GHSA = "https://github.com/advisories/"


def draft(case: CaseDetail, *, at: datetime, coordinator: str, confirmed_by: str) -> Record:
    """The record of a case. A range is stated only between releases that were run: fires below, silent above."""
    row = case.row
    proofs = [proof for proof in case.proofs if proof.verdict and proof.verdict.supports_the_claim]
    fired, silent = executed(proofs)
    purl_type, package, repository = _named(row.package)
    stamp = at.strftime("%Y-%m-%dT%H:%M:%SZ")
    severities = sorted({proof.severity for proof in proofs if proof.severity})
    # One stated alias is passed on as such; several cannot all be the same bug, and none of them was executed.
    aliases, related = (row.aliases, ()) if len(row.aliases) == 1 else ((), row.aliases)
    stated = severities[0] if len(severities) == 1 and severity_kind(severities[0]) else None
    return Record(
        id=advisory_id(row.id),
        modified=stamp,
        published=stamp,
        summary=row.title,
        details=_details(case, proofs, fired, silent),
        purl_type=purl_type,
        package=package,
        versions=fired,
        events=_events(fired, silent) if not repository else _commits(proofs),
        aliases=aliases,
        related=related,
        severity=stated,
        references=tuple(_references(row.aliases)),
        credits=(*(("FINDER", finder) for finder in row.finders), ("COORDINATOR", coordinator)),
        database_specific=_specific(case, proofs, silent, severities, confirmed_by),
        repository=repository,
    )


def _named(package: str) -> tuple[str, str, str]:
    """(purl type, full name, repository) of what a case is about: a purl, or the URL of a repository."""
    if not package.startswith("pkg:"):
        return "", "", package
    purl = PackageURL.from_string(package)
    return purl.type, f"{purl.namespace}/{purl.name}" if purl.namespace else purl.name, ""


def _commits(proofs: Sequence[ProofView]) -> tuple[tuple[str, str], ...]:
    """Commits have no order of their own: the pair of the first proof, as it was executed."""
    fired, silent = executed(proofs[:1])
    return tuple([("introduced", fired[0])] + [("fixed", commit) for commit in silent[:1]]) if fired else ()


def executed(proofs: Iterable[ProofView]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The releases on which some proof fired, and those on which every proof tried was silent; both in order."""
    fired, silent = set(), set()
    for proof in proofs:
        for line in proof.matrix:
            if line.input == "trigger" and line.variant in {"vulnerable", "fixed", "other"}:
                if line.k:
                    fired.add(line.version)
                elif line.n and not line.broken:
                    silent.add(line.version)
        for trial in proof.trials:
            if trial.signal is Signal.FIRED:
                fired.add(trial.version)
            elif trial.signal is Signal.SILENT:
                silent.add(trial.version)
    return _ordered(fired), _ordered(silent - fired)


def _ordered(versions: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(versions, key=_rank))


def _rank(version: str) -> tuple[int, Version, str]:
    """PyPI's order; what it cannot read goes last, by its letters."""
    try:
        return (0, Version(version), version)
    except InvalidVersion:
        return (1, Version("0"), version)


def _events(fired: Sequence[str], silent: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """From each lowest firing release to the next silent one above it."""
    events: list[tuple[str, str]] = []
    inside = False
    for version in _ordered({*fired, *silent}):
        if version in fired and not inside:
            events.append(("introduced", version))
            inside = True
        elif version in silent and inside:
            events.append(("fixed", version))
            inside = False
    return tuple(events)


def _references(aliases: Iterable[str]) -> Iterable[tuple[str, str]]:
    for alias in aliases:
        if alias.startswith("CVE-"):
            yield "WEB", _CVE + alias
        elif alias.startswith("GHSA-"):
            yield "ADVISORY", _GHSA + alias


def _details(case: CaseDetail, proofs: Sequence[ProofView], fired: Sequence[str], silent: Sequence[str]) -> str:
    row = case.row
    reports = f"{row.reports} report{'s' if row.reports != 1 else ''}"
    finders = f"{len(row.finders)} finder{'s' if len(row.finders) != 1 else ''}"
    lines = [
        f"{reports} by {finders}, shown by execution to be one bug in {row.package}.",
        f"A proof fired on {', '.join(fired)}" + (f" and was silent on {', '.join(silent)}." if silent else "."),
    ]
    if row.function:
        lines.append(f"The effect ({row.oracle}) was attributed to {row.function}.")
    claims = dict.fromkeys(proof.summary.strip() for proof in proofs if proof.summary.strip())
    lines += [f"As claimed by a finder: {claim}" for claim in claims]
    return "\n\n".join(lines)


def _specific(
    case: CaseDetail, proofs: Sequence[ProofView], silent: Sequence[str], severities: Sequence[str], confirmed_by: str
) -> dict[str, Any]:
    specific: dict[str, Any] = {
        "case": case.row.id,
        "range_basis": "executed at both ends; releases between them were not all run",
        "fixed_by_execution": list(silent),
        "claimed_weakness": list(case.row.weakness),
        "claimed_severity": list(severities),
        "function": case.row.function,
        "priority": {"decision": case.row.priority.label, "table": case.row.priority.table},
        "proofs": [
            {
                "bundle_sha256": proof.bundle_id,
                "verdict": proof.verdict,
                "grade": proof.grade,
                "oracle": proof.result.environment.oracle if proof.result else proof.oracle,
                "runs": proof.runs,
                "isolation": proof.result.environment.isolation if proof.result else "",
            }
            for proof in proofs
        ],
    }
    if confirmed_by:
        specific["confirmed_by"] = confirmed_by
        specific["confirmed"] = sorted({item for proof in proofs for item in proof.confirm})
    return specific
