"""The CISA coordinator decision table, SSVC `cisa:DT_CO:2.0.3`: all 36 rows as data (source: CERT/CC SSVC)."""

from __future__ import annotations

import itertools
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

TABLE = "cisa-coordinator 2.0.3"


class Exploitation(StrEnum):
    """Evidence that somebody exploits it (E 1.1.0)."""

    NONE = "none"
    PUBLIC_POC = "public poc"
    ACTIVE = "active"


class Automatable(StrEnum):
    """Whether an attacker can automate it end to end (A 2.0.0)."""

    NO = "no"
    YES = "yes"


class TechnicalImpact(StrEnum):
    """How much control over the component it gives (TI 1.0.0)."""

    PARTIAL = "partial"
    TOTAL = "total"


class Mission(StrEnum):
    """How much depends on the component: mission prevalence and public well-being (MWI 1.0.0)."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Decision(StrEnum):
    """What to do, in rising order (CISA 1.1.0)."""

    TRACK = "track"
    TRACK_STAR = "track*"
    ATTEND = "attend"
    ACT = "act"

    @property
    def rank(self) -> int:
        """0 for track to 3 for act."""
        return list(Decision).index(self)


# One word for each (exploitation, automatable, technical impact): the decisions for low, medium, high mission impact.
_T, _S, _A, _X = Decision.TRACK, Decision.TRACK_STAR, Decision.ATTEND, Decision.ACT
_BY_MISSION = (
    # none
    (_T, _T, _T),  # not automatable, partial
    (_T, _T, _S),  # not automatable, total
    (_T, _T, _A),  # automatable, partial
    (_T, _T, _A),  # automatable, total
    # public poc
    (_T, _T, _S),
    (_T, _S, _A),
    (_T, _T, _A),
    (_T, _S, _A),
    # active
    (_T, _T, _A),
    (_T, _A, _X),
    (_A, _A, _X),
    (_A, _X, _X),
)

ROWS: Mapping[tuple[Exploitation, Automatable, TechnicalImpact, Mission], Decision] = MappingProxyType(
    {
        (*point, mission): decision
        for point, decisions in zip(
            itertools.product(Exploitation, Automatable, TechnicalImpact),
            _BY_MISSION,
            strict=True,
        )
        for mission, decision in zip(Mission, decisions, strict=True)
    },
)
