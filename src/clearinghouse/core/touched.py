"""Names the functions that a hunk touches.

Python, by the syntax tree: the innermost function, class or assignment around each changed line, as "module:qualname",
and "module:" for a line in none. JavaScript, by a rule on lines: the changed line, or the nearest above it that
is indented less than every line between, which reads as the head of a function, a class, a method or, without
indentation, an assignment; as "path:name". Other files: "path:".
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from clearinghouse.core.syntax import parsed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from clearinghouse.core.hunks import Hunk, Lines

_SCRIPTS = {".js", ".cjs", ".mjs", ".ts", ".cts", ".mts"}
_NAME = r"[A-Za-z_$][\w$]*"
_FUNCTION = r"(?:async\s+)?(?:function\b|\([^()]*\)\s*=>|[\w$]+\s*=>)"
_HEADS = (
    re.compile(rf"^\s*(?:export\s+)?(?:default\s+)?(?:async\s+)?function\s*\*?\s*({_NAME})"),
    re.compile(rf"^\s*(?:export\s+)?(?:default\s+)?class\s+({_NAME})"),
    re.compile(rf"^(?:export\s+)?(?:const|let|var)\s+({_NAME})\s*="),
    re.compile(rf"^\s*(?:const|let|var)\s+({_NAME})\s*=\s*{_FUNCTION}"),
    re.compile(rf"^((?:{_NAME}\.)*{_NAME})\s*=(?!=)"),
    re.compile(rf"^\s*((?:{_NAME}\.)*{_NAME})\s*=\s*{_FUNCTION}"),
    re.compile(rf"^\s*['\"]?({_NAME})['\"]?\s*:\s*{_FUNCTION}"),
    re.compile(rf"^\s*(?:static\s+|async\s+|get\s+|set\s+|\*\s*)*(#?{_NAME})\s*\([^;]*\)\s*\{{"),
)
_NOT_NAMES = {"if", "for", "while", "switch", "catch", "with", "return", "function"}


def touched(hunk: Hunk, old: Lines, new: Lines) -> tuple[str, ...]:
    """The functions that a hunk removes lines from or adds lines to; `old` and `new` are the file on either side."""
    found: dict[str, None] = {}
    for lines, start, changed in ((old, hunk.start, hunk.old), (new, hunk.start_new, hunk.new)):
        marked = [start + at for at, line in enumerate(changed) if line.strip()]
        found.update(dict.fromkeys(_named(hunk.path, lines, marked)))
    # Where the head of a class changes with its members, or comes with them, the class says it all.
    return tuple(name for name in found if not any(name.startswith(f"{other}.") for other in found))


def _named(path: str, lines: Lines, marked: Sequence[int]) -> list[str]:
    if not marked:
        return []
    suffix = "." + path.rpartition(".")[2]
    if suffix == ".py" and (tree := parse(b"".join(lines))) is not None:
        module = module_of(path)
        spans = list(_spans(tree, ""))
        return [f"{module}:{_innermost(spans, line + 1)}" for line in marked]
    if suffix in _SCRIPTS:
        texts = [line.decode("utf-8", "replace") for line in lines]
        return [f"{path}:{_head_above(texts, line)}" for line in marked]
    return [f"{path}:"]


def parse(source: bytes) -> ast.Module | None:
    """The syntax tree of Python source, or None where this interpreter reads none in it."""
    try:
        return parsed(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def module_of(path: str) -> str:
    """The dotted name under which a Python file is imported."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def _spans(node: ast.AST, prefix: str) -> Iterator[tuple[int, int, str]]:
    """First line, last line and qualified name of every definition and every assignment outside functions."""
    for child in ast.iter_child_nodes(node):
        first, last = getattr(child, "lineno", 0), getattr(child, "end_lineno", 0)
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = min([first, *(item.lineno for item in child.decorator_list)])
            name = f"{prefix}{child.name}"
            yield first, last, name
            inner = f"{name}." if isinstance(child, ast.ClassDef) else f"{name}.<locals>."
            yield from _spans(child, inner)
        elif isinstance(child, ast.Assign | ast.AnnAssign):
            targets = child.targets if isinstance(child, ast.Assign) else [child.target]
            names = [target.id for target in targets if isinstance(target, ast.Name)]
            if names and not prefix.endswith("<locals>."):
                yield first, last, f"{prefix}{names[0]}"
        elif isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case):
            yield from _spans(child, prefix)


def _innermost(spans: Sequence[tuple[int, int, str]], line: int) -> str:
    around = [(last - first, name) for first, last, name in spans if first <= line <= last]
    return min(around, key=lambda item: item[0])[1] if around else ""


def _head_above(lines: Sequence[str], line: int) -> str:
    limit = _indentation(lines[line]) + 1  # the changed line itself may be a head
    for text in reversed(lines[: line + 1]):
        if not text.strip() or _indentation(text) >= limit:
            continue
        limit = _indentation(text)
        name = next((found[1] for head in _HEADS if (found := head.match(text[:300]))), None)
        if name and name not in _NOT_NAMES:
            return name
    return ""


def _indentation(text: str) -> int:
    return len(text) - len(text.lstrip())
