"""Files and functions stay small enough to be read at once."""

from __future__ import annotations

import ast

from tests.architecture.source import committed_files, python_files, short, text_files, tree

LINES_OF_A_FILE = 500
LINES_OF_A_FUNCTION = 60
WRITTEN_BY_HAND = (".py", ".md", ".html", ".css", ".js", ".toml", ".sh", ".txt", ".svg")


def test_no_file_is_longer_than_500_lines() -> None:
    too_long = [
        f"{short(path)}: {text.count(chr(10))} lines"
        for path, text in text_files(*WRITTEN_BY_HAND)
        if text.count("\n") > LINES_OF_A_FILE and path.parent.name not in {"requirements", "vendor"}
    ]
    assert too_long == []


def test_no_function_is_longer_than_60_lines() -> None:
    too_long = [
        f"{short(path)}:{node.lineno} {node.name}: {lines} lines"
        for path in python_files()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > LINES_OF_A_FUNCTION
    ]
    assert too_long == []


def test_no_file_has_a_name_that_says_nothing() -> None:
    nameless = {"utils.py", "helpers.py", "util.py", "helper.py", "misc.py", "common.py"}
    assert [short(path) for path in committed_files() if path.name in nameless] == []


def test_a_room_has_no_admin_site_and_no_signals() -> None:
    forbidden = {"admin.py", "signals.py", "receivers.py", "managers.py"}
    assert [short(path) for path in python_files() if path.name in forbidden] == []
