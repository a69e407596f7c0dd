"""Parses Python, one source at a time: CPython counts the depth of its tree for all threads together.

Two threads that parse at once can end in `SystemError: AST constructor recursion depth mismatch` (seen under 3.11.7).
"""

from __future__ import annotations

import ast
import threading

_ONE = threading.Lock()


def parsed(source: str | bytes) -> ast.Module:
    """The syntax tree of a source. Raises what `ast.parse` raises."""
    with _ONE:
        return ast.parse(source)
