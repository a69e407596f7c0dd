"""Streams of any length in bounded memory."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from clearinghouse.prover.sandbox.capture import Head, HeadTail


@given(st.lists(st.binary(max_size=50)), st.integers(1, 20))
def test_head_and_tail_are_kept_and_the_middle_is_counted(chunks: list[bytes], half: int) -> None:
    capture, whole = HeadTail(2 * half), b"".join(chunks)
    for chunk in chunks:
        capture.feed(chunk)
    kept = capture.content()
    assert len(kept) + capture.dropped == len(whole)
    assert kept == whole if len(whole) <= 2 * half else kept == whole[:half] + whole[-half:]


@given(st.lists(st.binary(max_size=50)), st.integers(0, 40))
def test_a_head_is_kept_and_the_rest_is_counted(chunks: list[bytes], limit: int) -> None:
    capture, whole = Head(limit), b"".join(chunks)
    for chunk in chunks:
        capture.feed(chunk)
    assert capture.content() == whole[:limit]
    assert capture.dropped == max(0, len(whole) - limit)
