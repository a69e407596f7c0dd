"""Participant embargo consent: whether a participant agreed to keep the embargo; the gate to a case's content."""

from __future__ import annotations

from enum import StrEnum


class Consent(StrEnum):
    """Where one participant stands towards the embargo of one case."""

    NO_EMBARGO = "no_embargo"
    INVITED = "invited"
    SIGNATORY = "signatory"
    DECLINED = "declined"
    LAPSED = "lapsed"  # the terms changed, and the participant has not agreed to the new ones

    @property
    def adheres(self) -> bool:
        """Whether the participant is bound: derived, never stored, and anything but a signature is no."""
        return self is Consent.SIGNATORY
