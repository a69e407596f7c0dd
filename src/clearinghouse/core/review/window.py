"""When a review's window closes, which is never later than was said, and when people are reminded. Instants are UTC."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from clearinghouse.core.errors import Conflict, InvalidInput

LONGEST = timedelta(days=30)  # Executive Order 14409: access up to 30 days before release to other trusted partners
ANSWER_DAYS = 5  # working days until the lead is reminded that a submission waits
DRAFT_DAYS = 3  # ... that a draft waits to be shown to the developer
COMMENT_DAYS = 5  # working days that the developer has for its comment; silence lets the report be made final
DESTROY_WITHIN = timedelta(hours=24)  # after a review was withdrawn, or expired
REPORT_WITHIN = timedelta(days=90)  # after the window closed; a review without a report by then has expired
_FRIDAY = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """When the developer plans to give the model to others: to trusted partners, to everybody; None where not known."""

    partners: datetime | None = None
    public: datetime | None = None

    @property
    def first(self) -> datetime | None:
        """The earlier of the two."""
        return min((date for date in (self.partners, self.public) if date is not None), default=None)


@dataclass(frozen=True, slots=True)
class Window:
    """While the model may be asked: from `opens`, until just before `closes`."""

    opens: datetime
    closes: datetime

    def holds(self, at: datetime) -> bool:
        """Whether the model may be asked at that instant."""
        return self.opens <= at < self.closes


def window(opens: datetime, planned: Planned) -> Window:
    """The window that opens then: it closes after 30 days, or before, when the model goes to anybody else.

    Raises InvalidInput for an instant without a zone, and where nothing would be left of it.
    """
    for instant in (opens, planned.partners, planned.public):
        if instant is not None and instant.utcoffset() is None:
            raise InvalidInput(f"{instant} has no zone", advice="give it in UTC, as 2026-06-02T12:00:00Z")
    closes = min(opens + LONGEST, planned.first or opens + LONGEST)
    if closes <= opens:
        raise InvalidInput(
            f"the window would open {_utc(opens)} and close {_utc(closes)}, when the model goes to others",
            advice="open it before the earlier of the planned releases",
        )
    return Window(opens, closes)


def moved(current: Window, planned: Planned) -> Window:
    """The window once the developer plans otherwise: an earlier release closes it earlier, a later one changes nothing.

    The end is never before the start.
    """
    closes = min(current.closes, planned.first or current.closes)
    return Window(current.opens, max(current.opens, closes))


def shortened(current: Window, closes: datetime) -> Window:
    """The window with an earlier end; raises Conflict for a later one: none is ever set."""
    if closes > current.closes:
        raise Conflict(
            f"the window closes {_utc(current.closes)}, not as late as {_utc(closes)}",
            advice="a window is never prolonged; the developer may offer the model for another review",
        )
    return Window(current.opens, max(current.opens, closes))


def working_days(start: datetime, days: int) -> datetime:
    """The same time of day that many working days (Monday to Friday, in UTC) after `start`; 0 is `start` itself."""
    found = start.astimezone(UTC)
    while days > 0:
        found += timedelta(days=1)
        if found.weekday() <= _FRIDAY:
            days -= 1
    return found


def comment_by(shared: datetime) -> datetime:
    """Until when the developer may comment on a report that it was shown then."""
    return working_days(shared, COMMENT_DAYS)


def _utc(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
