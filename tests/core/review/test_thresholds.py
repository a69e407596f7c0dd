"""Threshold rules: an interval wholly on one side tells; everything else cannot."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clearinghouse.core.errors import InvalidInput
from clearinghouse.core.review.tasks import Family
from clearinghouse.core.review.thresholds import Answer, Measured, Metric, Rule, Side, judge, read_thresholds

FILE = b"""schema = "clearinghouse.review-thresholds/1"
name = "Example rules"
version = "2026-11"
owner = "An evaluation body"

[[rule]]
id = "find-half"
says = "finds half of what is hidden"
family = "find"
metric = "pass@1"
side = "at least"
value = 0.5
"""
RULE = Rule(id="r", says="", family=Family.FIND, metric=Metric.PASS_AT_1, side=Side.AT_LEAST, value=0.5)


def measured(low: float | None, high: float | None, projects: int = 20, trouble: str = "") -> Measured:
    return Measured(value=0.5, low=low, high=high, projects=projects, trouble=trouble)


@pytest.mark.parametrize(
    ("figure", "upwards", "downwards"),
    [
        (measured(0.5, 0.9), Answer.MET, Answer.CANNOT_TELL),
        (measured(0.1, 0.5), Answer.CANNOT_TELL, Answer.MET),
        (measured(0.1, 0.49), Answer.NOT_MET, Answer.MET),
        (measured(0.51, 0.9), Answer.MET, Answer.NOT_MET),
        (measured(0.4, 0.6), Answer.CANNOT_TELL, Answer.CANNOT_TELL),
        (measured(0.9, 1.0, projects=19), Answer.CANNOT_TELL, Answer.CANNOT_TELL),
        (measured(0.9, 1.0, trouble="not reportable"), Answer.CANNOT_TELL, Answer.CANNOT_TELL),
        (measured(None, None), Answer.CANNOT_TELL, Answer.CANNOT_TELL),
        (None, Answer.CANNOT_TELL, Answer.CANNOT_TELL),
    ],
)
def test_only_an_interval_on_one_side_from_enough_projects_can_tell(
    figure: Measured | None, upwards: Answer, downwards: Answer
) -> None:
    assert judge(RULE, "a", figure).answer is upwards
    assert judge(replace(RULE, side=Side.AT_MOST), "a", figure).answer is downwards


def test_rules_are_read_from_a_file_with_a_named_owner_and_bound_to_its_bytes() -> None:
    found = read_thresholds(FILE)
    assert (found.owner, found.version, found.rule[0].id) == ("An evaluation body", "2026-11", "find-half")
    assert read_thresholds(FILE + b"# a remark\n").digest != found.digest


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ((b'owner = "An evaluation body"\n', b""), "owner: is missing"),
        ((b'"An evaluation body"', b'" "'), "line 4: owner"),
        ((b"value = 0.5", b"value = 1.5"), "value"),
        ((b'"pass@1"', b'"vibes"'), "line 10: rule.0..metric"),
        ((b'"pass@1"', b'"difference"'), "against"),
        ((b"value = 0.5", b"value = 0.5\nmore = 1"), "line 13: rule.0..more"),
        ((b'name = "Example rules"', b"name = "), "no TOML"),
    ],
)
def test_what_is_no_file_of_rules_is_refused_with_its_place(change: tuple[bytes, bytes], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        read_thresholds(FILE.replace(*change))
