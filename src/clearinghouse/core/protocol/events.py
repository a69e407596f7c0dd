"""The events of coordinated disclosure by their names in the field, as kinds of journal entries, and their meaning.

The two letters are those of CERT/CC's Vultron protocol, so that a bridge to it stays possible.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from clearinghouse.core.protocol.case_facts import Fact
from clearinghouse.core.protocol.embargo import EMBARGO, Embargo, EmbargoStep
from clearinghouse.core.protocol.report_management import ManagementStep

if TYPE_CHECKING:
    from collections.abc import Mapping


class Event(StrEnum):
    """A kind of journal entry: the two letters and the words."""

    RS = "RS report received"
    RI = "RI report found invalid"
    RV = "RV report found valid"
    RD = "RD report deferred"
    RA = "RA report accepted"
    RC = "RC report closed"
    EP = "EP embargo proposed"
    ER = "ER embargo rejected"
    EA = "EA embargo accepted"
    EV = "EV embargo revision proposed"
    EJ = "EJ embargo revision rejected"
    EC = "EC embargo revision accepted"
    ET = "ET embargo terminated"
    CV = "CV vendor aware"
    CF = "CF fix ready"
    CD = "CD fix deployed"
    CP = "CP public aware"
    CX = "CX exploit public"
    CA = "CA attacks observed"


MANAGEMENT_EVENTS: Mapping[ManagementStep, Event] = MappingProxyType(
    {
        ManagementStep.RECEIVE: Event.RS,
        ManagementStep.INVALIDATE: Event.RI,
        ManagementStep.VALIDATE: Event.RV,
        ManagementStep.DEFER: Event.RD,
        ManagementStep.ACCEPT: Event.RA,
        ManagementStep.CLOSE: Event.RC,
    }
)

FACT_EVENTS: Mapping[Fact, Event] = MappingProxyType(
    {
        Fact.VENDOR_AWARE: Event.CV,
        Fact.FIX_READY: Event.CF,
        Fact.DEPLOYED: Event.CD,
        Fact.PUBLIC: Event.CP,
        Fact.EXPLOIT: Event.CX,
        Fact.ATTACKS: Event.CA,
    }
)

# The same step has another name once an embargo is in force: it is then about a revision.
_FIRST: Mapping[EmbargoStep, Event] = MappingProxyType(
    {EmbargoStep.PROPOSE: Event.EP, EmbargoStep.REJECT: Event.ER, EmbargoStep.ACCEPT: Event.EA}
)
_REVISION: Mapping[EmbargoStep, Event] = MappingProxyType(
    {
        EmbargoStep.PROPOSE: Event.EV,
        EmbargoStep.REJECT: Event.EJ,
        EmbargoStep.ACCEPT: Event.EC,
        EmbargoStep.TERMINATE: Event.ET,
    }
)


def embargo_event(embargo: Embargo, step: EmbargoStep) -> Event:
    """What to journal for a step taken from `embargo`; raises Conflict for a step that the table does not allow."""
    EMBARGO.after(embargo, step)
    return (_REVISION if embargo.in_force else _FIRST)[step]


STANDS_FOR: Mapping[Event, ManagementStep | EmbargoStep | Fact] = MappingProxyType(
    {event: step for table in (MANAGEMENT_EVENTS, FACT_EVENTS, _FIRST, _REVISION) for step, event in table.items()}
)
