"""Read what was published."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clearinghouse.advisories.models import Advisory

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class AdvisoryView:
    """A published advisory; `document` is the OSV record as written."""

    id: str
    case_id: str
    title: str
    published_at: datetime
    published_by: str
    document: dict[str, Any]


def advisories() -> tuple[AdvisoryView, ...]:
    """Everything published, newest first; public by nature."""
    return tuple(_view(row) for row in Advisory.objects.select_related("case").order_by("-published_at", "-id"))


def advisory(case_id: str) -> AdvisoryView | None:
    """The advisory of a case, or None."""
    row = Advisory.objects.select_related("case").filter(case__public_id=case_id).first()
    return _view(row) if row else None


def _view(row: Advisory) -> AdvisoryView:
    document = json.loads(row.text)
    return AdvisoryView(
        id=row.public_id,
        case_id=row.case.public_id,
        title=row.case.title,
        published_at=row.published_at,
        published_by=row.published_by,
        document=document,
    )
