from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearinghouse.core.errors import InvalidInput
from clearinghouse.core.protocol.embargo_terms import (
    PRESETS,
    Anchor,
    Anchors,
    Preset,
    Terms,
    check_new,
    ends_at,
    terms_document,
    terms_from,
)

REPORT = datetime(2026, 1, 1, 9, tzinfo=UTC)
DAY = timedelta(days=1)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
LENGTHS = st.integers(0, 366).map(lambda days: days * DAY)
TERMS = st.one_of(
    st.builds(
        Terms,
        st.sampled_from([Anchor.REPORT, Anchor.VENDOR_AWARE, Anchor.FIX_READY]),
        LENGTHS,
        backstop=st.integers(1, 366).map(lambda days: days * DAY),
    ),
    st.builds(lambda until: Terms(Anchor.DATE, until=until), MOMENTS),
)
ANCHORS = st.builds(Anchors, MOMENTS, st.none() | MOMENTS, st.none() | MOMENTS)


@pytest.mark.parametrize(
    ("preset", "fix_after", "days"),
    [
        (Preset.NINETY_THIRTY, None, 90),
        (Preset.NINETY_THIRTY, 10, 40),
        (Preset.NINETY_THIRTY, 90, 120),
        (Preset.NINETY_THIRTY, 91, 90),
        (Preset.FORTY_FIVE, 3, 45),
        (Preset.DISTROS, None, 14),
        (Preset.AFTER_FIX, 20, 27),
        (Preset.AFTER_FIX, None, 90),
        (Preset.AI_FOUND_PUBLIC, None, 0),
    ],
)
def test_each_preset_ends_where_the_field_says(preset: Preset, fix_after: int | None, days: int) -> None:
    fix = None if fix_after is None else REPORT + fix_after * DAY
    assert ends_at(PRESETS[preset], Anchors(REPORT, fix_ready=fix)) == REPORT + days * DAY


def test_every_preset_has_terms_and_one_asks_for_no_embargo() -> None:
    assert set(PRESETS) == set(Preset)
    assert [preset for preset, terms in PRESETS.items() if terms.public] == [Preset.AI_FOUND_PUBLIC]


@given(TERMS, ANCHORS)
def test_every_embargo_has_an_end_in_utc_within_two_years_of_its_anchor(terms: Terms, anchors: Anchors) -> None:
    end = ends_at(terms, anchors)
    assert end.tzinfo is UTC
    if terms.until is None:
        assert end <= anchors.report + terms.backstop + terms.length
    if terms.anchor in {Anchor.VENDOR_AWARE, Anchor.FIX_READY}:
        assert ends_at(terms, Anchors(anchors.report)) == anchors.report + terms.backstop


@given(TERMS)
def test_terms_are_read_back_from_their_json(terms: Terms) -> None:
    assert terms_from(terms_document(terms)) == terms


def test_a_zone_other_than_utc_is_the_same_instant_in_utc() -> None:
    berlin = datetime(2026, 12, 1, 10, tzinfo=timezone(timedelta(hours=1)))
    terms = Terms(Anchor.DATE, until=berlin)
    assert terms == Terms(Anchor.DATE, until=datetime(2026, 12, 1, 9, tzinfo=UTC))
    assert str(terms) == "until 2026-12-01 09:00 UTC"


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({}, "anchor"),
        ({"anchor": "never"}, "anchor"),
        ({"anchor": "date"}, "without an instant"),
        ({"anchor": "report", "until": "2026-12-01T09:00Z"}, "with an instant"),
        ({"anchor": "date", "until": "2026-12-01T09:00"}, "no time zone"),
        ({"anchor": "date", "until": "tomorrow"}, "until"),
        ({"anchor": "date", "until": "9999-12-31T23:59-23:00"}, "out of range"),
        ({"anchor": "date", "until": "2026-12-01T09:00Z", "length": 5}, "an instant and a length"),
        ({"anchor": "report", "length": -1}, "length"),
        ({"anchor": "report", "length": True}, "length"),
        ({"anchor": "report", "length": "9"}, "length"),
        ({"anchor": "report", "length": 10**12}, "length"),
        ({"anchor": "fix ready", "length": 5, "backstop": 0}, "backstop"),
        ({"anchor": "report", "lenght": 5}, "lenght"),
    ],
)
def test_terms_that_do_not_fit_are_refused_with_the_place(document: dict[str, Any], place: str) -> None:
    with pytest.raises(InvalidInput, match=place):
        terms_from(document)


def test_terms_that_are_over_or_far_ahead_are_not_proposed() -> None:
    anchors = Anchors(REPORT)
    assert check_new(PRESETS[Preset.DISTROS], anchors, REPORT)
    assert check_new(PRESETS[Preset.AI_FOUND_PUBLIC], anchors, REPORT + 50 * DAY)
    with pytest.raises(InvalidInput, match="these terms ended 2026-01-15 09:00 UTC"):
        check_new(PRESETS[Preset.DISTROS], anchors, REPORT + 14 * DAY)
    with pytest.raises(InvalidInput, match="more than 366 days ahead"):
        check_new(Terms(Anchor.DATE, until=REPORT + 400 * DAY), anchors, REPORT)


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        (PRESETS[Preset.AI_FOUND_PUBLIC], "public at once"),
        (PRESETS[Preset.DISTROS], "14 days after the report"),
        (
            PRESETS[Preset.NINETY_THIRTY],
            "30 days after a fix is ready, at the latest 90 days after the report if that does not come",
        ),
        (Terms(Anchor.REPORT, DAY), "1 day after the report"),
    ],
)
def test_terms_say_themselves_in_words(terms: Terms, words: str) -> None:
    assert str(terms) == words
