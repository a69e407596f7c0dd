"""The verbs of coordination that are killed at each of their statements; each begins with a case and its finder."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from clearinghouse.cases import services as cases
from clearinghouse.cases.models import Case
from clearinghouse.core.protocol.case_facts import Fact
from clearinghouse.core.protocol.embargo_terms import Anchor, Terms
from clearinghouse.core.roles import CaseRole, OrganisationKind
from clearinghouse.core.visibility import LOCAL
from clearinghouse.proofs.models import Proof
from clearinghouse.registry import services as registry
from tests.proofs.factories import Sketch

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.intake.factories import House

FIRST, SECOND, VENDOR = "CLH-2026-00001", "CLH-2026-00002", "vendor-one"


def begun(house: House) -> None:
    """Two cases, and a vendor that takes part in none."""
    for words, finder in (("alpha", "Lab One"), ("beta", "Lab Two")):
        house.send(Sketch(words, words=words, fixed="1.5" if words == "alpha" else "1.6"), finder=finder)
        house.work()
    registry.create_organisation("Vendor One", OrganisationKind.MAINTAINER, actor=LOCAL, at=house.clock())


def held(house: House) -> None:
    """Both under an embargo of thirty days, with the vendor invited to the first."""
    begun(house)
    for case in (FIRST, SECOND):
        at = house.clock()
        cases.propose_embargo(case, Terms(Anchor.DATE, until=at + timedelta(days=30)), actor=LOCAL, at=at)
        cases.decide_embargo(case, accept=True, actor=LOCAL, at=at)
    cases.invite(FIRST, VENDOR, [CaseRole.VENDOR], actor=LOCAL, at=house.clock())


def merged(house: House) -> None:
    held(house)
    merge(house)


def sign(house: House) -> None:
    cases.answer_invitation(FIRST, yes=True, actor=LOCAL, at=house.clock(), party=VENDOR)


def leak(house: House) -> None:
    cases.state_fact(FIRST, Fact.EXPLOIT, actor=LOCAL, at=house.clock())


def merge(house: House) -> None:
    cases.merge_cases(SECOND, FIRST, because="one bug", actor=LOCAL, at=house.clock())


def split(house: House) -> None:
    brought = Proof.objects.get(membership__brought_to=Case.objects.get(public_id=SECOND))
    cases.split_case(FIRST, [brought.bundle_id], because="two bugs", actor=LOCAL, at=house.clock())


# What it is called, the verb, what comes before it, and whether a second call changes nothing.
CALLS: list[tuple[str, Callable[[House], None], Callable[[House], None], bool]] = [
    ("sign an embargo", sign, held, True),
    ("state a fact that ends an embargo", leak, held, True),
    ("merge two cases", merge, held, False),
    ("split a case", split, merged, False),
]
