"""Unified diffs are read as `diff -u` and `git diff` write them, and applied exactly or not at all."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearinghouse.formats.patch import FilePatch, HunkRejected, apply, read_patch

TEXTS = st.lists(st.sampled_from(["a", "b", "c", "", " d", "\te", "f\r", "g\x0c", "\\", "-h", "+i"]), max_size=30)


def diff(old: str, new: str) -> bytes:
    """What `diff -u` writes, the end of a last line without one included."""

    def lines(text: str) -> list[str]:
        parts = text.split("\n")
        return [f"{part}\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])

    written = difflib.unified_diff(lines(old), lines(new), "a/x.py", "b/x.py")
    return "".join(x if x.endswith("\n") else f"{x}\n\\ No newline at end of file\n" for x in written).encode()


def one(content: bytes) -> FilePatch:
    (patch,) = read_patch(content)
    return patch


@given(TEXTS, TEXTS, st.booleans(), st.booleans())
def test_the_difference_of_two_texts_makes_the_one_into_the_other(
    old: list[str], new: list[str], old_ends: bool, new_ends: bool
) -> None:
    before, after = "\n".join(old) + "\n" * old_ends, "\n".join(new) + "\n" * new_ends
    if before != after:
        assert apply(before, one(diff(before, after))) == after


BEFORE = "".join(f"line {number}\n" for number in range(40))
AFTER = BEFORE.replace("line 20\n", "line twenty\n")


def test_a_hunk_that_has_moved_is_found_where_all_its_lines_stand() -> None:
    patch = one(diff(BEFORE, AFTER))
    assert apply("more\n" * 7 + BEFORE, patch) == "more\n" * 7 + AFTER
    assert apply(BEFORE[BEFORE.index("line 10\n") :], patch) == AFTER[AFTER.index("line 10\n") :]


@pytest.mark.parametrize(
    "content",
    ["", BEFORE.replace("line 18\n", "line 18 \n"), AFTER, "x\n" + BEFORE + BEFORE],
    ids=["empty", "a space more in the context", "applied already", "two places"],
)
def test_a_hunk_that_does_not_fit_exactly_once_is_rejected_and_named(content: str) -> None:
    with pytest.raises(HunkRejected, match=r"hunk 1 of b/x\.py \(line 3 of the patch\)"):
        apply(content, one(diff(BEFORE, AFTER)))
