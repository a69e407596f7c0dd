"""Invitations, consent before content, leaving, roles and labels, on the rows."""

from __future__ import annotations

import pytest

from clearinghouse.cases import services
from clearinghouse.cases.access import no_case
from clearinghouse.cases.access import seen as facts_of
from clearinghouse.cases.models import Case, CaseState
from clearinghouse.core.errors import Conflict, NotFound, Refused, UsageError
from clearinghouse.core.protocol.case_facts import Fact
from clearinghouse.core.protocol.consent import Consent
from clearinghouse.core.protocol.report_management import Management, ManagementStep
from clearinghouse.core.roles import CaseRole, Tlp
from clearinghouse.core.visibility import LOCAL, PUBLIC, Action, can
from clearinghouse.journal import queries as journal
from tests.cases.factories import DAY, LAB, OTHER, VENDOR, Table, table

pytestmark = pytest.mark.django_db


def reads(made: Table, handle: str) -> bool:
    return can(made.people[handle], Action.READ_PROOF, facts_of(made.case))


def test_without_an_embargo_who_is_invited_reads_at_once_and_a_vendor_is_aware() -> None:
    made = table()
    assert made.invite(VENDOR) is Consent.NO_EMBARGO
    assert reads(made, VENDOR)
    assert made.management(VENDOR) is Management.RECEIVED
    assert made.letters() == ["RS", "CV"]
    assert made.holds()


def test_under_an_embargo_the_terms_come_first_and_the_content_with_the_signature() -> None:
    made = table()
    made.hold()
    assert made.invite(VENDOR) is Consent.INVITED
    assert not reads(made, VENDOR)
    assert made.management(VENDOR) is Management.START
    assert made.row(VENDOR).rsvp_by is not None
    assert made.sign(VENDOR) is Consent.SIGNATORY
    assert reads(made, VENDOR)
    assert made.letters() == ["EP", "EA", "RS", "CV"]
    assert made.holds()


def test_an_invitation_waits_seven_days_unless_it_says_otherwise() -> None:
    made = table()
    made.hold()
    made.invite(VENDOR)
    made.invite(OTHER, wait=2 * DAY)
    rows = made.row(VENDOR), made.row(OTHER)
    assert [row.rsvp_by - row.invited_at for row in rows if row.rsvp_by] == [7 * DAY, 2 * DAY]


def test_who_declines_reads_nothing_more_and_a_late_yes_is_welcome() -> None:
    made = table()
    made.hold()
    made.invite(VENDOR)
    made.sign(VENDOR)
    assert made.sign(VENDOR, yes=False) is Consent.DECLINED
    assert not reads(made, VENDOR)
    assert made.sign(VENDOR) is Consent.SIGNATORY
    assert reads(made, VENDOR)


def test_who_declined_may_be_asked_again() -> None:
    made = table()
    made.hold()
    made.invite(VENDOR)
    made.sign(VENDOR, yes=False)
    assert made.invite(VENDOR) is Consent.INVITED
    with pytest.raises(Conflict, match="takes part already"):
        made.invite(VENDOR)


def test_who_may_not_invite_learns_nothing_not_even_that_the_case_is_there() -> None:
    made = table()
    errors = []
    for actor, name in ((made.people[VENDOR], made.name), (PUBLIC, made.case.key), (made.people[LAB], made.case.key)):
        with pytest.raises(NotFound) as caught:
            services.invite(name, OTHER, [CaseRole.VENDOR], actor=actor, at=made.now)
        errors.append(str(caught.value).replace(name, "X"))
    with pytest.raises(NotFound) as caught:
        services.invite("CLH-2026-09999", OTHER, [CaseRole.VENDOR], actor=LOCAL, at=made.now)
    assert {*errors, str(caught.value).replace("CLH-2026-09999", "X")} == {str(no_case("X"))}


def test_nobody_answers_for_a_party_it_does_not_belong_to() -> None:
    made = table()
    made.hold()
    made.invite(VENDOR)
    made.invite(OTHER)
    with pytest.raises(NotFound):
        services.answer_invitation(made.case.key, yes=True, actor=made.people[OTHER], at=made.now, party=VENDOR)
    assert made.consent(VENDOR) is Consent.INVITED


def test_a_coordinator_writes_down_the_answer_of_who_has_no_account_and_says_for_whom() -> None:
    made = table()
    made.hold()
    made.invite(VENDOR)
    with pytest.raises(UsageError, match="for whom"):
        services.answer_invitation(made.name, yes=True, actor=LOCAL, at=made.now)
    services.answer_invitation(made.name, yes=True, actor=LOCAL, at=made.now, party=VENDOR)
    assert made.consent(VENDOR) is Consent.SIGNATORY


def test_who_leaves_reads_no_more_and_holds_the_case_up_no_more() -> None:
    made = table()
    made.invite(VENDOR)
    for step in (ManagementStep.VALIDATE, ManagementStep.ACCEPT):
        services.take_step(made.case.key, step, actor=made.people[VENDOR], at=made.now)
    services.state_fact(made.case.key, Fact.FIX_READY, actor=made.people[VENDOR], at=made.now)
    services.leave(made.case.key, actor=made.people[VENDOR], at=made.now)
    assert not reads(made, VENDOR)
    assert made.kinds()[-1] == "participant left"
    assert made.holds()
    made.invite(VENDOR)
    assert str(services.state_fact(made.name, Fact.ATTACKS, actor=LOCAL, at=made.now)) == "VFdpxA"
    assert made.management(VENDOR) is Management.RECEIVED
    assert made.holds()


def test_who_becomes_a_vendor_is_aware_and_has_a_line_and_who_is_none_any_more_has_none() -> None:
    made = table()
    made.invite(VENDOR, CaseRole.OBSERVER)
    assert made.letters() == ["RS"]
    services.change_roles(made.name, VENDOR, [CaseRole.VENDOR], actor=LOCAL, at=made.now)
    assert made.letters() == ["RS", "CV"]
    assert made.case.lines.get().path == "Vfd"
    services.change_roles(made.name, VENDOR, [CaseRole.OBSERVER], actor=LOCAL, at=made.now)
    assert not made.case.lines.exists()
    assert made.holds()


def test_a_coordinator_of_a_case_makes_nobody_its_owner_least_of_all_itself() -> None:
    made = table()
    made.invite(VENDOR, CaseRole.COORDINATOR)
    chief = {"actor": made.people[VENDOR], "at": made.now}
    with pytest.raises(Refused, match="only an owner or manager"):
        services.change_roles(made.case.key, VENDOR, [CaseRole.OWNER], **chief)  # type: ignore[arg-type]
    with pytest.raises(Refused, match="only an owner or manager"):
        services.invite(made.case.key, OTHER, [CaseRole.MANAGER], **chief)  # type: ignore[arg-type]
    services.invite(made.case.key, OTHER, [CaseRole.VENDOR], **chief)  # type: ignore[arg-type]
    services.change_roles(made.name, OTHER, [CaseRole.OWNER], actor=LOCAL, at=made.now)
    with pytest.raises(Refused, match="only an owner or manager"):
        services.change_roles(made.case.key, OTHER, [CaseRole.OBSERVER], **chief)  # type: ignore[arg-type]
    assert made.row(OTHER).roles == ["owner"]


def test_roles_change_and_a_manager_coordinates_too() -> None:
    made = table()
    made.invite(VENDOR, CaseRole.OBSERVER)
    services.change_roles(made.name, VENDOR, [CaseRole.MANAGER], actor=LOCAL, at=made.now)
    assert made.row(VENDOR).roles == ["coordinator", "manager"]
    services.invite(made.case.key, OTHER, [CaseRole.VENDOR], actor=made.people[VENDOR], at=made.now)
    assert OTHER in made.consents()


def test_a_reason_in_broken_characters_is_kept_as_far_as_it_can_be() -> None:
    made = table()
    because = "a live \udcff target\0"
    services.set_tlp(made.name, Tlp.RED, because=because, actor=LOCAL, at=made.now)
    services.assess(made.name, name="exploitation", value="active", because=because, actor=LOCAL, at=made.now)
    told = {entry.kind: entry.body.get("because") for entry in journal.entries(f"case/{made.name}")}
    assert (told["label changed"], told["case assessed"]) == ("a live \ufffd target\ufffd",) * 2


def test_under_red_only_people_who_are_named_read() -> None:
    made = table()
    services.set_tlp(made.name, Tlp.RED, because="a live target", actor=LOCAL, at=made.now)
    assert not reads(made, LAB)
    person = made.people[LAB].person
    assert person is not None
    made.invite(person, CaseRole.FINDER)
    assert not reads(made, LAB)
    services.name_person(made.name, person, actor=LOCAL, at=made.now)
    assert reads(made, LAB)
    with pytest.raises(UsageError, match="is no person"):
        services.name_person(made.name, LAB, actor=LOCAL, at=made.now)


def test_a_label_that_reaches_further_waits_for_the_end_of_the_embargo() -> None:
    made = table()
    made.hold()
    with pytest.raises(Conflict, match="under an embargo"):
        services.set_tlp(made.name, Tlp.GREEN, because="why not", actor=LOCAL, at=made.now)
    with pytest.raises(UsageError, match="needs a reason"):
        services.set_tlp(made.name, Tlp.RED, because=" ", actor=LOCAL, at=made.now)


def test_what_was_published_stays_clear() -> None:
    made = table()
    Case.objects.update(state=CaseState.PUBLISHED, tlp=Tlp.CLEAR)
    with pytest.raises(Conflict, match="is published"):
        services.set_tlp(made.name, Tlp.RED, because="too late", actor=LOCAL, at=made.now)
    assert made.case.tlp == Tlp.CLEAR
