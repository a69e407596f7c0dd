"""A person's word on whether two proofs are one bug: kept beside what the matcher judges, and stronger than it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from django.db.models import Q

from clearinghouse.cases.models import Pair
from clearinghouse.core.matching import Evidence, Relation, Strength

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from clearinghouse.proofs.models import Proof

RULING = "ruling"  # the matcher of pairs that a person decided


def keep_ruling(a: Proof, b: Proof, *, same: bool, by: str, because: str, at: datetime) -> None:
    """A person's word that two proofs are one bug, or two; it replaces an earlier one and outlives every new proof."""
    left, right = sorted((a, b), key=lambda proof: proof.bundle_id)
    line = Evidence("ruling", because, f"{RULING} by {by}", Strength.DECIDES if same else Strength.CONTRADICTS)
    relation = Relation.SAME if same else Relation.DIFFERENT
    fields = {"relation": relation, "evidence": [asdict(line)], "judged_at": at}
    Pair.objects.update_or_create(left=left, right=right, matcher=RULING, defaults=fields)


def ruled_the_same(proofs: Iterable[Proof]) -> set[int]:
    """The proofs that a person said are one bug with any of these."""
    ids = [proof.pk for proof in proofs]
    ruled = Pair.objects.filter(matcher=RULING, relation=Relation.SAME)
    found = ruled.filter(Q(left__in=ids) | Q(right__in=ids)).values_list("left_id", "right_id")
    return {one for pair in found for one in pair}


def of(proofs: Iterable[Proof]) -> dict[frozenset[str], bool]:
    """What people said of pairs among these proofs, by their bundle ids: True for one bug, False for two."""
    ids = [proof.pk for proof in proofs]
    ruled = Pair.objects.filter(matcher=RULING, left__in=ids, right__in=ids).select_related("left", "right")
    return {frozenset({one.left.bundle_id, one.right.bundle_id}): one.relation == Relation.SAME for one in ruled}
