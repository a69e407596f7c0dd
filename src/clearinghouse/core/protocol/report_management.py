"""Report management: how far each participant is with a case, by itself; everybody has their own view.

Seven states, eleven steps. A duplicate is a true report of a known bug: it is valid and deferred, never invalid.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from clearinghouse.core.errors import Conflict
from clearinghouse.core.protocol.machine import machine
from clearinghouse.core.roles import CaseRole

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Management(StrEnum):
    """Where one participant stands with a case."""

    START = "start"
    RECEIVED = "received"
    INVALID = "invalid"
    VALID = "valid"
    DEFERRED = "deferred"
    ACCEPTED = "accepted"
    CLOSED = "closed"

    @property
    def active(self) -> bool:
        """Whether the participant still has something to decide or to do."""
        return self in {Management.RECEIVED, Management.VALID, Management.ACCEPTED}


class ManagementStep(StrEnum):
    """What a participant can do with a case."""

    RECEIVE = "receive"
    VALIDATE = "validate"
    INVALIDATE = "invalidate"
    ACCEPT = "accept"
    DEFER = "defer"
    CLOSE = "close"


MANAGEMENT = machine(
    "the report management",
    Management.START,
    (
        (Management.START, ManagementStep.RECEIVE, Management.RECEIVED),
        (Management.RECEIVED, ManagementStep.VALIDATE, Management.VALID),
        (Management.RECEIVED, ManagementStep.INVALIDATE, Management.INVALID),
        (Management.INVALID, ManagementStep.VALIDATE, Management.VALID),
        (Management.VALID, ManagementStep.ACCEPT, Management.ACCEPTED),
        (Management.VALID, ManagementStep.DEFER, Management.DEFERRED),
        (Management.DEFERRED, ManagementStep.ACCEPT, Management.ACCEPTED),
        (Management.ACCEPTED, ManagementStep.DEFER, Management.DEFERRED),
        (Management.ACCEPTED, ManagementStep.CLOSE, Management.CLOSED),
        (Management.INVALID, ManagementStep.CLOSE, Management.CLOSED),
        (Management.DEFERRED, ManagementStep.CLOSE, Management.CLOSED),
    ),
)

# How far along each state is: what comes from elsewhere may skip steps forward, and never goes back.
PROGRESS: Mapping[Management, int] = MappingProxyType(
    {
        Management.START: 0,
        Management.RECEIVED: 1,
        Management.INVALID: 2,
        Management.VALID: 2,
        Management.DEFERRED: 3,
        Management.ACCEPTED: 3,
        Management.CLOSED: 4,
    }
)

_FINDS = frozenset({CaseRole.FINDER, CaseRole.REPORTER, CaseRole.OWNER})
_DUPLICATE: Mapping[Management, tuple[ManagementStep, ...]] = MappingProxyType(
    {
        Management.START: (ManagementStep.RECEIVE, ManagementStep.VALIDATE, ManagementStep.DEFER),
        Management.RECEIVED: (ManagementStep.VALIDATE, ManagementStep.DEFER),
        Management.INVALID: (ManagementStep.VALIDATE, ManagementStep.DEFER),
        Management.VALID: (ManagementStep.DEFER,),
        Management.ACCEPTED: (ManagementStep.DEFER,),
        Management.DEFERRED: (),
        Management.CLOSED: (),
    }
)


def entering(roles: Iterable[CaseRole]) -> Management:
    """Where somebody who enters a case begins: a finder knows it and stands by it, and the owner has taken it on."""
    return Management.ACCEPTED if _FINDS & set(roles) else Management.START


def as_duplicate(state: Management) -> tuple[ManagementStep, ...]:
    """The steps by which a report that turns out to be a duplicate comes to rest: through valid to deferred."""
    return _DUPLICATE[state]


def adopt(known: Management, told: Management) -> Management:
    """The state after a participant's own status arrives, late or with steps left out; raises Conflict if it goes back.

    Forward it may jump. Sideways (invalid to valid, accepted to deferred and back) only as the table allows.
    """
    sideways = any(following is told for (state, _), following in MANAGEMENT.table.items() if state is known)
    if PROGRESS[told] > PROGRESS[known] or told is known or sideways:
        return told
    raise Conflict(
        f'the report management is "{known}": it cannot go back to "{told}"', advice="send the newest status"
    )
