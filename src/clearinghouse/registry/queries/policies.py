"""What parties publish about how they want to be dealt with."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from clearinghouse.core.protocol.embargo_terms import LONGEST, Anchor, Terms
from clearinghouse.registry.models import Membership, Organisation

if TYPE_CHECKING:
    from collections.abc import Iterable


def embargo_defaults(parties: Iterable[str]) -> dict[str, Terms]:
    """The default terms that organisations among these parties (keys) publish, by key; those that publish none lack."""
    found = Organisation.objects.filter(party__key__in=list(parties), embargo_days__isnull=False)
    return {
        one.party.key: Terms(Anchor.REPORT, min(timedelta(days=one.embargo_days or 0), LONGEST))
        for one in found.select_related("party")
    }


def bodies(parties: Iterable[str]) -> dict[str, frozenset[str]]:
    """What each of these parties (keys) belongs to, itself included: two that share anything are not independent."""
    keys = list(parties)
    found = {key: {key} for key in keys}
    rows = Membership.objects.filter(person__party__key__in=keys)
    for person, organisation in rows.values_list("person__party__key", "organisation__party__key"):
        found[person].add(organisation)
    return {key: frozenset(both) for key, both in found.items()}
