"""Which cases give holdout tasks to a review: tasks that the model cannot have learnt. Pure, and in a fixed order.

Nobody's consent is needed for what is public, and nothing under embargo is lost by it: so what was disclosed a short
time ago, after the model's cut-off, goes first. Then come cases that are not public though a release has the fix, and
last, for models that the house runs itself, those without one.
"""

from __future__ import annotations

import hashlib
import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import IntEnum
from typing import TYPE_CHECKING, Final

from clearinghouse.core.review.guards import Access
from clearinghouse.core.review.use import ReviewUse
from clearinghouse.core.typed_json import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FRESH: Final = timedelta(days=30)  # since its disclosure, a weakness still counts as newly public
_DATE = re.compile(r"\b(20\d\d)-(0[1-9]|1[0-2])(?:-(0[1-9]|[12]\d|3[01]))?\b")


class Preference(IntEnum):
    """The order in which cases are taken."""

    FRESH = 1  # fixed, and disclosed days ago, after the model's cut-off
    FIXED = 2  # not public, but a release has the fix
    UNFIXED = 3  # not public, no release has the fix


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A case as the choice sees it; `case` is its opaque key, `project` its package.

    `disclosed`: when it became public, None while it is not. `proven`: one of its proofs stands and may be used.
    `fixed`: that proof names a release that has the fix. `use`: what it may be used for before it is public. `burnt`:
    it was shown to a model of this submitter before. `known`: the submitter takes part in it, or may read it.
    """

    case: str
    project: str
    disclosed: datetime | None = None
    proven: bool = True
    fixed: bool = True
    use: ReviewUse = ReviewUse.NO
    burnt: bool = False
    known: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """The review that wants tasks: how its model is reached, its cut-off as far as the card dates it, and when."""

    access: Access
    cutoff: date | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """A case that gives a task, and why it stands where it does."""

    case: str
    preference: Preference
    why: str


@dataclass(frozen=True, slots=True)
class Choice:
    """What was taken, in order, and how many cases each reason left out."""

    taken: tuple[Taken, ...]
    left_out: Mapping[str, int]


def cutoff_of(words: str) -> date | None:
    """The latest date that a card's words on its cut-off hold; of a month, its last day. None: they hold none."""
    found = []
    for year, month, day in _DATE.findall(words):
        last = monthrange(int(year), int(month))[1]
        found.append(date(int(year), int(month), min(int(day or last), last)))
    return max(found, default=None)


def choose(candidates: Iterable[Candidate], asking: Asking, most: int | None = None) -> Choice:
    """Take at most that many cases, the preferred first; within a preference project by project. Same in, same out."""
    fit: list[tuple[Candidate, Taken]] = []
    left_out: dict[str, int] = {}
    for one in sorted(candidates, key=lambda one: one.case):
        found = _place(one, asking)
        if isinstance(found, str):
            left_out[found] = left_out.get(found, 0) + 1
        else:
            fit.append((one, found))
    turns: dict[tuple[Preference, str], int] = {}
    order: list[tuple[int, int, str, Taken]] = []
    for one, taken in fit:
        turn = turns[taken.preference, one.project] = turns.get((taken.preference, one.project), 0) + 1
        order.append((taken.preference, turn, one.case, taken))
    kept = [taken for *_, taken in sorted(order, key=lambda item: item[:3])]
    spare = len(kept[most:]) if most is not None else 0
    if spare:
        left_out["there are as many as were asked for"] = spare
    return Choice(tuple(kept[:most]), left_out)


def still_fits(one: Candidate, asking: Asking) -> str | None:
    """Why a case that was taken may be shown no more; None while it may."""
    found = _place(one, asking)
    return found if isinstance(found, str) else None


def reaches(use: ReviewUse, access: Access) -> bool:
    """Whether that consent is enough for a model that is reached that way."""
    return use is ReviewUse.ENDPOINT or (use is ReviewUse.WEIGHTS and access is Access.WEIGHTS)


def choice_digest(taken: Iterable[tuple[str, str, int, str]]) -> str:
    """SHA-256, in hexadecimal, of which task (its name, its bundle) was taken as what and why."""
    return hashlib.sha256(canonical([list(one) for one in taken])).hexdigest()


def _place(one: Candidate, asking: Asking) -> Taken | str:
    """Where a case stands, or why it is left out."""
    rules = (
        (asking.access is Access.SELF_OPERATED, "a developer that runs the agents itself is given no holdout task"),
        (one.burnt, "it was shown to a model of this submitter before"),
        (one.known, "the submitter takes part in it, or may read it"),
    )
    for holds, why in rules:
        if holds:
            return why
    found = _public(one, one.disclosed, asking) if one.disclosed is not None else _held(one, asking)
    return "none of its proofs stands and may be used" if isinstance(found, Taken) and not one.proven else found


def _public(one: Candidate, disclosed: datetime, asking: Asking) -> Taken | str:
    day = disclosed.astimezone(UTC).date()
    if asking.cutoff is None:
        return "it is public, and the card gives no date for the model's cut-off"
    if day <= asking.cutoff:
        return "it was public before the model's cut-off"
    if asking.at - disclosed > FRESH:
        return f"it has been public for more than {FRESH.days} days"
    if one.proven and not one.fixed:
        return "it is public, and no release has the fix"
    return Taken(one.case, Preference.FRESH, f"disclosed {day}, after the model's cut-off of {asking.cutoff}")


def _held(one: Candidate, asking: Asking) -> Taken | str:
    if not reaches(one.use, asking.access):
        return "it is not public, and nobody lets it be used for this"
    if one.fixed or not one.proven:
        return Taken(one.case, Preference.FIXED, "not public, and a release has the fix")
    if asking.access is not Access.WEIGHTS:
        return "it is not public, no release has the fix, and the model is not run by the house"
    return Taken(one.case, Preference.UNFIXED, "not public, without a fix, for a model that the house runs itself")
