"""Merging, splitting and meeting: nobody is given anything by it, and each is undone by the other."""

from __future__ import annotations

import pytest

from clearinghouse.cases import queries, services
from clearinghouse.cases.access import seen
from clearinghouse.cases.docket import anchors_of, situation_of
from clearinghouse.cases.models import Case, CaseState
from clearinghouse.core.errors import Conflict, NotFound, UsageError
from clearinghouse.core.protocol import moves
from clearinghouse.core.protocol.case_facts import Fact
from clearinghouse.core.protocol.consent import Consent
from clearinghouse.core.protocol.embargo import EMBARGO, Embargo, EmbargoStep
from clearinghouse.core.protocol.embargo_proposals import merged_end
from clearinghouse.core.protocol.embargo_terms import ends_at, terms_from
from clearinghouse.core.roles import CaseRole, Tlp
from clearinghouse.core.visibility import LOCAL, Action, can
from clearinghouse.journal import queries as journal
from clearinghouse.proofs.models import Proof
from clearinghouse.registry.models import Membership, Organisation, Person
from tests.cases.factories import DAY, LAB, VENDOR, Table, days, table
from tests.proofs.factories import Sketch
from tests.proofs.simulator import Bug

pytestmark = pytest.mark.django_db
SECOND = "lab-two"


def two(held: tuple[int | None, int | None] = (90, 30)) -> tuple[Table, Case, Case]:
    """Two cases of one package under embargoes of so many days, each with its finder, the second with a vendor."""
    made = table()
    made.clearing.prover.bugs["beta"] = Bug("gizmo.other:dump")
    made.seat("Lab Two")
    made.clearing.send(Sketch("beta", words="other"), finder="Lab Two")
    made.clearing.work()
    first, second = Case.objects.order_by("pk")
    for case, number in zip((first, second), held, strict=True):
        if number is None:
            continue
        services.propose_embargo(case.public_id, days(number), actor=LOCAL, at=made.now)
        services.decide_embargo(case.public_id, accept=True, actor=LOCAL, at=made.now)
    services.invite(second.public_id, VENDOR, [CaseRole.VENDOR], actor=LOCAL, at=made.now)
    if held[1] is not None:
        services.answer_invitation(second.key, yes=True, actor=made.people[VENDOR], at=made.now)
    return made, Case.objects.get(pk=first.pk), Case.objects.get(pk=second.pk)


def merge(made: Table, second: Case, first: Case) -> None:
    services.merge_cases(second.public_id, first.public_id, because="one bug", actor=LOCAL, at=made.now)


def proofs_read(made: Table, handle: str) -> int:
    actor = made.people[handle]
    found = (queries.case(case.key, actor=actor) for case in Case.objects.exclude(state=CaseState.MERGED))
    return sum(len(case.opened) for case in found if case)


def test_a_merge_takes_the_earlier_end_and_shows_nobody_the_other_side() -> None:
    made, first, second = two()
    before = {handle: proofs_read(made, handle) for handle in made.people}
    merge(made, second, first)
    first.refresh_from_db()
    assert first.ends_at == second.ends_at
    assert terms_from(first.terms).until == second.ends_at
    assert {handle: proofs_read(made, handle) for handle in made.people} == before
    assert made.consents() == {LAB: Consent.SIGNATORY, SECOND: Consent.SIGNATORY, VENDOR: Consent.SIGNATORY}
    services.answer_invitation(first.key, yes=True, actor=made.people[LAB], at=made.now)
    assert proofs_read(made, LAB) == 2
    kinds = [{entry.kind for entry in journal.entries(f"case/{case.public_id}")} for case in (first, second)]
    assert "case taken in" in kinds[0]
    assert "case merged" in kinds[1]
    assert made.holds()


def test_a_split_undoes_a_merge_and_what_people_ruled_outlives_new_proofs() -> None:
    made, first, second = two()
    merge(made, second, first)
    made.clearing.send(Sketch("beta", words="third"), finder="Lab Two")
    made.clearing.work()
    assert Case.objects.exclude(state=CaseState.MERGED).count() == 1
    bundles = Proof.objects.filter(function="gizmo.other:dump").values_list("bundle_id", flat=True)
    named = services.split_case(first.public_id, bundles, because="two bugs", actor=LOCAL, at=made.now)
    made.clearing.send(Sketch("beta", words="fourth"), finder="Lab Two")
    made.clearing.work()
    assert Case.objects.exclude(state=CaseState.MERGED).count() == 2
    apart = Case.objects.get(public_id=named)
    assert apart.memberships.count() == 3
    assert Embargo(apart.embargo).in_force
    assert proofs_read(made, LAB) == 1
    assert journal.verify().broken is None


def test_a_split_of_just_what_was_merged_opens_the_same_case_again() -> None:
    made, first, second = two()
    merge(made, second, first)
    services.answer_invitation(first.key, yes=False, actor=made.people[VENDOR], at=made.now)
    bundles = [second.memberships.model.objects.get(brought_to=second).proof.bundle_id]
    assert services.split_case(first.public_id, bundles, because="no", actor=LOCAL, at=made.now) == second.public_id
    second.refresh_from_db()
    assert (second.state, second.merged_into) == (CaseState.OPEN, None)
    assert second.participants.get(party__handle=VENDOR).consent == Consent.DECLINED
    assert not can(made.people[VENDOR], Action.READ_PROOF, seen(second))
    assert can(made.people[SECOND], Action.READ_PROOF, seen(second))
    assert not second.participants.filter(party__handle=LAB).exists()
    kinds = [[entry.kind for entry in journal.entries(f"case/{case.public_id}")] for case in (first, second)]
    assert "case split" in kinds[0]
    assert "case split off" in kinds[1]


def test_a_split_off_case_keeps_the_agreed_end_and_is_open_to_whom_it_concerns() -> None:
    """The end counted from the report that stays; the report that leaves came ten days later."""
    made = table()
    made.seat("Lab Two")
    made.seat("Observer One")
    made.hold(90)
    agreed = made.case.ends_at
    made.later(10)
    made.clearing.send(Sketch("alpha", words="another"), finder="Lab Two")
    made.clearing.work()
    for handle, role in ((VENDOR, CaseRole.VENDOR), ("observer-one", CaseRole.OBSERVER)):
        made.invite(handle, role)
    for handle in (SECOND, VENDOR):
        made.sign(handle)
    services.set_tlp(made.name, Tlp.AMBER_STRICT, because="few", actor=LOCAL, at=made.now)
    late = made.case.memberships.order_by("-pk")[0].proof.bundle_id
    name = services.split_case(made.name, [late], because="two bugs", actor=LOCAL, at=made.now)
    apart, stayed = Case.objects.get(public_id=name), made.case
    assert (apart.ends_at, apart.tlp) == (stayed.ends_at, stayed.tlp) == (agreed, Tlp.AMBER_STRICT)
    assert anchors_of(apart).report != anchors_of(stayed).report
    assert ends_at(terms_from(apart.terms), anchors_of(apart)) == agreed
    wanted = {stayed: {LAB, VENDOR}, apart: {SECOND, VENDOR}}
    for case, readers in wanted.items():
        found = {handle for handle, actor in made.people.items() if can(actor, Action.READ_CASE, seen(case))}
        assert found == readers, case.public_id
    assert {row.party.handle for row in apart.participants.all()} == {SECOND, VENDOR, "observer-one"}
    assert made.holds()


def test_a_leak_known_of_one_side_ends_the_embargo_of_both() -> None:
    made, first, second = two()
    services.state_fact(second.public_id, Fact.PUBLIC, actor=LOCAL, at=made.now)
    merge(made, second, first)
    first.refresh_from_db()
    assert first.embargo == Embargo.EXITED
    assert made.holds()


def test_a_merge_with_what_the_public_knows_leaves_no_vendor_unaware() -> None:
    made, first, second = two()
    made.seat("Vendor Three")
    services.invite(second.public_id, "vendor-three", [CaseRole.VENDOR], actor=LOCAL, at=made.now)
    services.state_fact(first.public_id, Fact.PUBLIC, actor=LOCAL, at=made.now)
    merge(made, second, first)
    assert {row.path for row in first.lines.all()} == {"Vfd"}
    assert made.case.embargo == Embargo.EXITED
    assert made.holds()


def test_what_is_proposed_for_the_case_that_goes_is_proposed_for_the_case_that_stays() -> None:
    made, first, second = two()
    services.propose_embargo(second.public_id, days(60), actor=LOCAL, at=made.now)
    merge(made, second, first)
    first.refresh_from_db()
    assert first.embargo == Embargo.REVISE
    assert services.decide_embargo(first.public_id, accept=False, actor=LOCAL, at=made.now) is Embargo.ACTIVE
    assert made.holds()


def test_only_coordinators_rearrange_and_only_what_can_be_one() -> None:
    made, first, second = two()
    with pytest.raises(NotFound):
        services.merge_cases(second.key, first.key, because="mine", actor=made.people[LAB], at=made.now)
    with pytest.raises(UsageError, match="into itself"):
        merge(made, first, first)
    with pytest.raises(UsageError, match="takes some proofs and leaves some"):
        services.split_case(first.public_id, [], because="so", actor=LOCAL, at=made.now)
    with pytest.raises(NotFound, match="no proof"):
        services.split_case(first.public_id, ["f" * 64], because="so", actor=LOCAL, at=made.now)
    Case.objects.filter(pk=second.pk).update(package="pkg:pypi/other")
    with pytest.raises(Conflict, match="one package only"):
        merge(made, second, first)


def test_a_second_independent_finder_under_embargo_is_invited_shortens_it_and_raises_the_priority() -> None:
    made = table()
    made.hold(90)
    before = made.case.priority
    end = made.case.ends_at
    made.seat("Lab Two")
    made.clearing.send(Sketch("alpha", words="again"), finder="Lab Two")
    made.clearing.work()
    assert made.consent(SECOND) is Consent.INVITED
    assert made.case.embargo == Embargo.REVISE
    proposal = made.case.proposals.get(state="open")
    until = terms_from(proposal.terms).until
    assert until is not None
    assert end is not None
    assert abs((end - until) - 45 * DAY) < DAY
    after = made.case.priority
    assert after["label"] != before["label"]
    assert {
        "name": "collision",
        "value": "one step up",
        "source": "cases",
        "evidence": "2 independent finders",
    } in after["facts"]
    made.clearing.send(Sketch("alpha", words="once more"), finder="Lab Three")
    made.clearing.work()
    assert made.case.proposals.count() == 2
    assert made.holds()


def test_two_people_of_one_organisation_are_no_independent_finders() -> None:
    made = table()
    made.hold(90)
    colleague = Person.objects.get(party__key=made.seat("Lab Two").person)
    lab = Organisation.objects.get(party__handle=LAB)
    Membership.objects.create(person=colleague, organisation=lab, role="member", since=made.now)
    made.clearing.send(Sketch("alpha", words="again"), finder=colleague.party.name)
    made.clearing.work()
    assert made.case.collided_at is None
    assert made.case.embargo == Embargo.ACTIVE


@pytest.mark.parametrize("held", [(90, 30), (None, 30), (90, None), (None, None)])
@pytest.mark.parametrize("aware", [False, True])
def test_a_merge_comes_out_as_the_pure_rules_say(held: tuple[int | None, int | None], *, aware: bool) -> None:
    made, first, second = two(held)
    if aware:
        services.state_fact(second.public_id, Fact.ATTACKS, because="seen", actor=LOCAL, at=made.now)
        second.refresh_from_db()
    kept, absorbed = situation_of(first), situation_of(second)
    expected = moves.merge(kept, absorbed).now
    read = proofs_read(made, VENDOR)
    end = merged_end([case.ends_at for case in (first, second) if Embargo(case.embargo).in_force])
    merge(made, second, first)
    first.refresh_from_db()
    now = situation_of(first)
    # Two finders who came upon it by themselves: a shorter embargo is proposed, where one is in force.
    shorter = EMBARGO.after(expected.embargo, EmbargoStep.PROPOSE) if expected.embargo.in_force else expected.embargo
    assert (now.embargo, now.facts) == (shorter, expected.facts)
    assert {one.party: (one.roles, one.management) for one in now.participants} == {
        one.party: (one.roles, one.management) for one in expected.participants
    }
    assert set(now.lines) == set(expected.lines)
    assert (first.ends_at if now.embargo.in_force else None) == (end if expected.embargo.in_force else None)
    # The rooms keep for which side each signature was given, so they need not lapse it: no more is open by that.
    assert {party for party, consent in now.consents.items() if not consent.adheres} <= {
        party for party, consent in expected.consents.items() if not consent.adheres
    }
    assert proofs_read(made, VENDOR) <= (read if now.embargo.in_force else 2)
