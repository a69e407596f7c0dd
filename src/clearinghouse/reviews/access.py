"""What the visibility rules need to know of a review, and the same rules as conditions on rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Q

from clearinghouse.core.review.seats import OF_THE_HOUSE, PUBLISHED, SHARED, ReviewFacts, ReviewRole, ReviewSeat
from clearinghouse.core.review.states import ReviewState
from clearinghouse.core.roles import SiteRole
from clearinghouse.core.visibility import RULES
from clearinghouse.reviews.models import Appointment, Review

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.db.models import QuerySet

    from clearinghouse.core.visibility import Action, Actor


def seen(review: Review) -> ReviewFacts:
    """A review as `core.visibility.can` asks about it."""
    rows = review.appointments.select_related("party").order_by("id")
    seats = tuple(ReviewSeat(row.party.key, ReviewRole(row.role)) for row in rows)
    return ReviewFacts(ReviewState(review.state), seats)


def visible_to(actor: Actor, action: Action) -> QuerySet[Review]:
    """The reviews with which the actor may do that: the pure rule, said in SQL."""
    rule = RULES[action]
    asks = actor.within(rule.scope)
    if asks.roles & rule.site:
        return Review.objects.all()
    anytime = _seated(asks, rule.review)
    shared = Q(state__in=sorted(SHARED)) & _seated(asks, rule.shared)
    final = Q(state__in=sorted(PUBLISHED)) & _seated(asks, rule.final)
    return Review.objects.filter(anytime | shared | final)


def _seated(actor: Actor, roles: Iterable[ReviewRole]) -> Q:
    outside = sorted(frozenset(roles) - OF_THE_HOUSE)
    found = Q(party__key__in=actor.parties, role__in=outside)
    if SiteRole.EVALUATOR in actor.roles and actor.person is not None:
        found |= Q(party__key=actor.person, role__in=sorted(frozenset(roles) & OF_THE_HOUSE))
    return Q(pk__in=Appointment.objects.filter(found).values("review"))
