"""What must be so before a review takes a step; each says what is missing, all of it at once. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from clearinghouse.core.errors import Conflict
from clearinghouse.core.review.states import ReviewState, ReviewStep

if TYPE_CHECKING:
    from datetime import datetime

    from clearinghouse.core.review.window import Planned, Window


class Access(StrEnum):
    """How the house reaches the model."""

    ENDPOINT = "endpoint"  # the developer's own server answers; it sees what it is asked
    WEIGHTS = "weights"  # the house runs it, on a machine without a way out
    SELF_OPERATED = "self-operated"  # the developer runs the agents itself; the weakest, and reports say so


CARD_FIELDS = ("summary", "intended_use", "knowledge_cutoff", "safeguards", "contact")


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What the guards look at. People go by their parties' keys; the digests are SHA-256 in hexadecimal, or empty.

    `agreed` are those who said yes to the step that is asked for, in the form that stands now; `terms` is what was
    accepted and `terms_now` what is to be accepted; `due` until when the developer may comment.
    """

    state: ReviewState
    model: str = ""
    card: frozenset[str] = frozenset()
    planned: Planned
    terms: str = ""
    terms_now: str = ""
    has_credential: bool = False
    access: Access = Access.ENDPOINT
    access_tested: bool = False
    budget: bool = False
    window: Window | None = None
    plan: str = ""
    report: str = ""
    commented: bool = False
    due: datetime | None = None
    lead: str | None = None
    second: str | None = None
    agreed: frozenset[str] = frozenset()


def missing(step: ReviewStep, seen: Situation, at: datetime) -> tuple[str, ...]:
    """What is not there yet for that step, in words; empty when nothing is missing. The table of steps is not asked."""
    rules = {
        ReviewStep.SUBMIT: _submit,
        ReviewStep.ACCEPT: _accept,
        ReviewStep.OPEN: _open,
        ReviewStep.START: _start,
        ReviewStep.RESUME: _access,
        ReviewStep.SHARE: _share,
        ReviewStep.FINALISE: _finalise,
    }
    found = rules.get(step)
    return tuple(found(seen, at)) if found else ()


def check(step: ReviewStep, seen: Situation, at: datetime) -> None:
    """Return if nothing is missing for the step; raises Conflict that names everything that is."""
    lacking = missing(step, seen, at)
    if lacking:
        raise Conflict(f'not ready to "{step}": {"; ".join(lacking)}', advice="see to that first")


def two_people(seen: Situation) -> bool:
    """Whether lead and second person, who are not the same, both said yes."""
    return None not in {seen.lead, seen.second} and seen.lead != seen.second and {seen.lead, seen.second} <= seen.agreed


def _submit(seen: Situation, at: datetime) -> list[str]:
    lacking = [f"the card's {name.replace('_', ' ')}" for name in CARD_FIELDS if name not in seen.card]
    if not seen.model:
        lacking.insert(0, "the model's name")
    first = seen.planned.first
    if first is None:
        lacking.append("a planned release, to partners or to the public")
    elif first <= at:
        lacking.append("a planned release that has not happened yet")
    if not seen.terms:
        lacking.append("the terms, accepted")
    elif seen.terms != seen.terms_now:
        lacking.append("the terms as they are now, accepted")
    return lacking


def _accept(seen: Situation, at: datetime) -> list[str]:
    lacking = []
    if seen.lead is None:
        lacking.append("a lead")
    if seen.second is None or seen.second == seen.lead:
        lacking.append("a second person")
    if seen.window is None:
        lacking.append("the day on which the window opens")
    elif seen.window.closes <= at:
        lacking.append("a window that is not over")
    if not seen.budget:
        lacking.append("a budget")
    if not seen.access_tested:
        lacking.append("a test of the access")
    if seen.access is Access.ENDPOINT and not seen.has_credential:
        lacking.append("the credential of the endpoint")
    return lacking


def _open(seen: Situation, at: datetime) -> list[str]:
    if seen.window is None or not seen.window.holds(at):
        return ["the window's time"]
    return []


def _access(seen: Situation, at: datetime) -> list[str]:
    lacking = _open(seen, at)
    if seen.access is Access.ENDPOINT and not seen.has_credential:
        lacking.append("the credential of the endpoint")
    return lacking


def _start(seen: Situation, at: datetime) -> list[str]:
    lacking = _access(seen, at)
    if not seen.plan:
        lacking.append("the analysis plan, signed before the first sample")
    return lacking


def _share(seen: Situation, _at: datetime) -> list[str]:
    return [] if seen.report else ["a report"]


def _finalise(seen: Situation, at: datetime) -> list[str]:
    lacking = _share(seen, at)
    if not seen.commented and (seen.due is None or at < seen.due):
        lacking.append("the developer's comment, or the end of the time that it has for one")
    if not two_people(seen):
        lacking.append("the yes of the lead and of the second person")
    return lacking
