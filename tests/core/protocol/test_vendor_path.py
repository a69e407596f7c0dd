from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearinghouse.core.errors import InvalidInput
from clearinghouse.core.protocol.case_facts import CaseFacts, Fact
from clearinghouse.core.protocol.vendor_path import (
    Deployment,
    Line,
    VendorPath,
    deployed_share,
    ready_vendors,
    rolled_up,
    told_by_the_public,
    trailing_vendors,
)

if TYPE_CHECKING:
    from fractions import Fraction

LINES = st.lists(
    st.builds(Line, st.sampled_from("abc"), st.sampled_from(["1.x", "2.x"]), st.sampled_from(VendorPath)), max_size=6
)
SHARES = st.none() | st.fractions(0, 1)


@given(LINES, SHARES)
def test_a_roll_up_is_always_a_state_that_can_be(lines: list[Line], share: Fraction | None) -> None:
    assert set(rolled_up(lines, share)) == CaseFacts(frozenset(rolled_up(lines, share))).facts


@pytest.mark.parametrize(
    ("paths", "facts"),
    [
        ("", ""),
        ("vfd", ""),
        ("vfd Vfd", "V"),
        ("VFd Vfd", "V"),
        ("VFd VFd", "VF"),
        ("VFD VFd", "VF"),
        ("VFD VFD", "VFD"),
    ],
)
def test_aware_is_the_first_vendor_ready_and_deployed_the_last(paths: str, facts: str) -> None:
    lines = [Line(str(place), "", VendorPath(path)) for place, path in enumerate(paths.split())]
    assert "".join(fact.letter for fact in rolled_up(lines)) == facts


@pytest.mark.parametrize(("percent", "deployed"), [(79, False), (80, True), (99, True)])
def test_a_case_is_deployed_at_80_percent_of_what_was_declared(percent: int, deployed: bool) -> None:
    share = deployed_share([Deployment("a", True, percent), Deployment("b", False, 100 - percent)])
    assert (Fact.DEPLOYED in rolled_up([Line("v", "", VendorPath.READY)], share)) is deployed
    assert Fact.DEPLOYED not in rolled_up([Line("v", "", VendorPath.AWARE)], share)


def test_an_operator_counts_once_with_its_last_word() -> None:
    assert deployed_share([Deployment("a", True), Deployment("b", False), Deployment("b", True)]) == 1
    assert deployed_share([]) is None
    with pytest.raises(InvalidInput, match="a: weight 0"):
        Deployment("a", True, 0)


@given(LINES)
def test_every_vendor_either_has_a_fix_everywhere_or_trails(lines: list[Line]) -> None:
    ready, trailing = ready_vendors(lines), trailing_vendors(lines)
    assert not ready & trailing
    assert ready | trailing == {line.vendor for line in lines}


@given(LINES)
def test_what_is_public_every_vendor_knows_and_no_vendor_goes_back(lines: list[Line]) -> None:
    after = told_by_the_public(lines)
    assert all(line.path is not VendorPath.UNAWARE for line in after)
    assert [new for old, new in zip(lines, after, strict=True) if old.path is not VendorPath.UNAWARE] == [
        old for old in lines if old.path is not VendorPath.UNAWARE
    ]
