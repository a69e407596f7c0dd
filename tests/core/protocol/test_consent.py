from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearinghouse.core.errors import Conflict
from clearinghouse.core.protocol.consent import (
    CONSENT,
    Consent,
    ConsentStep,
    after_end,
    after_merge,
    after_revision,
    answer,
    is_overdue,
    rsvp_by,
    seeded,
)
from clearinghouse.core.roles import CaseRole

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
CONSENTS = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(Consent))


def test_only_a_signature_binds() -> None:
    assert [consent for consent in Consent if consent.adheres] == [Consent.SIGNATORY]


def test_consent_comes_only_by_accepting() -> None:
    ways = {step for (_, step), to in CONSENT.table.items() if to is Consent.SIGNATORY}
    assert ways == {ConsentStep.ACCEPT}


@pytest.mark.parametrize("consent", list(Consent))
def test_a_participant_can_always_say_yes_and_always_say_no(consent: Consent) -> None:
    assert CONSENT.after(consent, *answer(consent, yes=True)) is Consent.SIGNATORY
    assert CONSENT.after(consent, *answer(consent, yes=False)) is Consent.DECLINED


def test_a_signatory_cannot_be_invited_again() -> None:
    with pytest.raises(Conflict, match="possible now: revise, reset"):
        CONSENT.after(Consent.SIGNATORY, ConsentStep.INVITE)


def test_an_invitation_waits_seven_days_and_then_silence_is_a_no() -> None:
    by = rsvp_by(NOW)
    assert by == NOW + timedelta(days=7)
    assert not is_overdue(Consent.INVITED, by, by - timedelta(seconds=1))
    assert is_overdue(Consent.INVITED, by, by)
    assert not any(is_overdue(consent, by, by) for consent in Consent if consent is not Consent.INVITED)
    assert not is_overdue(Consent.INVITED, None, NOW)


@pytest.mark.parametrize("role", list(CaseRole))
def test_only_reporter_and_owner_enter_as_signatories(role: CaseRole) -> None:
    bound = role in {CaseRole.REPORTER, CaseRole.OWNER}
    assert seeded([role], in_force=True) is (Consent.SIGNATORY if bound else Consent.NO_EMBARGO)
    assert seeded([role], in_force=False) is Consent.NO_EMBARGO


@given(CONSENTS, st.sets(st.sampled_from("abcdef")))
def test_new_terms_lapse_every_signature_but_of_those_who_agreed(
    consents: dict[str, Consent], agreed: set[str]
) -> None:
    after = after_revision(consents, agreed)
    for party, consent in consents.items():
        kept = not consent.adheres or party in agreed
        assert after[party] is (consent if kept else Consent.LAPSED)


@given(CONSENTS, CONSENTS)
def test_a_merge_makes_nobody_a_signatory_but_the_owner(kept: dict[str, Consent], absorbed: dict[str, Consent]) -> None:
    merged = after_merge({**kept, "owner": Consent.SIGNATORY}, {**absorbed, "owner": Consent.SIGNATORY}, ["owner"])
    assert {party for party, consent in merged.items() if consent.adheres} == {"owner"}
    assert set(merged) == {*kept, *absorbed, "owner"}


def test_a_refusal_survives_a_merge() -> None:
    assert after_merge({}, {"a": Consent.DECLINED, "b": Consent.LAPSED}, []) == {
        "a": Consent.DECLINED,
        "b": Consent.INVITED,
    }


@given(CONSENTS)
def test_the_end_of_the_embargo_frees_everybody(consents: dict[str, Consent]) -> None:
    assert set(after_end(consents).values()) <= {Consent.NO_EMBARGO}
