"""The hunks of two texts: any of them can be applied alone, all of them give the other text."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from clearinghouse.core.hunks import Hunk, difference, edits_of, hunks_of, pieces, split_lines, with_ends_of, with_hunks

LINE = st.sampled_from([b"a\n", b"b\n", b"\n", b"  c\n", b"a\r\n", b"\r", b"d"])
TEXT = st.lists(LINE, max_size=30).map(b"".join)


def between(old: bytes, new: bytes) -> list[Hunk]:
    return hunks_of("f", split_lines(old), split_lines(new))


@given(TEXT, TEXT)
def test_all_hunks_applied_give_the_new_text_byte_for_byte(old: bytes, new: bytes) -> None:
    assert with_hunks(old, between(old, new)) == new


@given(TEXT, TEXT)
def test_no_hunk_applied_leaves_the_old_text(old: bytes, new: bytes) -> None:
    assert with_hunks(old, []) == old
    assert (between(old, new) == []) == (old == new)


@given(TEXT, TEXT)
def test_the_pieces_of_long_hunks_together_do_what_the_hunks_do(old: bytes, new: bytes) -> None:
    cut = [piece for hunk in between(old, new) for piece in pieces(hunk)]
    assert with_hunks(old, cut) == new


@given(TEXT, TEXT, st.data())
def test_any_subset_keeps_every_line_that_no_chosen_hunk_replaces(old: bytes, new: bytes, data: st.DataObject) -> None:
    hunks = between(old, new)
    chosen = [hunk for hunk in hunks if data.draw(st.booleans())]
    made = with_hunks(old, chosen)
    assert made is not None
    change = sum(len(hunk.new) - len(hunk.old) for hunk in chosen)
    assert len(split_lines(made)) == len(split_lines(old)) + change


def test_a_subset_applies_only_its_own_changes() -> None:
    old, new = b"1\n2\n3\n4\n5\n", b"one\n2\n3\nfour\n5\nsix\n"
    first, second, third = between(old, new)
    assert with_hunks(old, [second]) == b"1\n2\n3\nfour\n5\n"
    assert with_hunks(old, [third, first]) == b"one\n2\n3\n4\n5\nsix\n"


def test_lines_keep_their_ends_and_a_missing_last_end_stays_missing() -> None:
    assert split_lines(b"a\r\nb\rc\n\nd") == (b"a\r\n", b"b\rc\n", b"\n", b"d")
    assert with_hunks(b"a\nb", between(b"a\nb", b"a\nc")) == b"a\nc"


def test_added_and_removed_files_are_one_hunk_each_and_binary_files_are_none() -> None:
    old = {"gone.py": b"x\n", "same.py": b"y\n", "lib.so": b"\0a"}
    new = {"same.py": b"y\n", "lib.so": b"\0b", "new.py": b"z\n", "empty.py": b""}
    found = difference(old, new)
    assert [(hunk.path, hunk.adds_file, hunk.removes_file) for hunk in found.hunks] == [
        ("empty.py", True, False),
        ("gone.py", False, True),
        ("new.py", True, False),
    ]
    assert found.binary == ("lib.so",)
    assert edits_of(old, found.hunks) == {"empty.py": b"", "gone.py": None, "new.py": b"z\n"}


def test_a_long_hunk_is_cut_where_its_paragraphs_begin() -> None:
    body = [b"    pass\n"] * 5
    added = b"".join([b"\n", b"def one():\n", *body, b"\n", b"def two():\n", *body])
    (hunk,) = between(b"", added)
    one, two = pieces(hunk)
    assert b"".join(one.new).startswith(b"\ndef one")
    assert b"".join(two.new).startswith(b"def two")
    assert with_hunks(b"", [two]) == b"".join([b"def two():\n", *body])


def test_a_short_hunk_stays_whole() -> None:
    (hunk,) = between(b"a\n", b"b\n\nc\n")
    assert pieces(hunk) == (hunk,)


def test_what_replaces_something_stays_in_one_piece() -> None:
    old = b"".join(b"old %d\n" % number for number in range(10))
    new = b"\n".join(b"new %d\n" % number for number in range(10))
    (hunk,) = between(old, new)
    assert pieces(hunk) == (hunk,)


def test_another_kind_of_line_end_is_no_change_and_mixed_ones_are_left_alone() -> None:
    assert with_ends_of(b"a\nb\n", b"a\r\nc\r\n") == b"a\nc\n"
    assert with_ends_of(b"a\r\nb\r\n", b"a\nc\n") == b"a\r\nc\r\n"
    assert with_ends_of(b"a\nb\n", b"a\r\nc\n") == b"a\r\nc\n"
    assert with_ends_of(b"a\r\nb\n", b"a\nc\n") == b"a\nc\n"
