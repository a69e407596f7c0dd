from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from clearinghouse.cases import participants
from clearinghouse.cases.models import Case, CaseState, Membership, Participant
from clearinghouse.cases.participants import cover_all
from clearinghouse.core.protocol.consent import Consent
from clearinghouse.core.protocol.embargo import Embargo
from clearinghouse.core.roles import CaseRole, Tlp
from clearinghouse.journal import queries as journal
from clearinghouse.proofs.models import Proof
from clearinghouse.registry.services import know_finder
from tests.intake.factories import START, House, house
from tests.proofs.factories import Sketch
from tests.proofs.simulator import Bug

pytestmark = pytest.mark.django_db
ENDS = datetime(2027, 1, 20, 12, 0, tzinfo=UTC)


def part_of(case: Case) -> dict[str, Consent]:
    """Who takes part in a case, by name, and where each stands."""
    return {row.party.name: Consent(row.consent) for row in case.participants.select_related("party")}


def hold_back(case: Case, ends_at: datetime = ENDS, *signatories: str) -> None:
    """Put an embargo in force; those named have signed it."""
    case.embargo, case.ends_at = Embargo.ACTIVE, ends_at
    case.save()
    case.participants.update(consent=Consent.INVITED)
    for row in Participant.objects.filter(case=case, party__name__in=signatories):
        row.consent = Consent.SIGNATORY
        row.save()
        cover_all(row)


def two_sides() -> tuple[House, Case, Case]:
    """Two bugs in one function, told apart by their fixes, each with its finder."""
    clearing = house(
        alpha=Bug("gizmo.core:load", ranges=(("0", "1.5"),)), beta=Bug("gizmo.core:load", ranges=(("0", "1.6"),))
    )
    clearing.send(Sketch("alpha", fixed="1.5"), finder="Lab One")
    clearing.send(Sketch("beta", fixed="1.6", words="other"), finder="Lab Two")
    clearing.work()
    first, second = Case.objects.order_by("pk")
    return clearing, first, second


def test_whose_report_is_attached_takes_part_as_its_finder() -> None:
    clearing = house(alpha=Bug("gizmo.core:load"))
    clearing.send(Sketch("alpha"), finder="Lab One")
    clearing.send(Sketch("alpha"), finder="Lab Two")
    clearing.send(Sketch("gamma", words="nothing"), finder="Lab Three")
    clearing.work()
    (case,) = Case.objects.all()
    assert part_of(case) == {"Lab One": Consent.NO_EMBARGO, "Lab Two": Consent.NO_EMBARGO}
    assert {tuple(row.roles) for row in case.participants.all()} == {("finder", "reporter")}
    assert case.tlp == Tlp.AMBER
    assert len(case.key) == 32


def test_a_finder_that_comes_under_an_embargo_is_invited_and_no_more() -> None:
    clearing = house(alpha=Bug("gizmo.core:load"))
    clearing.send(Sketch("alpha"), finder="Lab One")
    clearing.work()
    (case,) = Case.objects.all()
    hold_back(case, ENDS, "Lab One")
    clearing.send(Sketch("alpha", words="again"), finder="Lab Two")
    clearing.work()
    assert part_of(case) == {"Lab One": Consent.SIGNATORY, "Lab Two": Consent.INVITED}
    late = case.participants.get(party__name="Lab Two")
    assert not late.covers.exists()


def move(before: Case, case: Case) -> None:
    """What the matcher does when it finds that the proofs of two cases are one bug."""
    Membership.objects.filter(case=before).update(case=case)
    participants.merge(before, case, at=START)
    case.refresh_from_db()


def test_a_merge_carries_everyone_over_and_widens_no_signature() -> None:
    _, first, second = two_sides()
    hold_back(first, ENDS, "Lab One")
    hold_back(second, ENDS - timedelta(days=7), "Lab Two")
    move(second, first)
    assert part_of(first) == {"Lab One": Consent.SIGNATORY, "Lab Two": Consent.SIGNATORY}
    covers = {row.party.name: set(row.covers.all()) for row in first.participants.all()}
    assert covers == {"Lab One": {first}, "Lab Two": {second}}
    assert first.ends_at == ENDS - timedelta(days=7)


def test_a_merge_brings_the_embargo_along_and_invites_those_who_had_none() -> None:
    _, first, second = two_sides()
    hold_back(second, ENDS, "Lab Two")
    second.tlp = Tlp.RED
    move(second, first)
    assert (first.embargo, first.ends_at, first.tlp) == (Embargo.ACTIVE, ENDS, Tlp.RED)
    assert part_of(first) == {"Lab One": Consent.INVITED, "Lab Two": Consent.SIGNATORY}


def test_a_published_case_takes_no_embargo_on() -> None:
    _, first, second = two_sides()
    first.state, first.tlp = CaseState.PUBLISHED, Tlp.CLEAR
    first.save()
    hold_back(second, ENDS, "Lab Two")
    move(second, first)
    assert (first.embargo, first.tlp) == (Embargo.NONE, Tlp.CLEAR)
    # Who is only a finder of what joined later reads its own and what is public, as if its report had come then.
    assert part_of(first) == {"Lab One": Consent.NO_EMBARGO}


def test_a_split_takes_along_whom_it_concerns_and_leaves_other_finders_behind() -> None:
    clearing = house(alpha=Bug("gizmo.core:load"))
    for name, words in (("Lab One", "first"), ("Lab Two", "second")):
        clearing.send(Sketch("alpha", words=words), finder=name)
    clearing.work()
    (case,) = Case.objects.all()
    vendor = know_finder("Vendor", at=START)
    case.participants.create(party=vendor, roles=[CaseRole.VENDOR], invited_at=START, invited_by="coordinator")
    hold_back(case, ENDS, "Lab One", "Lab Two", "Vendor")
    apart = Case.objects.create(public_id="CLH-2026-00009", opened_at=START, package=case.package, title="apart")
    Membership.objects.filter(proof=Proof.objects.order_by("pk").last()).update(case=apart)
    participants.split(case, apart, at=START)
    apart.refresh_from_db()
    assert part_of(case) == {"Lab One": Consent.SIGNATORY, "Vendor": Consent.SIGNATORY}
    assert part_of(apart) == {"Lab Two": Consent.SIGNATORY, "Vendor": Consent.SIGNATORY}
    assert (apart.embargo, apart.ends_at) == (Embargo.ACTIVE, ENDS)


def test_who_came_and_went_is_in_the_journal() -> None:
    _, first, second = two_sides()
    move(second, first)
    bodies = [(e.kind, e.body.get("party")) for e in journal.entries(f"case/{first.public_id}")]
    assert [body for body in bodies if body[1]] == [
        ("participant joined", "lab-one"),
        ("participant joined", "lab-two"),
    ]
