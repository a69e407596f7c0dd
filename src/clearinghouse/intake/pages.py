"""Parts of long lists of reports, and where one report stands for whoever holds the key to just that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q

from clearinghouse.core.proof import Verdict
from clearinghouse.core.report import ReportState
from clearinghouse.intake.models import Report
from clearinghouse.intake.queries import ReportRow, row_of, visible_to

if TYPE_CHECKING:
    from datetime import datetime

    from clearinghouse.core.visibility import Actor


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a report stands; nothing of what it says."""

    id: str
    state: ReportState
    reasons: tuple[str, ...]
    received_at: datetime
    closed_at: datetime | None
    verdict: Verdict | None


def page(
    actor: Actor, *, after: tuple[datetime, str] | None, limit: int, state: ReportState | None = None
) -> tuple[ReportRow, ...]:
    """At most `limit` visible reports in order of arrival, those after the one received then and so called."""
    rows = visible_to(actor).select_related("finder", "proof__membership__case").order_by("received_at", "public_id")
    if state is not None:
        rows = rows.filter(state=state)
    if after is not None:
        at, public_id = after
        rows = rows.filter(Q(received_at__gt=at) | Q(received_at=at, public_id__gt=public_id))
    return tuple(row_of(report, actor) for report in rows[:limit])


def standing(public_id: str) -> Standing | None:
    """Where the report stands, for whoever holds its status token: the caller has checked that."""
    found = Report.objects.filter(public_id=public_id).select_related("proof").first()
    if found is None:
        return None
    verdict = found.proof.verdict if found.proof and found.closed_at else ""
    return Standing(
        id=found.public_id,
        state=ReportState(found.state),
        reasons=tuple(found.reasons),
        received_at=found.received_at,
        closed_at=found.closed_at,
        verdict=Verdict(verdict) if verdict else None,
    )
