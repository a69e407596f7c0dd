"""What a report is, and the states it goes through at machine speed before a person looks at it (a pure table)."""

from __future__ import annotations

import json
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from clearinghouse.core.errors import Conflict
from clearinghouse.core.proof import Verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_REPORT_BYTES = (
    24 * 1024 * 1024
)  # above a bundle's own limit, so that an oversized bundle is still kept and answered
MAX_TEXT_BYTES = 1024 * 1024

_MAGIC = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b", b"\x28\xb5\x2f\xfd")  # zip, empty zip, gzip, zstd
_ARCHIVES = (".tar", ".tar.gz", ".tgz", ".tar.zst", ".zip")


class ReportKind(StrEnum):
    """What the bytes of a report look like."""

    PROOF = "proof"  # an archive that should hold a proof bundle
    SARIF = "sarif"
    TEXT = "text"  # prose or Markdown
    OTHER = "other"  # nothing we can read; kept all the same


class ReportState(StrEnum):
    """Where a report stands."""

    RECEIVED = "received"
    SCREENED = "screened"
    PROVING = "proving"
    PROVEN = "proven"
    NOT_REPRODUCED = "not_reproduced"
    INCONCLUSIVE = "inconclusive"  # the proof ran, a person must look
    UNPROVABLE = "unprovable"  # nothing here can be run
    ATTACHED = "attached"  # part of a case
    PARKED = "parked"  # kept for a person; reaches no maintainer by itself
    RETURNED = "returned"  # back to its finder with the reasons


TRANSITIONS: Mapping[ReportState, frozenset[ReportState]] = MappingProxyType(
    {
        ReportState.RECEIVED: frozenset({ReportState.SCREENED}),
        ReportState.SCREENED: frozenset({ReportState.PROVING, ReportState.UNPROVABLE, ReportState.RETURNED}),
        ReportState.PROVING: frozenset(
            {
                ReportState.PROVEN,
                ReportState.NOT_REPRODUCED,
                ReportState.INCONCLUSIVE,
                ReportState.UNPROVABLE,
                ReportState.RETURNED,
            },
        ),
        ReportState.PROVEN: frozenset({ReportState.ATTACHED}),
        ReportState.NOT_REPRODUCED: frozenset({ReportState.RETURNED}),
        ReportState.INCONCLUSIVE: frozenset({ReportState.PARKED}),
        ReportState.UNPROVABLE: frozenset({ReportState.PARKED}),
        ReportState.PARKED: frozenset({ReportState.ATTACHED, ReportState.RETURNED}),
        ReportState.ATTACHED: frozenset(),
        ReportState.RETURNED: frozenset(),
    },
)

# What a verdict makes of a report. An ineffective fix is a person's business: the claim may well be true.
_PATHS: Mapping[Verdict, tuple[ReportState, ...]] = MappingProxyType(
    {
        **dict.fromkeys(
            (Verdict.PROVEN, Verdict.REPRODUCED, Verdict.DIFFERS),
            (ReportState.PROVEN, ReportState.ATTACHED),
        ),
        **dict.fromkeys(
            (Verdict.NOT_REPRODUCED, Verdict.WRONG_SIGNAL, Verdict.CONTROL_FAILED),
            (ReportState.NOT_REPRODUCED, ReportState.RETURNED),
        ),
        **dict.fromkeys(
            (
                Verdict.FLAKY,
                Verdict.NEEDS_HUMAN,
                Verdict.FIX_INEFFECTIVE,
                Verdict.FIX_BREAKS,
                Verdict.BUILD_FAILED,
                Verdict.INFRA_ERROR,
            ),
            (ReportState.INCONCLUSIVE, ReportState.PARKED),
        ),
        Verdict.UNSUPPORTED: (ReportState.UNPROVABLE, ReportState.PARKED),
        Verdict.INVALID: (ReportState.RETURNED,),
    },
)


def step(current: ReportState, following: ReportState) -> ReportState:
    """`following`, when the table allows it after `current`; raises Conflict otherwise."""
    if following not in TRANSITIONS[current]:
        raise Conflict(f"a report that is {current} cannot become {following}")
    return following


def path_after(verdict: Verdict) -> tuple[ReportState, ...]:
    """The states that a report in `proving` goes through once its proof has `verdict`."""
    return _PATHS[verdict]


def kind_of(content: bytes, name: str = "") -> ReportKind:
    """What the bytes are. Content decides; a name that promises an archive is held to it, so that its sender hears."""
    if content.startswith(_MAGIC) or content[257:262] == b"ustar" or name.lower().endswith(_ARCHIVES):
        return ReportKind.PROOF
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return ReportKind.OTHER
    if "\0" in text:
        return ReportKind.OTHER
    if text.lstrip().startswith("{"):
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            return ReportKind.TEXT
        if isinstance(document, dict) and "runs" in document:
            return ReportKind.SARIF
    return ReportKind.TEXT
