"""Whether tasks for a model review may be made of a case that is not public: who must say yes, and how far it reaches.

A task shown to a developer's server is out of the house. So nobody's silence is a yes: the clearinghouse and every
vendor that takes part must say it, and anybody else who takes part may say no. The narrowest answer holds.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class ReviewUse(StrEnum):
    """What tasks made of a case may be shown to, from the narrowest; the evaluators of the review read them too."""

    NO = "no"
    WEIGHTS = "weights"  # models that the house runs itself, on a machine without a way out
    ENDPOINT = "endpoint"  # models behind their developer's server as well, which sees what it is asked


_ORDER = tuple(ReviewUse)


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """One who takes part in a case, `name` for people; `answer` is None while there is none that counts."""

    name: str
    house: bool = False
    vendor: bool = False
    answer: ReviewUse | None = None

    @property
    def needed(self) -> bool:
        """Whether nothing goes without its yes."""
        return self.house or self.vendor


def granted(voices: Sequence[Voice]) -> ReviewUse:
    """What the case may be used for: the narrowest of all answers, and no while a needed one is missing."""
    if lacking(voices):
        return ReviewUse.NO
    return min((one.answer for one in voices if one.answer is not None), key=_ORDER.index)


def lacking(voices: Sequence[Voice]) -> tuple[str, ...]:
    """Whose yes is still needed, in words; empty when all who must have answered."""
    found = tuple(f"the answer of {one.name}" for one in voices if one.needed and one.answer is None)
    return found if any(one.vendor for one in voices) else (*found, "a vendor that takes part")
