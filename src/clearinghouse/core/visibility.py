"""Decides who may do what with a case or a report. Pure, and the only place where that is decided.

The gates in order, each of which must open: the site role, taking part in the case, consent to its embargo, the TLP
label, and the part of the case that is asked for. What no rule allows is forbidden.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from clearinghouse.core.roles import Scope, SiteRole


@dataclass(frozen=True, slots=True)
class Actor:
    """On whose behalf something is asked. `parties` are the ids of those it acts for: itself and its organisations.

    `person` is its own party's id, None for the public and for who sits at the machine. `scopes` limits what a token
    may be used for; None is no limit.
    """

    name: str
    person: str | None = None
    parties: frozenset[str] = frozenset()
    roles: frozenset[SiteRole] = frozenset()
    scopes: frozenset[Scope] | None = None


PUBLIC = Actor("the public")
# Who may run commands against the database file, or browses a server that listens on loopback only.
LOCAL = Actor("coordinator", roles=frozenset({SiteRole.COORDINATOR}))


class Viewer(StrEnum):
    """On whose behalf a page asks, where only two are told apart."""

    COORDINATOR = "coordinator"
    PUBLIC = "public"

    @property
    def sees_unpublished(self) -> bool:
        """Whether cases, reports and logs that were not published are shown at all."""
        return self is Viewer.COORDINATOR
