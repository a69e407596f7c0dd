"""Sources are parsed safely from several threads at once."""

from __future__ import annotations

import ast
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest

from clearinghouse.core.syntax import parsed

# Each line makes the parser warn, and a warning runs Python, where another thread may take over.
SOURCE = "\n".join(f'def f{n}(x):\n    return x is {n} or "\\d"' for n in range(40))


def test_threads_that_parse_at_once_all_get_their_trees() -> None:
    with warnings.catch_warnings(), ThreadPoolExecutor(4) as lanes:
        warnings.simplefilter("ignore", SyntaxWarning)
        warnings.simplefilter("ignore", DeprecationWarning)
        trees = list(lanes.map(parsed, [SOURCE] * 40))

    assert {len(tree.body) for tree in trees} == {40}
    assert all(isinstance(tree, ast.Module) for tree in trees)


def test_what_is_no_python_is_a_syntax_error() -> None:
    with pytest.raises(SyntaxError):
        parsed("def (")
