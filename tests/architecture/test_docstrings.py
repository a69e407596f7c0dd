"""Every module and public name says what it decides or promises."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from tests.architecture.source import package_files, short, tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def _public_definitions(node: ast.Module | ast.ClassDef, prefix: str = "") -> Iterator[tuple[str, Definition]]:
    for child in node.body:
        if not isinstance(child, Definition) or child.name.startswith("_"):
            continue
        if isinstance(node, ast.ClassDef) and (child.name == "Meta" or _continues_another(child)):
            continue
        yield prefix + child.name, child
        if isinstance(child, ast.ClassDef):
            yield from _public_definitions(child, f"{prefix}{child.name}.")


def _continues_another(node: Definition) -> bool:
    """An override, an overload or a setter: the docstring stands where the name is first defined."""
    names = {ast.unparse(decorator).rsplit(".", 1)[-1] for decorator in node.decorator_list}
    return bool(names & {"override", "overload", "setter"})


def _undocumented(path: Path) -> Iterator[str]:
    module = tree(path)
    if not ast.get_docstring(module):
        yield f"{short(path)}: the module"
    for name, node in _public_definitions(module):
        if not ast.get_docstring(node):
            yield f"{short(path)}:{node.lineno} {name}"


def test_every_module_and_public_name_has_a_docstring() -> None:
    assert [fault for path in package_files() for fault in _undocumented(path)] == []


def test_the_first_line_of_a_docstring_is_a_sentence() -> None:
    faults = [
        f"{short(path)}:{getattr(node, 'lineno', 1)} {first!r}"
        for path in package_files()
        for node in (tree(path), *(node for _, node in _public_definitions(tree(path))))
        if (text := ast.get_docstring(node)) and not (first := text.split("\n\n")[0].strip()).endswith((".", ":", "…"))
    ]
    assert faults == []
