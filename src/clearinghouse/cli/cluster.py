"""`clearinghouse cluster`: crash records without runnable proofs on stdin, the group of each on stdout."""

from __future__ import annotations

import json
import sys
from typing import Any

from clearinghouse.cli.output import put
from clearinghouse.core.clustering import BugRecord, grouped, parse_record
from clearinghouse.core.errors import InvalidInput


def cluster() -> None:
    """Read JSON lines of crash records on stdin; print {"id","group"} for each, in their order.

    Fields read: id, project, target (or fuzz_target), sanitizer, crash_type, crash_address, crash_state, reported,
    regressed, introduced (or introduced_osv); missing ones are unknown. A group is named by its first record. It is a
    guess from what is known before a fix, and merges nothing. Exit code: 65 if a line is no such record, and nothing is
    printed then, else 0.
    """
    records: list[BugRecord] = []
    seen: dict[str, int] = {}
    for number, line in enumerate(sys.stdin.buffer, start=1):
        if not line.strip():
            continue
        record = _record(line, number)
        if record.id in seen:
            raise InvalidInput(
                f"stdin, line {number}: the id {record.id!r} is line {seen[record.id]}'s",
                advice="Give each record an id of its own.",
            )
        seen[record.id] = number
        records.append(record)
    for name, group in grouped(records).items():
        put({"id": name, "group": group})


def _record(line: bytes, number: int) -> BugRecord:
    """The record of a line."""
    try:
        raw: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(f"stdin, line {number}: not JSON: {error}", advice="Give one record a line.") from None
    if not isinstance(raw, dict):
        raise InvalidInput(f"stdin, line {number}: not an object", advice="Give one record a line.")
    try:
        return parse_record(raw)
    except InvalidInput as error:
        raise InvalidInput(
            f"stdin, line {number}: {error.message}", advice="Mend the field, or leave it out."
        ) from None
