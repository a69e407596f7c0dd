"""Random walks over whole cases: several vendors, finders and proposals, merges and splits; no rule is ever broken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, multiple, rule

from clearinghouse.core.errors import ClearinghouseError, Conflict
from clearinghouse.core.protocol import moves
from clearinghouse.core.protocol.case_facts import Fact
from clearinghouse.core.protocol.consent import Consent, ConsentStep, answer
from clearinghouse.core.protocol.invariants import broken
from clearinghouse.core.protocol.report_management import Management, ManagementStep
from clearinghouse.core.protocol.situation import Situation, opened
from clearinghouse.core.protocol.status import Status, adopt_status
from clearinghouse.core.protocol.vendor_path import VendorStep
from clearinghouse.core.roles import CaseRole

if TYPE_CHECKING:
    from collections.abc import Callable

PARTIES = ["finder1", "finder2", "vendor1", "vendor2", "observer"]
WORLD = {Fact.PUBLIC, Fact.EXPLOIT, Fact.ATTACKS}


def _fits(now: Situation) -> None:
    """The reference's rules, written once more and in other words than the code's."""
    v, _f, d, p, x, a = (letter.isupper() for letter in str(now.facts))
    kept = now.embargo in {"proposed", "active", "revise"}
    held = now.embargo in {"active", "revise"}
    assert broken(now) == ()
    assert not (p and not v)
    assert not (x and not p)
    assert not (kept and (p or x or d))
    assert not (now.embargo == "proposed" and a)
    for one in now.participants:
        assert not (held and one.party in now.readers and one.consent != "signatory")
        if any(line.vendor == one.party and line.path in {"VFd", "VFD"} for line in now.lines):
            assert one.management in {"accepted", "deferred", "closed"}
    assert now.readers <= {one.party for one in now.participants}
    assert not any(p and line.path == "vfd" for line in now.lines)


class Cases(RuleBasedStateMachine):
    """Cases that change by any move; a move that is refused leaves the case as it was."""

    cases: Bundle[Situation] = Bundle("cases")

    def _tried(self, now: Situation, move: Callable[[], Situation | moves.Outcome]) -> Situation:
        try:
            after = move()
        except ClearinghouseError as refused:
            assert refused.advice  # noqa: PT017  # what the refusal says is part of the promise
            return now
        after = after.now if isinstance(after, moves.Outcome) else after
        _fits(after)
        assert now.facts.facts <= after.facts.facts
        assert now.embargo != "exited" or after.embargo == "exited"
        return after

    @rule(target=cases, finder=st.sampled_from(["finder1", "finder2"]))
    def open(self, finder: str) -> Situation:
        case = opened("owner", [finder])
        _fits(case)
        return case

    @rule(target=cases, now=consumes(cases), party=st.sampled_from(PARTIES), lines=st.integers(1, 2))
    def join(self, now: Situation, party: str, lines: int) -> Situation:
        role = {"f": CaseRole.REPORTER, "v": CaseRole.VENDOR, "o": CaseRole.OBSERVER}[party[0]]
        named = ["1.x", "2.x"][:lines] if role is CaseRole.VENDOR else []
        after = self._tried(now, lambda: moves.join(now, party, [role], named))
        assert after.readers == now.readers
        return after

    @rule(
        target=cases,
        now=consumes(cases),
        party=st.sampled_from(PARTIES),
        steps=st.lists(st.sampled_from(ManagementStep), min_size=1, max_size=3),
    )
    def manage(self, now: Situation, party: str, steps: list[ManagementStep]) -> Situation:
        return self._tried(now, lambda: moves.manage(now, party, *steps))

    @rule(target=cases, now=consumes(cases), party=st.sampled_from([*PARTIES, "owner"]), decided=st.booleans())
    def propose(self, now: Situation, party: str, decided: bool) -> Situation:
        return self._tried(now, lambda: moves.propose(now, party, decided=decided))

    @rule(target=cases, now=consumes(cases), agreed=st.sets(st.sampled_from(PARTIES)))
    def accept(self, now: Situation, agreed: set[str]) -> Situation:
        after = self._tried(now, lambda: moves.accept(now, agreed))
        if after is not now:
            bound = {one.party for one in after.participants if one.consent.adheres}
            reporters = {one.party for one in now.participants if CaseRole.REPORTER in one.roles}
            assert bound <= agreed | {"owner"} | (set() if now.embargo.in_force else reporters)
            assert after.readers <= now.readers
        return after

    @rule(target=cases, now=consumes(cases), how=st.sampled_from([moves.reject, moves.terminate, moves.go_without]))
    def close(self, now: Situation, how: Callable[[Situation], Situation]) -> Situation:
        return self._tried(now, lambda: how(now))

    @rule(target=cases, now=consumes(cases), party=st.sampled_from(PARTIES))
    def invite(self, now: Situation, party: str) -> Situation:
        return self._tried(now, lambda: moves.consent(now, party, ConsentStep.INVITE))

    @rule(target=cases, now=consumes(cases), party=st.sampled_from(PARTIES), yes=st.booleans())
    def answer(self, now: Situation, party: str, yes: bool) -> Situation:
        if party not in now.consents:
            return now
        after = moves.consent(now, party, *answer(now.of(party).consent, yes=yes))  # an answer is never refused
        _fits(after)
        assert after.of(party).consent is (Consent.SIGNATORY if yes else Consent.DECLINED)
        if not yes and after.embargo.in_force:
            assert party not in after.readers
        return after

    @rule(target=cases, now=consumes(cases), party=st.sampled_from(PARTIES))
    def open_content(self, now: Situation, party: str) -> Situation:
        after = self._tried(now, lambda: moves.open_content(now, party))
        assert (party in after.readers) is (party in now.may_read)
        return after

    @rule(target=cases, now=consumes(cases), fact=st.sampled_from(Fact))
    def observe(self, now: Situation, fact: Fact) -> Situation:
        after = self._tried(now, lambda: moves.observe(now, fact))
        assert fact in after.facts or fact not in WORLD  # what the world does is never refused
        return after

    @rule(
        target=cases,
        now=consumes(cases),
        vendor=st.sampled_from(["vendor1", "vendor2"]),
        line=st.sampled_from(["1.x", "2.x"]),
        steps=st.lists(st.sampled_from(VendorStep), min_size=1, max_size=3),
    )
    def advance(self, now: Situation, vendor: str, line: str, steps: list[VendorStep]) -> Situation:
        for step in steps:
            now = self._tried(now, lambda now=now, step=step: moves.advance(now, vendor, line, step))  # type: ignore[misc]
        return now

    @rule(target=cases, now=consumes(cases), share=st.fractions(0, 1))
    def declare(self, now: Situation, share: Any) -> Situation:
        return self._tried(now, lambda: moves.declare(now, share))

    @rule(
        target=cases,
        now=consumes(cases),
        party=st.sampled_from(PARTIES),
        management=st.none() | st.sampled_from(Management),
        facts=st.frozensets(st.sampled_from(Fact), max_size=3),
    )
    def status(self, now: Situation, party: str, management: Management | None, facts: frozenset[Fact]) -> Situation:
        if party not in now.consents:
            return now
        after = adopt_status(now, party, Status(management, facts))
        _fits(after.now)
        assert facts & WORLD <= after.now.facts.facts
        return after.now

    @rule(target=cases, kept=consumes(cases), absorbed=consumes(cases))
    def merge(self, kept: Situation, absorbed: Situation) -> Situation:
        after = moves.merge(kept, absorbed).now
        _fits(after)
        assert after.readers <= {"owner"}
        assert {one.party for one in after.participants if one.consent.adheres} <= {"owner"}
        assert after.facts.facts >= kept.facts.facts | absorbed.facts.facts
        assert set(after.consents) == {*kept.consents, *absorbed.consents}
        return after

    @rule(target=cases, now=consumes(cases), parties=st.sets(st.sampled_from(PARTIES)))
    def split(self, now: Situation, parties: set[str]) -> Any:
        child = moves.split(now, parties).now
        _fits(child)
        assert child.readers <= now.readers
        assert all(consent in {now.consents[party], Consent.NO_EMBARGO} for party, consent in child.consents.items())
        return multiple(now, child)


Cases.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestWalks = Cases.TestCase


def test_a_public_exploit_ends_the_embargo_tells_every_vendor_and_frees_everybody_in_one_step() -> None:
    now = moves.join(opened("owner", ["finder"]), "acme", [CaseRole.VENDOR], ["1.x"])
    now = moves.accept(moves.propose(now, "finder"), ["acme"])
    outcome = moves.observe(now, Fact.EXPLOIT)
    assert str(outcome.now.facts) == "VfdPXa"
    assert [(one.fact.letter, one.cause and one.cause.letter) for one in outcome.learned] == [
        ("X", None),
        ("P", "X"),
        ("V", "P"),
    ]
    assert outcome.ended == "the public knows"
    assert outcome.now.embargo == "exited"
    assert [line.path for line in outcome.now.lines] == ["Vfd"]
    assert set(outcome.now.consents.values()) == {Consent.NO_EMBARGO}


def test_a_late_vendor_reads_nothing_before_it_agreed() -> None:
    now = moves.accept(moves.propose(opened("owner", ["finder"]), "owner"), [])
    now = moves.join(now, "acme", [CaseRole.VENDOR], [""])
    assert now.of("acme").consent is Consent.INVITED
    for refused in (lambda: moves.manage(now, "acme", ManagementStep.RECEIVE), lambda: moves.open_content(now, "acme")):
        with pytest.raises(Conflict, match="open to signatories only"):
            refused()
    signed = moves.open_content(moves.consent(now, "acme", ConsentStep.ACCEPT), "acme")
    assert moves.manage(signed, "acme", ManagementStep.RECEIVE).of("acme").management is Management.RECEIVED


def test_a_second_finder_reads_nothing_before_it_agreed() -> None:
    now = moves.accept(moves.propose(opened("owner", ["finder"]), "owner"), [])
    assert now.readers == {"owner", "finder"}
    now = moves.join(now, "other", [CaseRole.REPORTER])
    assert now.of("other").consent is Consent.INVITED
    assert "other" not in now.may_read


def test_a_fix_before_the_vendor_took_the_case_on_is_refused_by_the_rules_name() -> None:
    now = moves.join(opened("owner", ["finder"]), "acme", [CaseRole.VENDOR], [""])
    now = moves.advance(now, "acme", "", VendorStep.LEARN).now
    with pytest.raises(Conflict, match="acme: a vendor with a fix has accepted"):
        moves.advance(now, "acme", "", VendorStep.FIX)


def test_to_start_with_a_fix_ready_takes_a_persons_decision() -> None:
    now = moves.observe(moves.observe(opened("owner", ["finder"]), Fact.VENDOR_AWARE).now, Fact.FIX_READY).now
    with pytest.raises(Conflict, match="unless a person decides so"):
        moves.propose(now, "owner")
    assert moves.propose(now, "owner", decided=True).embargo == "proposed"


def test_a_status_that_is_refused_in_part_is_adopted_in_the_rest() -> None:
    now = opened("owner", ["finder"])
    after = adopt_status(now, "finder", Status(Management.RECEIVED, frozenset({Fact.ATTACKS, Fact.DEPLOYED})))
    assert str(after.now.facts) == "vfdpxA"
    assert after.now.of("finder").management is Management.ACCEPTED
    assert len(after.refused) == 2


def test_the_order_of_facts_within_a_status_does_not_matter() -> None:
    after = adopt_status(opened("owner", ["finder"]), "finder", Status(facts=frozenset({Fact.FIX_READY, Fact.PUBLIC})))
    assert str(after.now.facts) == "VFdPxa"
    assert after.refused == ()


def test_new_terms_close_the_content_to_who_has_not_agreed_to_them() -> None:
    now = moves.accept(moves.propose(opened("owner", ["finder"]), "owner"), [])
    revised = moves.accept(moves.propose(now, "owner"), [])
    assert revised.consents == {"owner": Consent.SIGNATORY, "finder": Consent.LAPSED}
    assert revised.readers == {"owner"}


def test_a_merge_grants_nobody_access_and_takes_none_of_the_facts_away() -> None:
    def agreed(finder: str, vendor: str) -> Situation:
        case = moves.join(opened("owner", [finder]), vendor, [CaseRole.VENDOR], [""])
        return moves.open_content(moves.accept(moves.propose(case, "owner"), [vendor]), vendor)

    kept = moves.observe(agreed("finder1", "vendor1"), Fact.VENDOR_AWARE).now
    merged = moves.merge(kept, agreed("finder2", "vendor2")).now
    assert merged.embargo == "active"
    assert merged.consents == {
        "owner": Consent.SIGNATORY,
        "finder1": Consent.LAPSED,
        "vendor1": Consent.LAPSED,
        "finder2": Consent.INVITED,
        "vendor2": Consent.INVITED,
    }
    assert merged.readers == merged.may_read == {"owner"}
    assert str(merged.facts) == "Vfdpxa"
