"""What an embargo's terms may say, and which of several hold. Every instant is an aware one in UTC, handed in.

Terms always have an end. What counts from a fact that never comes ends at a backstop, counted from the report: an
embargo without an end would hide a bug for ever.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from clearinghouse.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST = timedelta(days=366)  # of any one length; what needs longer is revised as it goes
BACKSTOP = timedelta(days=90)  # after the report, for what counts from a fact that has not come


class Anchor(StrEnum):
    """What the length of an embargo counts from."""

    REPORT = "report"
    VENDOR_AWARE = "vendor aware"
    FIX_READY = "fix ready"
    DATE = "date"  # a fixed instant; nothing is counted


@dataclass(frozen=True, slots=True)
class Anchors:
    """When the things happened that terms count from: the first report, the first vendor, the first fix."""

    report: datetime
    vendor_aware: datetime | None = None
    fix_ready: datetime | None = None

    def __post_init__(self) -> None:
        for name in ("report", "vendor_aware", "fix_ready"):
            if (moment := getattr(self, name)) is not None:
                object.__setattr__(self, name, utc(moment))


@dataclass(frozen=True, slots=True)
class Terms:
    """When an embargo ends: a length after an anchor, or a fixed instant (`until`, anchor `date`).

    Raises InvalidInput for lengths below nothing or above a year, instants without a zone, and what does not fit the
    anchor.
    """

    anchor: Anchor
    length: timedelta = timedelta()
    until: datetime | None = None
    backstop: timedelta = BACKSTOP

    def __post_init__(self) -> None:
        for name, length in (("length", self.length), ("backstop", self.backstop)):
            if not timedelta() <= length <= LONGEST:
                raise InvalidInput(
                    f"embargo terms: {name} is {length}", advice=f"give between 0 and {LONGEST.days} days"
                )
        if self.anchor in {Anchor.REPORT, Anchor.DATE}:
            object.__setattr__(self, "backstop", BACKSTOP)  # it has no meaning there, so that it tells no two apart
        elif not self.backstop:
            raise InvalidInput(
                "embargo terms: no backstop", advice=f'for no embargo, use "{Anchor.REPORT}" and no length'
            )
        if (self.anchor is Anchor.DATE) != (self.until is not None):
            raise InvalidInput(
                f"embargo terms: anchor {self.anchor} with{'' if self.until else 'out'} an instant",
                advice='an instant goes with the anchor "date", a length with every other',
            )
        if self.until is not None:
            if self.length:
                raise InvalidInput("embargo terms: an instant and a length", advice="give one of them")
            object.__setattr__(self, "until", utc(self.until))

    @property
    def public(self) -> bool:
        """Whether these terms ask for no embargo at all."""
        return self.anchor is Anchor.REPORT and not self.length

    def __str__(self) -> str:
        if self.until is not None:
            return f"until {self.until:%Y-%m-%d %H:%M} UTC"
        if self.public:
            return "public at once"
        if self.anchor is Anchor.REPORT:
            return f"{_words(self.length)} after the report"
        counted = f"{_words(self.length)} after {_SPELLED[self.anchor]}"
        return f"{counted}, at the latest {_words(self.backstop)} after the report if that does not come"


_SPELLED = MappingProxyType({Anchor.VENDOR_AWARE: "a vendor knows", Anchor.FIX_READY: "a fix is ready"})


def _words(length: timedelta) -> str:
    return f"{length.days} day{'s' if length.days != 1 else ''}" if length.seconds == 0 else str(length)


class Preset(StrEnum):
    """Terms that the field has names for."""

    NINETY_THIRTY = "90+30"
    FORTY_FIVE = "45"
    DISTROS = "distros-14"
    AFTER_FIX = "7-after-fix"
    AI_FOUND_PUBLIC = "ai-found-public"


PRESETS: Mapping[Preset, Terms] = MappingProxyType(
    {
        # A fix within 90 days buys its users 30 more to install it; none within them, and the wait is over.
        Preset.NINETY_THIRTY: Terms(Anchor.FIX_READY, timedelta(days=30), backstop=timedelta(days=90)),
        Preset.FORTY_FIVE: Terms(Anchor.REPORT, timedelta(days=45)),
        Preset.DISTROS: Terms(Anchor.REPORT, timedelta(days=14)),
        Preset.AFTER_FIX: Terms(Anchor.FIX_READY, timedelta(days=7)),
        # What one machine found others find: some projects treat it as known.
        Preset.AI_FOUND_PUBLIC: Terms(Anchor.REPORT),
    }
)


def utc(moment: datetime) -> datetime:
    """The same instant in UTC; raises InvalidInput where the zone is missing."""
    if moment.utcoffset() is None:
        raise InvalidInput(f"{moment.isoformat()} has no time zone", advice="write 2026-12-01T14:00+00:00")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise InvalidInput(f"{moment.isoformat()} is out of range", advice="write a year of this century") from None


def ends_at(terms: Terms, anchors: Anchors) -> datetime:
    """The instant at which an embargo on these terms ends, as far as is known now.

    It moves only when the anchor's fact comes. A fact that comes after the backstop comes too late to move it.
    """
    if terms.until is not None:
        return terms.until
    if terms.anchor is Anchor.REPORT:
        return anchors.report + terms.length
    last = anchors.report + terms.backstop
    happened = anchors.vendor_aware if terms.anchor is Anchor.VENDOR_AWARE else anchors.fix_ready
    return last if happened is None or happened > last else happened + terms.length


def check_new(terms: Terms, anchors: Anchors, now: datetime) -> Terms:
    """These terms, if they may be proposed now; raises InvalidInput when they are over or end a year ahead or more."""
    end = ends_at(terms, anchors)
    if not terms.public and end <= utc(now):
        raise InvalidInput(f"these terms ended {end:%Y-%m-%d %H:%M} UTC", advice="propose an end that is to come")
    if end - utc(now) > LONGEST:
        raise InvalidInput(
            f"these terms end {end:%Y-%m-%d}, more than {LONGEST.days} days ahead",
            advice="propose an earlier end, and revise it when the time comes",
        )
    return terms


def terms_document(terms: Terms) -> dict[str, str | int]:
    """The terms as JSON: anchor, and `until` (ISO 8601, UTC) or `length` and `backstop` in seconds."""
    if terms.until is not None:
        return {"anchor": str(terms.anchor), "until": terms.until.isoformat()}
    seconds = {"length": int(terms.length.total_seconds())}
    if terms.anchor is not Anchor.REPORT:
        seconds["backstop"] = int(terms.backstop.total_seconds())
    return {"anchor": str(terms.anchor), **seconds}


def terms_from(document: Mapping[str, object]) -> Terms:
    """The terms out of their JSON; raises InvalidInput that names the key."""
    if unknown := sorted(set(document) - {"anchor", "until", "length", "backstop"}):
        raise InvalidInput(f"embargo terms: unknown key {unknown[0]!r}", advice="anchor, until, length, backstop")
    try:
        anchor = Anchor(str(document.get("anchor", "")))
    except ValueError:
        raise InvalidInput("embargo terms: anchor is none of ours", advice=f"one of {', '.join(Anchor)}") from None
    until = document.get("until")
    if until is None:
        length = _seconds(document, "length", timedelta())
        return Terms(anchor, length, backstop=_seconds(document, "backstop", BACKSTOP))
    try:
        moment = datetime.fromisoformat(str(until))
    except ValueError:
        raise InvalidInput("embargo terms: until is no instant", advice="write 2026-12-01T14:00+00:00") from None
    return Terms(anchor, _seconds(document, "length", timedelta()), until=moment)


def _seconds(document: Mapping[str, object], key: str, default: timedelta) -> timedelta:
    value = document.get(key)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LONGEST.total_seconds():
        raise InvalidInput(f"embargo terms: {key} is no number of seconds", advice="a whole number, at most a year")
    return timedelta(seconds=value)
