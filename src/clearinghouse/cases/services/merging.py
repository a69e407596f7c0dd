"""Merge two cases, split one: what a coordinator decides about proofs goes before what the evidence says.

Each is journalled in both cases and undone by the other: a split of just what a merge brought opens the case again that
it came from. Neither grants anybody access.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q

from clearinghouse.cases import participants, rearranging, rulings
from clearinghouse.cases.access import no_case
from clearinghouse.cases.docket import Docket, opened
from clearinghouse.cases.models import Case, CaseState
from clearinghouse.cases.services.answers import hold_package, rank
from clearinghouse.cases.services.embargo import terminate
from clearinghouse.core.errors import Conflict, NotFound, UsageError
from clearinghouse.core.protocol.embargo import Embargo
from clearinghouse.core.storable import storable
from clearinghouse.core.visibility import Action, can
from clearinghouse.journal.repeating import repeated

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from clearinghouse.core.visibility import Actor


@repeated
def merge_cases(absorbed: str, into: str, *, because: str, actor: Actor, at: datetime) -> str:
    """Decide that two cases are one bug; the public id of the case that has everything now.

    The earlier end and the stricter label hold; who signed one side is not shown the other side before it signs again.
    Raises Conflict for different packages, and for a published case that would vanish in another.
    """
    reason = _reason(because)
    with transaction.atomic():
        _hold(into, actor)
        with (
            opened(into, actor, Action.REARRANGE, at=at) as kept,
            opened(absorbed, actor, Action.REARRANGE, at=at) as old,
        ):
            case, before = kept.case, old.case
            _may_merge(before, case)
            bundles = list(before.memberships.order_by("proof_id").values_list("proof__bundle_id", flat=True))
            for moved, there in product(before.memberships.all(), case.memberships.all()):
                rulings.keep_ruling(moved.proof, there.proof, same=True, by=actor.name, because=reason, at=at)
            before.memberships.update(case=case, since=at)
            rearranging.merged(before, case, bundles, by=actor.name, at=at, because=reason)
            rank(case, at=at)
        return case.public_id


@repeated
def split_case(case: str, bundles: Iterable[str], *, because: str, actor: Actor, at: datetime) -> str:
    """Decide that these proofs (bundle ids) are another bug than the rest; the public id of the case they are in then.

    That case inherits label, embargo, facts and consents, and those who take part: of the finders only its own. It is
    the one they were merged from, where they are just what it brought. Raises NotFound for proofs of another case,
    UsageError where nothing would move or nothing stay.
    """
    reason, wanted = _reason(because), frozenset(bundles)
    with transaction.atomic():
        _hold(case, actor)
        with opened(case, actor, Action.REARRANGE, at=at) as docket:
            before = docket.case
            leaving = list(before.memberships.filter(proof__bundle_id__in=wanted).select_related("proof"))
            staying = list(before.memberships.exclude(proof__bundle_id__in=wanted).select_related("proof"))
            if missing := sorted(wanted - {one.proof.bundle_id for one in leaving}):
                raise NotFound(f"no proof {missing[0]} in this case", advice="name bundles of the case")
            if not leaving or not staying:
                raise UsageError("a split takes some proofs and leaves some", advice="name bundles of the case")
            apart = _reopened(docket, [one.pk for one in leaving]) or rearranging.open_case(
                [one.proof for one in leaving], by=actor.name, at=at
            )
            for one, other in product(leaving, staying):
                rulings.keep_ruling(one.proof, other.proof, same=False, by=actor.name, because=reason, at=at)
            before.memberships.filter(pk__in=[one.pk for one in leaving]).update(case=apart, since=at)
            went = [one.proof.bundle_id for one in leaving]
            rearranging.split(before, apart, went, by=actor.name, at=at, because=reason)
            apart.refresh_from_db()
            rank(before, at=at)
            rank(apart, at=at)
        return apart.public_id


def _reopened(docket: Docket, leaving: list[int]) -> Case | None:
    """The case that these proofs, and no others, were merged from, open again; None when there is none."""
    for old in Case.objects.select_for_update().filter(merged_into=docket.case, state=CaseState.MERGED).order_by("pk"):
        brought = set(docket.case.memberships.filter(brought_to=old).values_list("pk", flat=True))
        if brought == set(leaving):
            old.state, old.merged_into = CaseState.OPEN, None
            old.save(update_fields=["state", "merged_into"])
            docket.case.messages.filter(brought_to=old).update(case=old)
            if Embargo(old.embargo).in_force and not docket.now.embargo.in_force:
                terminate(Docket(old, docket.actor, docket.at), f"it ended while merged into {docket.case.public_id}")
            participants.narrow(old, docket.case)
            return old
    return None


def _may_merge(before: Case, case: Case) -> None:
    if before.pk == case.pk:
        raise UsageError("a case cannot be merged into itself", advice="name two cases")
    if before.package != case.package:
        raise Conflict(
            f"the cases are about {before.package} and {case.package}", advice="merge cases of one package only"
        )
    if before.state == CaseState.PUBLISHED:
        raise Conflict(f"{before.public_id} is published", advice="merge the other one into it")


def _hold(name: str, actor: Actor) -> None:
    """Wait for the package of that case. Who may not rearrange holds up nobody, and is told nothing by the wait."""
    if not can(actor, Action.REARRANGE):
        raise no_case(name)
    package = Case.objects.filter(Q(public_id=name) | Q(key=name)).values_list("package", flat=True).first()
    if package is not None:
        hold_package(package)


def _reason(because: str) -> str:
    if not because.strip():
        raise UsageError("this needs a reason", advice="say why, for those who read the journal")
    return storable(because.strip(), 2000)
