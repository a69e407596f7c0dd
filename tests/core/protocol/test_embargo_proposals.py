from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clearinghouse.core.protocol.embargo_proposals import (
    Proposal,
    Resolution,
    accepted_by_silence,
    decide,
    exposes,
    inherited_end,
    merged_end,
    resolve,
    shortened_for_another_finder,
    with_defaults,
)
from clearinghouse.core.protocol.embargo_terms import PRESETS, Anchor, Anchors, Preset, Terms, ends_at

if TYPE_CHECKING:
    from random import Random

REPORT = datetime(2026, 1, 1, 9, tzinfo=UTC)
ANCHORS = Anchors(REPORT)
DAY = timedelta(days=1)


def _proposal(name: str, days: int) -> Proposal:
    return Proposal(name, name, Terms(Anchor.REPORT, days * DAY))


PROPOSALS = st.lists(st.integers(0, 200), max_size=6).map(
    lambda days: [_proposal(f"p{place}", length) for place, length in enumerate(days)]
)


@given(PROPOSALS, st.randoms(use_true_random=False))
def test_the_shortest_proposal_wins_whatever_the_order_of_arrival(proposals: list[Proposal], chance: Random) -> None:
    found = resolve(proposals, ANCHORS)
    chance.shuffle(proposals)
    assert resolve(proposals, ANCHORS) == found
    ends = [ends_at(proposal.terms, ANCHORS) for proposal in proposals]
    if not proposals or any(proposal.terms.public for proposal in proposals):
        assert found == Resolution(None)
        return
    assert found.winner is not None
    assert ends_at(found.winner.terms, ANCHORS) == min(ends)
    later = [ends_at(revision.terms, ANCHORS) for revision in found.revisions]
    assert later == sorted(end for end in ends if end > min(ends))


@given(PROPOSALS.filter(bool), st.dictionaries(st.sampled_from(["p0", "p1", "p2"]), st.booleans()))
def test_revisions_are_decided_earliest_first_and_end_at_the_first_no(
    proposals: list[Proposal], answers: dict[str, bool]
) -> None:
    resolution = resolve(proposals, ANCHORS)
    if resolution.winner is None:
        with pytest.raises(ValueError, match="no terms to revise"):
            decide(resolution, answers)
        return
    decided = decide(resolution, answers)
    walked = [resolution.winner, *resolution.revisions]
    accepted = walked[1 : walked.index(decided.holds) + 1]
    assert all(answers[revision.id] for revision in accepted)
    rest = walked[walked.index(decided.holds) + 1 :]
    if decided.next:
        assert decided.next == rest[0]
        assert decided.next.id not in answers
    else:
        assert list(decided.dropped) == rest
        assert not rest or not answers[rest[0].id]


def test_without_a_proposal_and_a_default_there_is_no_embargo() -> None:
    assert resolve(with_defaults([], {}), ANCHORS) == Resolution(None)


def test_a_published_default_is_a_proposal_that_silence_accepts() -> None:
    defaults = {"vendor": PRESETS[Preset.FORTY_FIVE]}
    proposals = with_defaults([], defaults)
    found = resolve(proposals, ANCHORS)
    assert found.winner == Proposal("default:vendor", "vendor", PRESETS[Preset.FORTY_FIVE])
    assert accepted_by_silence(found.winner, defaults) == {"vendor"}
    assert accepted_by_silence(_proposal("finder", 90), defaults) == set()


def test_who_proposes_is_not_bound_by_its_own_default() -> None:
    made = [_proposal("vendor", 60)]
    assert with_defaults(made, {"vendor": PRESETS[Preset.DISTROS]}) == tuple(made)


def test_a_wish_to_be_public_beats_every_length() -> None:
    wishes = with_defaults([_proposal("finder", 90)], {"kernel": PRESETS[Preset.AI_FOUND_PUBLIC]})
    assert resolve(wishes, ANCHORS).winner is None


def test_merged_cases_take_the_earliest_accepted_date() -> None:
    assert merged_end([REPORT + 9 * DAY, None, REPORT + 4 * DAY]) == REPORT + 4 * DAY
    assert merged_end([None, None]) is None


def test_a_case_that_was_split_off_ends_with_its_parent() -> None:
    assert inherited_end(REPORT) == REPORT
    assert inherited_end(None) is None


def test_an_end_before_a_siblings_is_shown_to_a_person() -> None:
    siblings = [REPORT + 9 * DAY, REPORT + 4 * DAY]
    assert exposes(REPORT + 5 * DAY, siblings) == (REPORT + 9 * DAY,)
    assert exposes(REPORT + 9 * DAY, siblings) == ()


@given(st.timedeltas(timedelta(), timedelta(days=400)))
@example(10 * DAY)
@example(7 * DAY)
def test_another_finder_halves_the_time_but_leaves_a_week(left: timedelta) -> None:
    terms = shortened_for_another_finder(REPORT + left, REPORT)
    if left <= 7 * DAY:
        assert terms is None
        return
    assert terms is not None
    assert terms.until is not None
    assert abs(terms.until - REPORT - max(left / 2, 7 * DAY)) <= timedelta(seconds=1)
    assert terms.until < REPORT + left
