"""Scan leases: who declared to look where. Advice to others, no lock, and no permission to touch live systems."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from clearinghouse.core.errors import InvalidInput
from clearinghouse.core.protocol.machine import machine

if TYPE_CHECKING:
    from datetime import datetime

LENGTH = timedelta(days=7)
LONGEST = timedelta(days=30)
HEARTBEAT = timedelta(hours=24)
MISSED = 2  # heartbeats in a row, after which a lease has expired


class LeaseState(StrEnum):
    """Where one lease stands."""

    REQUESTED = "requested"
    GRANTED = "granted"
    GRANTED_SHARED = "granted_shared"  # others look there too, and each knows that somebody does
    DENIED = "denied"
    ACTIVE = "active"
    RELEASED = "released"  # with a receipt of what was looked at
    EXPIRED = "expired"
    REVOKED = "revoked"

    @property
    def live(self) -> bool:
        """Whether it counts against others' requests."""
        return self in {LeaseState.GRANTED, LeaseState.GRANTED_SHARED, LeaseState.ACTIVE}


class LeaseStep(StrEnum):
    """What can happen to a lease."""

    GRANT = "grant"
    SHARE = "share"
    DENY = "deny"
    BEAT = "beat"
    RELEASE = "release"
    EXPIRE = "expire"
    REVOKE = "revoke"


_WAITING = (LeaseState.GRANTED, LeaseState.GRANTED_SHARED)

LEASE = machine(
    "the lease",
    LeaseState.REQUESTED,
    (
        (LeaseState.REQUESTED, LeaseStep.GRANT, LeaseState.GRANTED),
        (LeaseState.REQUESTED, LeaseStep.SHARE, LeaseState.GRANTED_SHARED),
        (LeaseState.REQUESTED, LeaseStep.DENY, LeaseState.DENIED),
        *((state, LeaseStep.BEAT, LeaseState.ACTIVE) for state in (*_WAITING, LeaseState.ACTIVE)),
        (LeaseState.ACTIVE, LeaseStep.RELEASE, LeaseState.RELEASED),
        # A lease that nobody took up must not hold a place either.
        *((state, LeaseStep.EXPIRE, LeaseState.EXPIRED) for state in (*_WAITING, LeaseState.ACTIVE)),
        *((state, LeaseStep.REVOKE, LeaseState.REVOKED) for state in (*_WAITING, LeaseState.ACTIVE)),
    ),
)


def lease_end(starts: datetime, length: timedelta = LENGTH) -> datetime:
    """When a lease ends if nothing else ends it; raises InvalidInput beyond 30 days."""
    if not timedelta() < length <= LONGEST:
        raise InvalidInput(f"a lease of {length}", advice=f"ask for at most {LONGEST.days} days, and renew it")
    return starts + length


def is_expired(state: LeaseState, last_sign: datetime, ends: datetime, now: datetime) -> bool:
    """Whether a live lease is over: its end has come, or two heartbeats are missing since the last sign of life."""
    return state.live and (now >= ends or now - last_sign >= MISSED * HEARTBEAT)
