"""Notices that independent finders met in a case under embargo: what two found, others will find."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clearinghouse.cases.docket import HOUSE, Docket
from clearinghouse.core.protocol.collisions import COLLISION, independent_finders
from clearinghouse.core.protocol.embargo_proposals import shortened_for_another_finder
from clearinghouse.core.report import ReportState
from clearinghouse.core.visibility import Actor
from clearinghouse.intake.models import Report
from clearinghouse.registry.queries import bodies

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from clearinghouse.cases.models import Case

COLLISIONS = Actor("collisions")  # the actor of what no person did


def independent_in(case: Case) -> int:
    """How many found the case's bug independently: parties that share no organisation, counted by their reports."""
    attached = Report.objects.filter(state=ReportState.ATTACHED, proof__membership__case=case)
    return independent_among(attached.values_list("finder__key", flat=True))


def independent_among(finders: Iterable[str]) -> int:
    """How many of these parties, by their keys, share no organisation with another."""
    return independent_finders(_by_circle(sorted(set(finders))))


def notice(case: Case, *, at: datetime) -> None:
    """When a second independent finder meets an embargo, propose a shorter one, once; the priority rises with it.

    Call inside the transaction that attached the report or merged the cases, before the case is ranked.
    """
    from clearinghouse.cases.services.embargo import submit  # noqa: PLC0415  # the verbs import what notices

    docket = Docket(case, COLLISIONS, at)
    if not docket.now.embargo.in_force or case.collided_at is not None or independent_in(case) < COLLISION:
        return
    case.collided_at = at
    case.save(update_fields=["collided_at"])
    docket.note("finders collided", independent=independent_in(case))
    terms = shortened_for_another_finder(case.ends_at, at) if case.ends_at else None
    if terms is not None:
        submit(docket, HOUSE, terms, because="another finder found it independently; others will", decided=True)


def _by_circle(finders: Iterable[str]) -> list[tuple[str, str | None]]:
    """Each finder with the first of those it is linked to by shared organisations, over however many of them."""
    belongs = bodies(finders)
    circles: list[set[str]] = []
    for finder in belongs:
        linked = [circle for circle in circles if circle & belongs[finder]]
        circles = [circle for circle in circles if circle not in linked]
        circles.append(set(belongs[finder]).union(*linked))
    return [(finder, next(min(circle) for circle in circles if finder in circle)) for finder in belongs]
