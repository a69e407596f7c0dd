from __future__ import annotations

import pytest

from clearinghouse.core.errors import Conflict
from clearinghouse.core.protocol.report_management import (
    MANAGEMENT,
    PROGRESS,
    Management,
    ManagementStep,
    adopt,
    as_duplicate,
    entering,
)
from clearinghouse.core.roles import CaseRole

GOLDEN = """
start    receive    received
received validate   valid
received invalidate invalid
invalid  validate   valid
valid    accept     accepted
valid    defer      deferred
deferred accept     accepted
accepted defer      deferred
accepted close      closed
invalid  close      closed
deferred close      closed
"""


def test_the_table_is_the_eleven_transitions_and_nothing_else() -> None:
    rows = {(str(state), str(step), str(to)) for (state, step), to in MANAGEMENT.table.items()}
    assert rows == {tuple(line.split()) for line in GOLDEN.split("\n") if line}


def test_a_valid_report_cannot_be_closed_unseen() -> None:
    with pytest.raises(Conflict, match="possible now: accept, defer"):
        MANAGEMENT.after(Management.VALID, ManagementStep.CLOSE)


def test_received_valid_and_accepted_are_active() -> None:
    assert {state for state in Management if state.active} == {"received", "valid", "accepted"}


@pytest.mark.parametrize("role", list(CaseRole))
def test_a_finder_enters_having_accepted(role: CaseRole) -> None:
    accepted = role in {CaseRole.FINDER, CaseRole.REPORTER, CaseRole.OWNER}
    assert entering([role]) is (Management.ACCEPTED if accepted else Management.START)


@pytest.mark.parametrize("state", list(Management))
def test_a_duplicate_rests_deferred_or_closed_and_is_never_made_invalid(state: Management) -> None:
    steps = as_duplicate(state)
    assert ManagementStep.INVALIDATE not in steps
    assert MANAGEMENT.after(state, *steps) in {Management.DEFERRED, Management.CLOSED}


@pytest.mark.parametrize("known", list(Management))
@pytest.mark.parametrize("told", list(Management))
def test_a_late_status_jumps_forward_and_never_back(known: Management, told: Management) -> None:
    sideways = {("invalid", "valid"), ("accepted", "deferred"), ("deferred", "accepted")}
    if PROGRESS[told] > PROGRESS[known] or known is told or (known, told) in sideways:
        assert adopt(known, told) is told
    else:
        with pytest.raises(Conflict, match="cannot go back"):
            adopt(known, told)
