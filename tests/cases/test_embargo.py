"""Proposals and decisions on a case's embargo, on the rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from clearinghouse.cases import services
from clearinghouse.core.errors import Conflict, InvalidInput, NotFound, UsageError
from clearinghouse.core.protocol.consent import Consent
from clearinghouse.core.protocol.embargo import Embargo
from clearinghouse.core.protocol.embargo_terms import Anchor, Preset, Terms
from clearinghouse.core.visibility import LOCAL
from clearinghouse.registry.models import Organisation
from tests.cases.factories import DAY, LAB, OTHER, VENDOR, Table, days, table

if TYPE_CHECKING:
    from datetime import timedelta

pytestmark = pytest.mark.django_db


def propose(made: Table, terms: Terms | Preset, handle: str | None = None, **more: object) -> str:
    actor = made.people[handle] if handle else LOCAL
    return services.propose_embargo(made.case.key, terms, actor=actor, at=made.now, **more)  # type: ignore[arg-type]


def decide(made: Table, *, accept: bool, proposal: str | None = None) -> Embargo:
    return services.decide_embargo(made.name, accept=accept, proposal=proposal, actor=LOCAL, at=made.now)


def length(made: Table) -> timedelta:
    """From the report to the end of the embargo."""
    found = made.case.ends_at
    assert found is not None
    return found - made.case.memberships.get().proof.reports.get().received_at


def test_an_embargo_binds_the_reporter_and_who_agreed_and_asks_everybody_else() -> None:
    made = table()
    made.invite(VENDOR)
    made.invite(OTHER)
    propose(made, days(45), VENDOR)
    assert made.case.embargo == Embargo.PROPOSED
    assert decide(made, accept=True) is Embargo.ACTIVE
    expected = {LAB: Consent.SIGNATORY, VENDOR: Consent.SIGNATORY, OTHER: Consent.INVITED}
    assert made.consents() == expected
    assert made.row(OTHER).rsvp_by is not None
    assert length(made) == 45 * DAY
    assert made.holds()


def test_the_shortest_proposal_wins_and_the_longer_ones_become_revisions_decided_in_order() -> None:
    made = table()
    made.invite(VENDOR)
    made.invite(OTHER)
    longest = propose(made, days(90), VENDOR)
    middle = propose(made, days(60), OTHER)
    propose(made, days(30), LAB)
    assert decide(made, accept=True) is Embargo.REVISE
    assert length(made) == 30 * DAY
    assert made.consents() == {LAB: Consent.SIGNATORY, VENDOR: Consent.INVITED, OTHER: Consent.INVITED}
    with pytest.raises(Conflict, match="not to be decided now"):
        decide(made, accept=True, proposal=longest)
    assert decide(made, accept=True, proposal=middle) is Embargo.REVISE
    assert length(made) == 60 * DAY
    assert made.consents() == {LAB: Consent.LAPSED, VENDOR: Consent.INVITED, OTHER: Consent.SIGNATORY}
    assert decide(made, accept=False) is Embargo.ACTIVE
    assert length(made) == 60 * DAY
    assert [letters for letters in made.letters() if letters[0] == "E"] == [*["EP"] * 3, "EA", "EV", "EC", "EV", "EJ"]
    assert made.holds()


def test_a_rejection_drops_every_later_revision() -> None:
    made = table()
    made.invite(VENDOR)
    propose(made, days(90), VENDOR)
    propose(made, days(60), LAB)
    propose(made, days(30))
    decide(made, accept=True)
    assert decide(made, accept=False) is Embargo.ACTIVE
    with pytest.raises(Conflict, match="nothing is proposed"):
        decide(made, accept=True)


def test_a_rejection_before_any_embargo_leaves_none() -> None:
    made = table()
    propose(made, days(90), LAB)
    assert decide(made, accept=False) is Embargo.NONE
    assert made.consents() == {LAB: Consent.NO_EMBARGO}
    assert made.letters() == ["EP", "ER"]


def test_a_published_default_is_a_proposal_that_silence_accepts() -> None:
    made = table()
    Organisation.objects.filter(party__handle=VENDOR).update(embargo_days=45)
    made.invite(VENDOR)
    made.invite(OTHER)
    propose(made, days(90), LAB)
    assert decide(made, accept=True) is Embargo.REVISE
    assert length(made) == 45 * DAY
    assert made.consents()[VENDOR] is Consent.SIGNATORY
    assert made.consents()[OTHER] is Consent.INVITED


def test_a_default_that_says_what_is_agreed_needs_no_answer() -> None:
    made = table()
    Organisation.objects.filter(party__handle=VENDOR).update(embargo_days=45)
    made.invite(VENDOR)
    propose(made, Preset.FORTY_FIVE, LAB)
    assert decide(made, accept=True) is Embargo.ACTIVE
    assert made.consents() == {LAB: Consent.SIGNATORY, VENDOR: Consent.SIGNATORY}


def test_new_terms_lapse_every_signature_but_of_those_who_agreed_until_they_agree_again() -> None:
    made = table()
    made.hold(90)
    for handle in (VENDOR, OTHER):
        made.invite(handle)
        made.sign(handle)
    key = propose(made, days(60), LAB)
    services.answer_proposal(made.case.key, key, yes=True, actor=made.people[VENDOR], at=made.now)
    decide(made, accept=True)
    assert made.consents() == {LAB: Consent.SIGNATORY, VENDOR: Consent.SIGNATORY, OTHER: Consent.LAPSED}
    assert made.sign(OTHER) is Consent.SIGNATORY


def test_to_be_public_at_once_is_the_shortest_of_all() -> None:
    made = table()
    propose(made, days(30), LAB)
    propose(made, Preset.AI_FOUND_PUBLIC)
    assert decide(made, accept=True) is Embargo.NONE
    assert made.case.goes_without
    made.hold(30)
    assert not made.case.goes_without
    propose(made, Preset.AI_FOUND_PUBLIC, LAB, because="it is in the news")
    assert decide(made, accept=True) is Embargo.EXITED
    assert made.letters()[-2:] == ["EV", "ET"]
    assert made.consents() == {LAB: Consent.NO_EMBARGO}


def test_who_leads_ends_an_embargo_with_a_reason_and_nobody_else_does() -> None:
    made = table()
    made.hold(30)
    with pytest.raises(NotFound):
        services.end_embargo(made.case.key, because="enough", actor=made.people[LAB], at=made.now)
    with pytest.raises(UsageError, match="needs a reason"):
        services.end_embargo(made.name, because="", actor=LOCAL, at=made.now)
    now = made.now
    services.end_embargo(made.name, because="the fix is out", actor=LOCAL, at=now)
    assert (made.case.embargo, made.case.ends_at) == (Embargo.EXITED, now)
    with pytest.raises(Conflict):
        propose(made, days(90))


def test_no_embargo_is_a_decision_too() -> None:
    made = table()
    services.go_without(made.name, because="known for years", actor=LOCAL, at=made.now)
    assert made.case.goes_without
    assert made.kinds()[-1] == "no embargo"


def test_terms_that_are_over_or_a_year_away_cannot_be_proposed() -> None:
    made = table()
    made.later(20)
    with pytest.raises(InvalidInput, match="these terms ended"):
        propose(made, Preset.DISTROS)
    with pytest.raises(InvalidInput, match="more than 366 days"):
        propose(made, Terms(Anchor.DATE, until=made.now + 400 * DAY))


def test_who_has_not_received_the_case_proposes_nothing() -> None:
    made = table()
    made.hold(90)
    made.invite(VENDOR)
    with pytest.raises(Conflict, match="has received the case"):
        propose(made, days(10), VENDOR)


@pytest.mark.parametrize(
    ("preset", "length_of"),
    [(Preset.NINETY_THIRTY, 90), (Preset.FORTY_FIVE, 45), (Preset.DISTROS, 14), (Preset.AFTER_FIX, 90)],
)
def test_every_preset_has_an_end_before_any_fix_is_there(preset: Preset, length_of: int) -> None:
    made = table()
    propose(made, preset, LAB)
    decide(made, accept=True)
    assert length(made) == length_of * DAY
