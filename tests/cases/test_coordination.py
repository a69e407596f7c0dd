"""What each reader finds of a case's coordination."""

from __future__ import annotations

import pytest

from clearinghouse.cases import services
from clearinghouse.cases.coordination import coordination, skill_figures
from clearinghouse.core.protocol.case_facts import Fact
from clearinghouse.core.protocol.embargo_terms import Preset
from clearinghouse.core.roles import Tlp
from clearinghouse.core.visibility import LOCAL, PUBLIC
from tests.cases.factories import LAB, OTHER, VENDOR, days, table

pytestmark = pytest.mark.django_db


def test_who_is_invited_sees_the_terms_and_nothing_else() -> None:
    made = table()
    made.hold(45)
    made.invite(VENDOR)
    services.propose_embargo(made.name, days(60), because="the parser is not fixed", actor=LOCAL, at=made.now)
    services.post_message(made.name, "it is in the parser", actor=LOCAL, at=made.now)
    found = coordination(made.case.key, actor=made.people[VENDOR])
    assert found is not None
    assert found.terms == "45 days after the report"
    assert found.ends_at == made.case.ends_at
    terms = [("45 days after the report", "", ""), ("60 days after the report", "", "")]
    assert [(row.words, row.by, row.because) for row in found.proposals] == terms
    assert (found.facts, found.lines, found.management, found.messages, found.asks) == ((), (), (), (), ())
    made.sign(VENDOR)
    found = coordination(made.case.key, actor=made.people[VENDOR])
    assert found is not None
    assert [message.text for message in found.messages] == ["it is in the parser"]
    assert found.letters == "Vfdpxa"
    assert found.proposals[1].because == "the parser is not fixed"
    assert {line.vendor: line.trailing for line in found.lines} == {VENDOR: True}


def test_who_takes_no_part_finds_nothing_under_either_name() -> None:
    made = table()
    for actor in (made.people[OTHER], PUBLIC):
        assert coordination(made.case.key, actor=actor) is None
        assert coordination(made.name, actor=actor) is None
        assert skill_figures(actor=actor) == ()


def test_a_red_message_reaches_people_who_are_named_and_coordinators() -> None:
    made = table()
    services.post_message(made.name, "for few", tlp=Tlp.RED, actor=LOCAL, at=made.now)
    found = [coordination(made.case.key, actor=actor) for actor in (LOCAL, made.people[LAB])]
    assert [len(one.messages) for one in found if one] == [1, 0]


def test_what_is_left_to_people_is_asked_of_who_decides() -> None:
    made = table()
    made.hold()
    services.propose_embargo(made.case.key, days(30), actor=made.people[LAB], at=made.now)
    services.state_fact(made.name, Fact.ATTACKS, actor=LOCAL, at=made.now)
    ours, theirs = (coordination(made.case.key, actor=actor) for actor in (LOCAL, made.people[LAB]))
    assert ours is not None
    assert theirs is not None
    assert ours.asks == ("attacks were seen: end the embargo now?",)
    assert theirs.asks == ()
    assert [row.turn for row in ours.proposals] == [False, True]


def test_the_skill_of_disclosure_counts_the_orders_that_cases_decided() -> None:
    made = table()
    made.invite(VENDOR)
    services.state_fact(made.name, Fact.PUBLIC, actor=LOCAL, at=made.now)
    figures = {str(row.order): (row.cases, row.observed) for row in skill_figures(actor=LOCAL)}
    assert figures["V<P"] == (1, 1)
    assert figures["F<P"] == (1, 0)
    assert figures["X<A"] == (0, None)


def test_the_terms_that_are_shown_to_be_in_turn_are_the_ones_that_are_decided() -> None:
    made = table()
    made.invite(VENDOR)
    first, second = (
        services.propose_embargo(made.name, Preset.AI_FOUND_PUBLIC, actor=LOCAL, at=made.now, party=handle)
        for handle in (VENDOR, LAB)
    )
    made.case.proposals.filter(key=first).update(key="f" * 32)
    found = coordination(made.name, actor=LOCAL)
    assert found is not None
    assert {row.key for row in found.proposals} == {"f" * 32, second}
    shown = next(row.key for row in found.proposals if row.turn)
    services.decide_embargo(made.name, accept=True, proposal=shown, actor=LOCAL, at=made.now)
    assert made.case.goes_without
