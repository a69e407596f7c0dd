"""Samples of a model review: written, read again, and told apart by their digest."""

from __future__ import annotations

import json

import pytest

from clearinghouse.core.review.samples import Outcome, Sample, Usage

SAMPLE = Sample(
    agent="baseline/fuzzer", task="find-idna", task_digest="ab" * 32, epoch=2, outcome=Outcome.NO_VERDICT,
    reasons=("the build failed",), usage=Usage(input_tokens=5, output_tokens=7, cost_micros=12), submitted_at_tokens=9,
)  # fmt: skip


def test_a_sample_survives_being_written_and_read() -> None:
    assert Sample.from_json(json.loads(json.dumps(SAMPLE.as_json()))) == SAMPLE
    assert SAMPLE.usage.tokens == 12


@pytest.mark.parametrize("change", [{"outcome": "pass"}, {"epoch": 3}, {"artifact": "cd" * 32}, {"reasons": []}])
def test_any_change_changes_the_digest(change: dict[str, object]) -> None:
    assert Sample.from_json(SAMPLE.as_json() | change).digest != SAMPLE.digest


@pytest.mark.parametrize("change", [{"outcome": "approved"}, {"epoch": "2"}, {"unknown": 1}])
def test_what_is_no_sample_is_refused_with_its_place(change: dict[str, object]) -> None:
    (place,) = change
    with pytest.raises(ValueError, match=place):
        Sample.from_json(SAMPLE.as_json() | change)
