"""Orders the versions of an ecosystem as the ecosystem itself does: PEP 440 for PyPI, SemVer for npm.

Versions that the ecosystem's rules cannot read are not ordered at all: `version_key` gives None for them.
"""

from __future__ import annotations

import re
from typing import Any

from packaging.version import InvalidVersion, Version

_SEMVER = re.compile(r"(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+.*)?")
_LINE_PARTS = 2


def version_key(version: str, ecosystem: str) -> Any | None:
    """Something that sorts as the versions do, for "pypi" or "npm"; None for what is no version there."""
    if ecosystem == "npm":
        return _semver_key(version)
    try:
        return Version(version)
    except InvalidVersion:
        return None


def is_prerelease(version: str, ecosystem: str) -> bool:
    """Whether a version comes before the release that it leads up to."""
    if ecosystem == "npm":
        found = _SEMVER.fullmatch(version)
        return bool(found and found[4])
    try:
        return Version(version).is_prerelease
    except InvalidVersion:
        return False


def release_line(version: str) -> tuple[str, ...]:
    """The line that a release belongs to, by its first two numbers: ("1", "2") for 1.2.3."""
    return tuple(re.findall(r"\d+", version)[:_LINE_PARTS])


def _semver_key(version: str) -> tuple[Any, ...] | None:
    found = _SEMVER.fullmatch(version)
    if found is None:
        return None
    numbers = tuple(int(part) for part in found.groups()[:3])
    if found[4] is None:
        return (*numbers, 1, ())
    # Numeric identifiers come before the others, and compare as numbers.
    parts = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in found[4].split("."))
    return (*numbers, 0, parts)
