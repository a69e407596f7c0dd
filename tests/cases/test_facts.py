"""What becomes true around a case, and what it does to the embargo: leaks, fixes, silence, and who trails."""

from __future__ import annotations

import pytest

from clearinghouse.cases import services
from clearinghouse.core.errors import Conflict, NotFound, UsageError
from clearinghouse.core.protocol.case_facts import Fact
from clearinghouse.core.protocol.consent import Consent
from clearinghouse.core.protocol.embargo import Embargo
from clearinghouse.core.protocol.embargo_terms import Anchor, Preset, Terms
from clearinghouse.core.protocol.report_management import Management, ManagementStep
from clearinghouse.core.protocol.vendor_path import VendorPath
from clearinghouse.core.roles import CaseRole, OrganisationKind, Tlp
from clearinghouse.core.visibility import LOCAL
from tests.cases.factories import DAY, LAB, OTHER, VENDOR, Table, days, table

pytestmark = pytest.mark.django_db


def state(made: Table, fact: Fact, handle: str | None = None, line: str | None = None) -> str:
    actor = made.people[handle] if handle else LOCAL
    return str(services.state_fact(made.case.key, fact, actor=actor, at=made.now, line=line))


def step(made: Table, handle: str, *steps: ManagementStep) -> Management:
    for one in steps:
        found = services.take_step(made.case.key, one, actor=made.people[handle], at=made.now)
    return found


def take_on(made: Table, handle: str, *lines: str) -> None:
    """A vendor takes part, signs if it must, and accepts the case."""
    made.invite(handle, lines=lines or ("",))
    if made.consent(handle) is Consent.INVITED:
        made.sign(handle)
    step(made, handle, ManagementStep.VALIDATE, ManagementStep.ACCEPT)


def test_a_leak_under_embargo_ends_it_in_the_same_transaction_with_every_forced_fact() -> None:
    made = table()
    made.hold()
    made.invite(VENDOR)
    assert state(made, Fact.EXPLOIT, LAB) == "VfdPXa"
    assert made.letters() == ["EP", "EA", "CX", "CP", "CV", "ET"]
    assert made.case.embargo == Embargo.EXITED
    assert set(made.consents().values()) == {Consent.NO_EMBARGO}
    assert made.holds()


def test_attacks_ask_for_a_decision_and_end_nothing_by_themselves() -> None:
    made = table()
    made.hold()
    state(made, Fact.ATTACKS)
    assert made.case.embargo == Embargo.ACTIVE
    services.end_embargo(made.name, because="attacks", actor=LOCAL, at=made.now)
    assert made.letters()[-2:] == ["CA", "ET"]


def test_once_the_public_knows_nothing_is_proposed_and_what_was_is_refused() -> None:
    made = table()
    services.propose_embargo(made.name, days(30), actor=LOCAL, at=made.now)
    state(made, Fact.PUBLIC)
    assert made.letters() == ["EP", "CP", "CV", "ER"]
    with pytest.raises(Conflict, match="no embargo any more"):
        services.propose_embargo(made.name, days(30), actor=LOCAL, at=made.now)


def test_a_fact_is_recorded_once() -> None:
    made = table()
    state(made, Fact.PUBLIC)
    before = len(made.kinds())
    assert state(made, Fact.PUBLIC) == "VfdPxa"
    assert len(made.kinds()) == before


def test_a_vendor_has_a_fix_only_once_it_took_the_case_on() -> None:
    made = table()
    made.invite(VENDOR)
    with pytest.raises(Conflict, match="has accepted, deferred or closed"):
        state(made, Fact.FIX_READY, VENDOR)
    step(made, VENDOR, ManagementStep.VALIDATE, ManagementStep.DEFER)
    assert state(made, Fact.FIX_READY, VENDOR) == "VFdpxa"
    assert made.holds()


def test_a_fix_moves_the_end_of_terms_that_count_from_it() -> None:
    made = table()
    services.propose_embargo(made.name, Preset.NINETY_THIRTY, actor=LOCAL, at=made.now)
    services.decide_embargo(made.name, accept=True, actor=LOCAL, at=made.now)
    take_on(made, VENDOR)
    made.later(40)
    state(made, Fact.FIX_READY, VENDOR)
    line = made.case.lines.get()
    assert line.fixed_at is not None
    assert made.case.ends_at == line.fixed_at + 30 * DAY
    assert "embargo end moved" in made.kinds()


def test_a_split_supply_chain_is_fixed_line_by_line_and_deployed_when_the_last_one_is() -> None:
    made = table()
    made.hold()
    take_on(made, VENDOR, "1.x", "2.x")
    take_on(made, OTHER)
    assert state(made, Fact.FIX_READY, VENDOR, "2.x") == "Vfdpxa"
    assert state(made, Fact.FIX_READY, VENDOR) == "Vfdpxa"
    assert state(made, Fact.FIX_READY, OTHER) == "VFdpxa"
    assert state(made, Fact.DEPLOYED, VENDOR) == "VFdpxa"
    assert made.case.embargo == Embargo.ACTIVE
    assert state(made, Fact.DEPLOYED, OTHER) == "VFDpxa"
    assert made.case.embargo == Embargo.EXITED
    assert made.holds()


def test_operators_declare_what_runs_the_fix_and_enough_of_it_is_deployed() -> None:
    made = table()
    take_on(made, VENDOR)
    state(made, Fact.FIX_READY, VENDOR)
    for name, weight, deployed in (("Grid", 8, True), ("Water", 3, False)):
        made.seat(name, OrganisationKind.OPERATOR)
        made.invite(name.lower(), CaseRole.DEPLOYER)
        facts = services.declare_deployment(
            made.case.key, deployed=deployed, weight=weight, actor=made.people[name.lower()], at=made.now
        )
    assert str(facts) == "VFDpxa"


def test_a_trailing_vendor_gets_more_time_only_when_those_with_a_fix_agree() -> None:
    made = table()
    made.hold(30)
    take_on(made, VENDOR)
    take_on(made, OTHER)
    state(made, Fact.FIX_READY, VENDOR)
    key = services.propose_embargo(made.case.key, days(60), actor=made.people[OTHER], at=made.now)
    with pytest.raises(Conflict, match="of the vendors with a fix agree"):
        services.decide_embargo(made.name, accept=True, actor=LOCAL, at=made.now)
    services.answer_proposal(made.case.key, key, yes=True, actor=made.people[VENDOR], at=made.now)
    assert services.decide_embargo(made.name, accept=True, actor=LOCAL, at=made.now) is Embargo.ACTIVE
    assert made.consents() == {LAB: Consent.LAPSED, VENDOR: Consent.SIGNATORY, OTHER: Consent.SIGNATORY}


def test_no_embargo_starts_beside_a_fix_unless_who_leads_decides_so_with_a_reason() -> None:
    made = table()
    take_on(made, VENDOR)
    state(made, Fact.FIX_READY, VENDOR)
    with pytest.raises(Conflict, match="no embargo starts once a vendor has a fix"):
        services.propose_embargo(made.name, days(30), actor=LOCAL, at=made.now)
    with pytest.raises(UsageError, match="needs a reason"):
        services.propose_embargo(made.name, days(30), actor=LOCAL, at=made.now, despite_fix=True)
    services.propose_embargo(
        made.name, days(30), actor=LOCAL, at=made.now, despite_fix=True, because="others have none"
    )
    assert made.case.embargo == Embargo.PROPOSED


def test_a_status_report_is_taken_over_dimension_by_dimension() -> None:
    made = table()
    made.hold()
    take_on(made, VENDOR)
    found = services.report_status(
        made.case.key,
        actor=made.people[VENDOR],
        at=made.now,
        facts=[Fact.PUBLIC],
        management=Management.RECEIVED,
        lines={"": VendorPath.READY, "9.x": VendorPath.READY},
    )
    assert found.adopted == ("public aware", "VFd")
    assert [words.split(":")[0] for words in found.refused] == ["received", "9.x VFd"]
    assert made.case.embargo == Embargo.EXITED
    assert made.management(VENDOR) is Management.ACCEPTED
    assert made.holds()


def test_who_is_no_vendor_says_nothing_of_a_fix_and_nobody_does_for_another() -> None:
    made = table()
    take_on(made, VENDOR)
    with pytest.raises(NotFound):
        state(made, Fact.FIX_READY, LAB)
    with pytest.raises(UsageError, match="whose"):
        state(made, Fact.FIX_READY)
    with pytest.raises(NotFound):
        services.state_fact(made.case.key, Fact.FIX_READY, actor=made.people[VENDOR], at=made.now, party=LAB)


def test_a_step_that_does_not_follow_is_refused_with_what_does() -> None:
    made = table()
    made.invite(VENDOR)
    assert step(made, VENDOR, ManagementStep.INVALIDATE, ManagementStep.VALIDATE) is Management.VALID
    with pytest.raises(Conflict, match="possible now: accept, defer"):
        step(made, VENDOR, ManagementStep.CLOSE)
    assert step(made, VENDOR, ManagementStep.ACCEPT, ManagementStep.CLOSE) is Management.CLOSED


def test_the_clock_ends_an_embargo_once_and_takes_silence_for_a_no() -> None:
    made = table()
    made.hold(30)
    made.invite(VENDOR)
    made.invite(OTHER)
    made.sign(OTHER)
    assert services.end_due(at=made.now) == ()
    assert services.end_due(at=made.later(8)) == (f"{made.name}: {VENDOR} did not answer",)
    assert made.consents() == {LAB: Consent.SIGNATORY, VENDOR: Consent.DECLINED, OTHER: Consent.SIGNATORY}
    assert made.sign(VENDOR) is Consent.SIGNATORY
    end = made.case.ends_at
    assert end is not None
    assert services.end_due(at=end - DAY / 86400) == ()
    assert services.end_due(at=end) == (f"{made.name}: embargo ended",)
    assert services.end_due(at=made.later(60)) == ()
    assert (made.letters().count("ET"), made.case.ends_at) == (1, end)
    assert made.holds()


def test_an_end_that_is_an_instant_is_kept_to_the_second_whatever_zone_it_was_given_in() -> None:
    made = table()
    until = made.now + 10 * DAY
    services.propose_embargo(made.name, Terms(Anchor.DATE, until=until), actor=LOCAL, at=made.now)
    services.decide_embargo(made.name, accept=True, actor=LOCAL, at=made.now)
    assert made.case.ends_at == until


def test_messages_are_plain_text_under_a_label_no_wider_than_the_cases() -> None:
    made = table()
    key = services.post_message(made.case.key, "hello\x07\r\nthere\x00", actor=made.people[LAB], at=made.now)
    row = made.case.messages.get()
    assert (row.key, row.text, row.tlp) == (key, "hello\nthere\N{REPLACEMENT CHARACTER}", Tlp.AMBER)
    assert made.kinds()[-1] == "message posted"
    with pytest.raises(UsageError, match="wider"):
        services.post_message(made.case.key, "hello", tlp=Tlp.CLEAR, actor=made.people[LAB], at=made.now)
    for text in (" ", "a" * 20_001):
        with pytest.raises(UsageError, match="a message of"):
            services.post_message(made.case.key, text, actor=made.people[LAB], at=made.now)
    made.hold()
    made.invite(VENDOR)
    with pytest.raises(NotFound):
        services.post_message(made.case.key, "and me", actor=made.people[VENDOR], at=made.now)
