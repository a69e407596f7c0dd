"""Answers questions about a Python script that its syntax alone can answer; core/plain_names.py asks them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# Methods that read what others may have written: files, sockets, buffers.
_READS = {
    "accept", "exists", "getcode", "getheader", "getresponse", "getvalue", "glob", "group", "is_dir", "is_fifo",
    "is_file", "is_mount", "is_socket", "is_symlink", "iterdir", "lstat", "makefile", "open", "owner", "read",
    "read_bytes", "read_text", "readline", "readlines", "readlink", "recv", "recv_into", "recvfrom", "recvfrom_into",
    "rglob", "samefile", "stat", "walk",
}  # fmt: skip
_PLACES = {"Path", "abspath", "dirname", "join", "joinpath", "parent", "parents", "path", "resolve", "with_name"}


def given(tree: ast.Module) -> dict[str, list[ast.AST | None]]:
    """Every variable with all that it is given; None is what cannot be known."""
    values: dict[str, list[ast.AST | None]] = {}
    for name, value in _bindings(tree):
        values.setdefault(name, []).append(value)
    return values


def _bindings(tree: ast.Module) -> Iterator[tuple[str, ast.AST | None]]:
    """What is bound, with what it is given."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            yield from ((name, node.value) for target in node.targets for name in _stored(target))
        elif isinstance(node, ast.AnnAssign | ast.AugAssign | ast.NamedExpr):
            yield from ((name, node.value) for name in _stored(node.target))
        elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
            yield from ((name, node.iter) for name in _stored(node.target))
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            yield from ((name, node.context_expr) for name in _stored(node.optional_vars))
        elif isinstance(node, ast.arg):
            yield node.arg, None
        elif isinstance(node, ast.ExceptHandler) and node.name:
            yield node.name, None


def _stored(target: ast.AST) -> list[str]:
    return [item.id for item in ast.walk(target) if isinstance(item, ast.Name) and isinstance(item.ctx, ast.Store)]


def callbacks(tree: ast.Module) -> list[ast.AST]:
    """The functions that others may call: methods, lambdas, decorated ones, and those whose name is handed on."""
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    handed = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called}
    found: list[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            if node.decorator_list or node.name in handed:
                found.append(node)
        elif isinstance(node, ast.ClassDef | ast.Lambda):
            found.append(node)
    return found


def held(node: ast.AST) -> set[str]:
    """The names that occur in a piece of code."""
    return {item.id for item in ast.walk(node) if isinstance(item, ast.Name)}


def reads(call: ast.Call) -> bool:
    """Whether a call looks at files."""
    if isinstance(call.func, ast.Attribute):
        return call.func.attr in _READS
    return isinstance(call.func, ast.Name) and call.func.id == "open"


def in_bundle(call: ast.Call) -> bool:
    """Whether the path that a call reads is spelt out and lies in the bundle: relative, or built from __file__."""
    place: ast.AST
    if isinstance(call.func, ast.Attribute):
        place = call.func.value
    elif call.args:
        place = call.args[0]
    else:
        return False
    for node in ast.walk(place):
        match node:
            case ast.Constant(value=str(text)):
                if text.startswith("/") or ".." in text:
                    return False
            case ast.Name(id=name):
                if name not in {"__file__", "open", "os", "pathlib", "Path"}:
                    return False
            case ast.Attribute(attr=name):
                if name not in _PLACES:
                    return False
            case ast.Call() | ast.BinOp() | ast.Div() | ast.expr_context():
                pass
            case _:
                return False
    return True
