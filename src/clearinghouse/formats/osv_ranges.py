"""Affected ranges in OSV 1.7: writes what was executed, reads what a record says.

An executed range says `introduced` with the oldest release on which the proof fired ("0" where that is the first
there is), and `fixed` with the next release on which it was silent; `last_affected` where nothing is known beyond.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packageurl import PackageURL

from clearinghouse.core.version_order import version_key
from clearinghouse.formats.osv import ECOSYSTEMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from clearinghouse.core.version_search import Stretch


def executed_affected(
    ecosystem: str,
    name: str,
    versions: Sequence[str],
    stretches: Iterable[Stretch],
    *,
    fired: Sequence[str],
    unknown: Sequence[str] = (),
) -> dict[str, Any]:
    """One `affected` object of OSV. `versions` are all releases in order, `fired` those on which the proof did.

    `unknown` are those on which nothing could be said; what a range says of them was not executed.
    """
    purl = PackageURL.from_string(f"pkg:{ecosystem}/{name.replace('@', '%40')}").to_string()
    closed: list[dict[str, str]] = []
    ranges: list[dict[str, Any]] = []
    kind = "SEMVER" if ecosystem == "npm" else "ECOSYSTEM"
    for stretch in stretches:
        begins = {"introduced": versions[stretch.first] if stretch.first else "0"}
        if stretch.after is None and stretch.last < len(versions) - 1:
            # OSV lets a range end in fixed or in last_affected, never both.
            ranges.append({"type": kind, "events": [begins, {"last_affected": versions[stretch.last]}]})
        else:
            closed += [begins, *([{"fixed": versions[stretch.after]}] if stretch.after is not None else [])]
    if closed:
        ranges.insert(0, {"type": kind, "events": closed})
    package = {"ecosystem": ECOSYSTEMS[ecosystem], "name": name, "purl": purl}
    affected = {"package": package, "ranges": ranges, "versions": list(fired)}
    return {**affected, "database_specific": {"not_executed": list(unknown)}} if unknown else affected


def affected_of(record: Mapping[str, Any], ecosystem: str, name: str) -> tuple[Mapping[str, Any], ...]:
    """The record's `affected` objects about a package."""
    found = []
    for affected in record.get("affected", ()):
        package = affected.get("package", {})
        if package.get("ecosystem") == ECOSYSTEMS[ecosystem] and _same(str(package.get("name")), name, ecosystem):
            found.append(affected)
    return tuple(found)


def affects(affected: Iterable[Mapping[str, Any]], version: str, ecosystem: str) -> bool:
    """Whether a record calls a version affected: by its list of versions or by one of its ranges (OSV's algorithm)."""
    key = version_key(version, ecosystem)
    for item in affected:
        if any(version_key(str(listed), ecosystem) == key for listed in item.get("versions", ())):
            return True
        if any(_in_range(entry, key, ecosystem) for entry in item.get("ranges", ()) if entry.get("type") != "GIT"):
            return True
    return False


def compare(
    records: Iterable[Mapping[str, Any]], executed: Mapping[str, str], ecosystem: str, name: str
) -> dict[str, Any]:
    """Where published records differ from what was executed ("affected", "unaffected" or "unknown" by version).

    `agree` counts the pairs of record and version that say the same, `unknown` the versions of which execution says
    nothing.
    """
    disagreements, agree = [], 0
    for record in records:
        affected = affected_of(record, ecosystem, name)
        for version, answer in executed.items():
            published = "affected" if affects(affected, version, ecosystem) else "unaffected"
            if answer == published:
                agree += 1
            elif answer != "unknown":
                disagreements.append(
                    {"record": str(record.get("id")), "version": version, "published": published, "executed": answer}
                )
    unknown = sorted(version for version, answer in executed.items() if answer == "unknown")
    return {"agree": agree, "disagreements": disagreements, "unknown": unknown}


def _in_range(entry: Mapping[str, Any], key: Any, ecosystem: str) -> bool:
    """Walk the events in order; the last that comes before the version, or at it, says what holds there."""
    order = {"introduced": 0, "fixed": 0, "last_affected": 1, "limit": 0}
    events = []
    for event in entry.get("events", ()):
        for kind, version in event.items():
            place = None if version == "0" else version_key(str(version), ecosystem)
            if version == "0" or place is not None:
                events.append((kind, place))
    inside = False
    known = [event for event in events if event[1] is not None]
    inside = any(kind == "introduced" and place is None for kind, place in events)
    for kind, place in sorted(known, key=lambda event: (event[1], order[event[0]])):
        if place > key or (kind == "last_affected" and place == key):
            break
        inside = kind == "introduced"
    return inside


def _same(one: str, other: str, ecosystem: str) -> bool:
    if ecosystem != "pypi":
        return one == other
    return one.lower().replace("_", "-").replace(".", "-") == other.lower().replace("_", "-").replace(".", "-")
