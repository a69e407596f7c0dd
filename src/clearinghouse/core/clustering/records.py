"""What is known of a crash before anybody fixed it, as trackers of fuzzing services publish it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from clearinghouse.core.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Mapping

_DAY = 86400.0
_ACCESS = frozenset({"READ", "WRITE"})
_WIDE = "{*}"


@dataclass(frozen=True, slots=True)
class BugRecord:
    """One crash record. Instants are in days since 1970, None where unknown.

    `state` holds the frames that name the place, without those that say nothing; `regressed` the span of builds in
    which the crash began, as written, `builds` its two ends; `introduced` the commits that a bisection blames.
    """

    id: str
    project: str
    target: str
    sanitizer: str
    kind: str
    access: str
    size: str
    address: str
    state: tuple[str, ...]
    reported: float | None
    regressed: str
    builds: tuple[float, float] | None
    introduced: frozenset[str]


def parse_record(raw: Mapping[str, Any]) -> BugRecord:
    """A record of a JSON object; `InvalidInput` names the field that is not what it should be.

    Fields that are missing or null are unknown; what only a fix tells (`fix_*`, `fixed_range`, `bug`) is not read.
    """
    kind, access, size = _crash_type(_text(raw, "crash_type"))
    regressed = _text(raw, "regressed")
    return BugRecord(
        id=_text(raw, "id", needed=True),
        project=_text(raw, "project", needed=True),
        target=_text(raw, "fuzz_target") or _text(raw, "target"),
        sanitizer=_text(raw, "sanitizer"),
        kind=kind,
        access=access,
        size=size,
        address=_text(raw, "crash_address"),
        state=tuple(frame for frame in _texts(raw, "crash_state") if frame != "NULL"),
        reported=_instant(raw.get("reported")),
        regressed=regressed,
        builds=_builds(regressed),
        introduced=frozenset(_texts(raw, "introduced_osv") or _texts(raw, "introduced")),
    )


def _text(raw: Mapping[str, Any], name: str, *, needed: bool = False) -> str:
    """A field of text; empty where it is missing."""
    value = raw.get(name)
    if value is None and not needed:
        return ""
    if not isinstance(value, str) or (needed and not value):
        raise InvalidInput(f"{name}: not {'a text' if value is not None else 'there'}")
    return value


def _texts(raw: Mapping[str, Any], name: str) -> list[str]:
    """A field of texts: a list, or a text with a line for each."""
    value = raw.get(name)
    if value is None:
        return []
    if isinstance(value, str):
        return [line for line in value.splitlines() if line]
    if not isinstance(value, list) or not all(isinstance(member, str) for member in value):
        raise InvalidInput(f"{name}: not a list of texts")
    return value


def _crash_type(text: str) -> tuple[str, str, str]:
    """The type's own words, the access, and its size."""
    words = text.split()
    sizes = [word for word in words if word.isdigit() or word == _WIDE]
    access = next((word for word in words if word in _ACCESS), "")
    kind = " ".join(word for word in words if word not in _ACCESS and word not in sizes)
    return kind, access, sizes[-1] if sizes else ""


def _instant(value: object) -> float | None:
    """Days since 1970 of seconds since then, or of an RFC 3339 instant."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, int | float):
        return value / _DAY
    if isinstance(value, str):
        try:
            found = datetime.fromisoformat(value)
        except ValueError:
            raise InvalidInput(f"reported: {value!r} is no instant") from None
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() / _DAY
    raise InvalidInput("reported: neither seconds nor an instant")


def _builds(text: str) -> tuple[float, float] | None:
    """Both ends of a span of builds, `201709070414:201709080414`; one alone is both."""
    first, _, last = text.partition(":")
    ends = _build(first), _build(last or first)
    return (ends[0], ends[1]) if ends[0] is not None and ends[1] is not None else None


def _build(text: str) -> float | None:
    """Days since 1970 of a build's stamp, year to minute; None for anything else, such as a revision."""
    digits = text[:12]
    if len(digits) != len("YYYYMMDDhhmm") or not digits.isdigit():
        return None
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M").replace(tzinfo=UTC).timestamp() / _DAY
    except ValueError:
        return None
