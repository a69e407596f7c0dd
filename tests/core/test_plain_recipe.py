"""A recipe is plain when it compiles the target's own sources and nothing else."""

from __future__ import annotations

import pytest

from clearinghouse.core.plain_recipe import why_not_plain

PLAIN = ["cc", "-O2", "-DNAME", "-DN=1", "-Iinclude", "-lm", "-std=c99", "src/*.c", "main.cc", "-o", "thing"]


def test_a_call_of_the_compiler_on_the_targets_sources_is_plain() -> None:
    assert why_not_plain(PLAIN, ["thing", "-x", "files/input"]) is None


@pytest.mark.parametrize(
    ("changed", "into"),
    [
        ("cc", "sh"),
        ("cc", "gcc"),
        ("main.cc", "files/harness.c"),
        ("main.cc", "/proof/files/harness.c"),
        ("main.cc", "a/../../proof/files/harness.c"),
        ("main.cc", "-include"),
        ("-Iinclude", "-Ifiles/include"),
        ("-Iinclude", "-I/proof/files"),
        ("-DN=1", "-DN=abort();"),
        ("-DN=1", "-Wl,--wrap=malloc"),
        ("-DN=1", "@files/arguments"),
        ("-DN=1", "$(id)"),
        ("thing", "../thing"),
        ("-o", "-c"),
    ],
)
def test_anything_else_is_for_a_person(changed: str, into: str) -> None:
    recipe = [into if part == changed else part for part in PLAIN]
    assert why_not_plain(recipe, [recipe[-1]]) is not None


def test_the_run_must_start_what_was_built() -> None:
    assert why_not_plain(PLAIN, ["sh", "-c", "thing"]) is not None
    assert why_not_plain(PLAIN, ["files/thing"]) is not None
