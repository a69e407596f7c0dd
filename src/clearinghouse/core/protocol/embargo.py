"""Embargo management: the states of a case's embargo and the steps between them."""

from __future__ import annotations

from enum import StrEnum


class Embargo(StrEnum):
    """Where the embargo of one case stands."""

    NONE = "none"
    PROPOSED = "proposed"
    ACTIVE = "active"
    REVISE = "revise"  # in force, with other terms proposed
    EXITED = "exited"

    @property
    def in_force(self) -> bool:
        """Whether the case's content is held back."""
        return self in {Embargo.ACTIVE, Embargo.REVISE}
