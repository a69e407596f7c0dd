"""The holdout tasks of a review, for those who run it: why each was taken, and when it was spent."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpRequest

from clearinghouse.api.operations import actor_in, reads
from clearinghouse.api.reviews import _checked, router
from clearinghouse.api.schemas import Given
from clearinghouse.core.errors import NotFound
from clearinghouse.core.roles import Scope
from clearinghouse.reviews import holdout as room


class HoldoutTask(Given):
    """One holdout task. `case` is the key of the case that it was made of."""

    name: str
    family: str
    preference: int
    why: str
    case: str
    suite: str
    spent_at: datetime | None


class HoldoutTasks(Given):
    """Those of a review, suite by suite."""

    items: list[HoldoutTask]


@reads(router, "/reviews/{review}/holdout", scope=Scope.REVIEWS_READ, gives=HoldoutTasks)
def list_holdout(request: HttpRequest, review: str) -> HoldoutTasks:
    """List a review's holdout tasks: why each was taken, and when it was spent; for those who run the review."""
    found = room.holdout(_checked(review), actor=actor_in(request))
    if found is None:
        raise NotFound("no review")
    return HoldoutTasks(items=[HoldoutTask.model_validate(one) for one in found])
