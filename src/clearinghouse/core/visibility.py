"""Who may see what. Two viewers so far: a coordinator sees everything, the public what is published."""

from __future__ import annotations

from enum import StrEnum


class Viewer(StrEnum):
    """On whose behalf a query asks."""

    COORDINATOR = "coordinator"
    PUBLIC = "public"

    @property
    def sees_unpublished(self) -> bool:
        """Whether cases, reports and logs that were not published are shown at all."""
        return self is Viewer.COORDINATOR
