"""Records of crashes without runnable proofs, grouped by what is known before a fix: a guess, never a merge."""

from __future__ import annotations

from clearinghouse.core.clustering.groups import grouped
from clearinghouse.core.clustering.records import BugRecord, parse_record

__all__ = ["BugRecord", "grouped", "parse_record"]
