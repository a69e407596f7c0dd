"""What holds for every machine of the protocol, and for intake's."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearinghouse.core import report
from clearinghouse.core.errors import Conflict
from clearinghouse.core.protocol.advisory import ADVISORY, AdvisoryState
from clearinghouse.core.protocol.consent import CONSENT, Consent
from clearinghouse.core.protocol.embargo import EMBARGO, Embargo
from clearinghouse.core.protocol.lease import LEASE, LeaseState
from clearinghouse.core.protocol.machine import Machine, machine
from clearinghouse.core.protocol.patch import PATCH, PatchState
from clearinghouse.core.protocol.report_management import MANAGEMENT, Management
from clearinghouse.core.protocol.vendor_path import VENDOR_PATH, VendorPath


class Becomes(StrEnum):
    """Intake's table knows states only: a step is named by where it leads."""

    RECEIVED = "received"
    SCREENED = "screened"
    PROVING = "proving"
    PROVEN = "proven"
    NOT_REPRODUCED = "not_reproduced"
    INCONCLUSIVE = "inconclusive"
    UNPROVABLE = "unprovable"
    ATTACHED = "attached"
    PARKED = "parked"
    RETURNED = "returned"


INTAKE = machine(
    "the report",
    report.ReportState.RECEIVED,
    (
        (state, Becomes(following), following)
        for state, followings in report.TRANSITIONS.items()
        for following in followings
    ),
)

# machine, its states, how many rows its table has, where it ends
MACHINES: dict[str, tuple[Machine[Any, Any], type[StrEnum], int, set[str]]] = {
    "intake": (INTAKE, report.ReportState, 15, {"attached", "returned"}),
    "report management": (MANAGEMENT, Management, 11, {"closed"}),
    "embargo": (EMBARGO, Embargo, 10, {"exited"}),
    "consent": (CONSENT, Consent, 15, set()),
    "vendor path": (VENDOR_PATH, VendorPath, 3, {"VFD"}),
    "patch": (PATCH, PatchState, 11, {"superseded", "withdrawn"}),
    "advisory": (ADVISORY, AdvisoryState, 15, {"withdrawn"}),
    "lease": (LEASE, LeaseState, 13, {"denied", "released", "expired", "revoked"}),
}
each_machine = pytest.mark.parametrize("name", sorted(MACHINES))


@each_machine
def test_the_table_has_its_rows_and_reaches_every_state(name: str) -> None:
    table, states, rows, _ = MACHINES[name]
    assert len(table.table) == rows
    assert table.states() == set(states)


@each_machine
def test_it_ends_where_nothing_follows(name: str) -> None:
    table, states, _, ends = MACHINES[name]
    assert {state for state in states if not table.steps(state)} == ends


@each_machine
@given(data=st.data())
def test_a_walk_stays_in_the_table_and_anything_else_is_refused_with_what_is_possible(
    name: str, data: st.DataObject
) -> None:
    table, states, _, _ = MACHINES[name]
    steps = sorted({step for _, step in table.table})
    state = table.start
    for step in data.draw(st.lists(st.sampled_from(steps), max_size=12)):
        if table.allows(state, step):
            state = table.after(state, step)
            assert state in set(states)
            continue
        with pytest.raises(Conflict, match="is not possible now") as refused:
            table.after(state, step)
        assert all(possible in refused.value.advice for possible in table.steps(state))


def test_a_table_that_contradicts_itself_is_not_made() -> None:
    with pytest.raises(ValueError, match="two rows"):
        machine("x", Embargo.NONE, [(Embargo.NONE, Becomes.PARKED, Embargo.ACTIVE)] * 2)


def test_several_steps_stop_at_the_first_that_is_not_allowed() -> None:
    table: Machine[Any, Any] = MACHINES["patch"][0]
    with pytest.raises(Conflict, match='the patch is "checked": "release" is not possible now; possible now: accept'):
        table.after(PatchState.PROPOSED, "check", "release")
