"""How likely two crash records of one project are one bug, as a dated matcher: its weights never change.

A logistic model over what both records say. The weights of `records-2026-11-24` were fitted on published records of
fuzzed open-source projects whose fixes are known; `bench/cluster.py` fits them again, and tells how such a fit does on
projects that it has not seen. A better fit gets a new name.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clearinghouse.core.clustering.records import BugRecord

MATCHER = "records-2026-11-24"
FEATURES = (
    "same_regressed", "same_introduced", "days_apart", "builds_overlap", "builds_known",
    "builds_gap", "builds_width", "first_builds_apart", "last_builds_apart", "frames_shared",
    "same_top", "same_target", "same_sanitizer", "same_kind", "same_access",
    "same_size", "same_type", "same_address", "same_both", "within_day",
    "within_week",
)  # fmt: skip
WEIGHTS: tuple[float, ...] = (
    0.645, 1.04, -0.755, -0.403, -2.134, -0.005, 0.208,
    0.847, -1.157, -0.219, 0.758, 0.854, -0.356, 0.438,
    -0.085, -0.148, 0.103, 0.226, -0.412, -0.298, -0.217,
)  # fmt: skip
BIAS = 1.602
_UNKNOWN_DAYS = 999.0
_WEEK = 7.0


def features(one: BugRecord, other: BugRecord) -> tuple[float, ...]:
    """What two records of one project have in common, in the order of `FEATURES`; spans of days as logarithms."""
    same_regressed = bool(one.regressed) and one.regressed == other.regressed
    same_introduced = not one.introduced.isdisjoint(other.introduced)
    apart = _UNKNOWN_DAYS
    if one.reported is not None and other.reported is not None:
        apart = abs(one.reported - other.reported)
    overlap, known, gap, width, first, last = 0.0, 0.0, _UNKNOWN_DAYS, 0.0, _UNKNOWN_DAYS, _UNKNOWN_DAYS
    if one.builds is not None and other.builds is not None:
        (a, b), (c, d) = one.builds, other.builds
        gap = max(a, c) - min(b, d)
        overlap, known = float(gap <= 0), 1.0
        width, first, last = max(b - a, d - c), abs(a - c), abs(b - d)
    return (
        float(same_regressed),
        float(same_introduced),
        math.log1p(apart),
        overlap,
        known,
        math.log1p(max(gap, 0.0)),
        math.log1p(max(width, 0.0)),
        math.log1p(first),
        math.log1p(last),
        float(len(set(one.state) & set(other.state))),
        float(bool(one.state and other.state) and one.state[0] == other.state[0]),
        float(one.target == other.target),
        float(one.sanitizer == other.sanitizer),
        float(one.kind == other.kind),
        float(one.access == other.access),
        float(one.size == other.size),
        float((one.kind, one.access, one.size) == (other.kind, other.access, other.size)),
        float(bool(one.address) and one.address == other.address),
        float(same_regressed and same_introduced),
        float(apart < 1.0),
        float(apart < _WEEK),
    )


def likeness(one: BugRecord, other: BugRecord) -> float:
    """The chance, from 0 to 1, that two records of one project are one bug."""
    score = BIAS + sum(weight * value for weight, value in zip(WEIGHTS, features(one, other), strict=True))
    return 1.0 / (1.0 + math.exp(-min(max(score, -60.0), 60.0)))
