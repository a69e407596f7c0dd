"""Sources are parsed safely from several threads at once."""

from __future__ import annotations

import gc
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from clearinghouse.core.syntax import parsed

if TYPE_CHECKING:
    import ast

SOURCE = "\n".join(f"x{n} = [[[[[[[[{n} + 1]]]]]]]]" for n in range(60))


class Waiting:
    """Garbage whose end lets another thread run: it is collected while a tree is made."""

    def __init__(self) -> None:
        self.itself = self

    def __del__(self) -> None:
        time.sleep(0)


def test_threads_that_parse_at_once_all_get_their_trees() -> None:
    def parse(source: str) -> ast.Module:
        garbage = [Waiting() for _ in range(50)]
        tree = parsed(source)
        del garbage
        return tree

    thresholds = gc.get_threshold()
    gc.set_threshold(10)
    try:
        with ThreadPoolExecutor(4) as lanes:
            trees = list(lanes.map(parse, [SOURCE] * 60))
    finally:
        gc.set_threshold(*thresholds)

    assert {len(tree.body) for tree in trees} == {60}


def test_what_is_no_python_is_a_syntax_error() -> None:
    with pytest.raises(SyntaxError):
        parsed("def (")
