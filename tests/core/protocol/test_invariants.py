"""Each invariant can be broken, and is told by its name; and what is left to people is asked of them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clearinghouse.core.errors import NotFound
from clearinghouse.core.protocol.case_facts import CaseFacts, Fact, parse_facts
from clearinghouse.core.protocol.consent import Consent
from clearinghouse.core.protocol.embargo import Embargo
from clearinghouse.core.protocol.invariants import RULES, Invariant, asked_of_people, broken, start_faults
from clearinghouse.core.protocol.report_management import Management
from clearinghouse.core.protocol.situation import Participant, Situation, opened
from clearinghouse.core.protocol.vendor_path import Line, VendorPath
from clearinghouse.core.roles import CaseRole

OWNED = opened("owner", ["finder"])
VENDOR = Participant("vendor", frozenset({CaseRole.VENDOR}), Management.VALID)

BREACHES: dict[Invariant, Situation] = {
    Invariant.STORED_FACTS: replace(OWNED, facts=CaseFacts(frozenset({Fact.EXPLOIT}))),
    Invariant.FIX_BY_WHO_TOOK_IT_ON: replace(
        OWNED.having(VENDOR), lines=(Line("vendor", "", VendorPath.READY),), facts=parse_facts("VFdpxa")
    ),
    Invariant.ROLLED_UP: replace(OWNED, lines=(Line("vendor", "", VendorPath.AWARE),)),
    Invariant.NOTHING_PUBLIC_KEPT: replace(OWNED, embargo=Embargo.PROPOSED, facts=parse_facts("VfdPxa")),
    Invariant.NO_START_UNDER_ATTACK: replace(OWNED, embargo=Embargo.PROPOSED, facts=parse_facts("vfdpxA")),
    Invariant.OVER_WHEN_DEPLOYED: replace(OWNED, embargo=Embargo.PROPOSED, facts=parse_facts("VFDpxa")),
    Invariant.CONSENT_BEFORE_CONTENT: replace(OWNED, embargo=Embargo.ACTIVE),
}


@pytest.mark.parametrize("invariant", sorted(RULES))
def test_a_situation_that_breaks_one_rule_is_told_that_rule_alone(invariant: Invariant) -> None:
    assert broken(OWNED) == ()
    assert {breach.invariant for breach in broken(BREACHES[invariant])} == {invariant}
    assert all(str(invariant) in str(breach) for breach in broken(BREACHES[invariant]))


def test_a_vendor_that_does_not_know_what_is_public_is_named() -> None:
    public = replace(OWNED, facts=parse_facts("VfdPxa"), lines=(Line("acme", "1.x"),))
    assert [breach.place for breach in broken(public)] == ["acme 1.x"]


@pytest.mark.parametrize("embargo", [Embargo.NONE, Embargo.PROPOSED, Embargo.ACTIVE, Embargo.REVISE])
@pytest.mark.parametrize("management", list(Management))
def test_who_may_propose_depends_on_how_far_they_are(embargo: Embargo, management: Management) -> None:
    now = replace(OWNED, embargo=embargo).having(replace(VENDOR, management=management))
    allowed = {"valid", "accepted", "deferred"} if embargo.in_force else {"received", "valid", "accepted"}
    faults = [fault.invariant for fault in start_faults(now, "vendor")]
    assert faults == ([] if management in allowed else [Invariant.PROPOSER_KNOWS])


def test_a_fix_speaks_against_a_start_but_not_against_a_revision() -> None:
    ready = replace(OWNED, facts=parse_facts("VFdpxa"))
    assert [fault.invariant for fault in start_faults(ready, "owner")] == [Invariant.NO_START_WITH_FIX]
    assert start_faults(replace(ready, embargo=Embargo.ACTIVE), "owner") == ()


def test_who_takes_no_part_proposes_nothing() -> None:
    with pytest.raises(NotFound, match="stranger takes no part"):
        start_faults(OWNED, "stranger")


@pytest.mark.parametrize(
    ("code", "embargo", "decided", "question"),
    [
        ("vfdpxa", Embargo.NONE, False, ""),
        ("Vfdpxa", Embargo.NONE, False, "propose one, or record that there is to be none"),
        ("Vfdpxa", Embargo.NONE, True, ""),
        ("Vfdpxa", Embargo.ACTIVE, False, ""),
        ("VfdpxA", Embargo.ACTIVE, False, "attacks were seen: end the embargo now"),
        ("VFdpxa", Embargo.REVISE, False, "who still trails"),
        ("VfdPxa", Embargo.NONE, False, ""),
    ],
)
def test_what_the_rules_leave_open_is_asked(code: str, embargo: Embargo, decided: bool, question: str) -> None:
    asked = asked_of_people(Situation(embargo, parse_facts(code), no_embargo_decided=decided))
    assert len(asked) == bool(question)
    assert question in "".join(asked)


def test_content_is_readable_to_signatories_only_while_an_embargo_is_in_force() -> None:
    people = tuple(Participant(str(consent), consent=consent) for consent in Consent)
    for embargo in Embargo:
        readable = Situation(embargo, participants=people).may_read
        assert readable == ({"signatory"} if embargo.in_force else set(Consent))
