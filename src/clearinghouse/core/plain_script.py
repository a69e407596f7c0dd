"""Decides whether a finder's Python script is plain: it hands data to the target, holds no effect, and decides nothing.

A script shares the target's process, so whatever watches it there can be deceived. What a plain script can do is told
by reading it instead: it imports the target and harmless modules, calls them, and prints. It branches on its own
arguments alone, it computes nothing from what the target says, and it holds nothing with which it could bring about an
effect by itself.
"""

from __future__ import annotations

import ast
import builtins
from typing import TYPE_CHECKING

from clearinghouse.core.plain_names import COMPUTE, Names, NotPlain, check_part
from clearinghouse.core.plain_syntax import in_bundle
from clearinghouse.core.syntax import parsed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_MOST_BYTES = 64 * 1024
_TYPES = {"bool", "bytes", "float", "int", "object", "str"}
_CALLED = COMPUTE | _TYPES | {"classmethod", "open", "print", "property", "staticmethod"}
# Data of the standard library, which may be handed on without being called; so may what is spelt in capitals.
_DATA = {"os.environ", "os.sep", "os.linesep", "sys.argv", "sys.byteorder", "sys.maxsize", "sys.stdin", "sys.stdout",
         "sys.stderr"}  # fmt: skip
# An error that a changed interface brings must not look like silence: a plain script does not catch it.
_CAUGHT = {
    "ConnectionError", "FileNotFoundError", "IsADirectoryError", "NotADirectoryError", "OSError", "OverflowError",
    "PermissionError", "RecursionError", "RuntimeError", "UnicodeDecodeError", "UnicodeEncodeError", "UnicodeError",
    "ValueError",
}  # fmt: skip
_RAISED = _CAUGHT | {"Exception", "IndexError", "KeyError", "NotImplementedError", "StopIteration", "TypeError"}
# Methods with which data becomes an effect. Called, they show who called them; handed on, they do not.
_EFFECTS = (
    "bind", "chmod", "connect", "copy", "emit", "exec", "extract", "fork", "handle", "hardlink", "kill", "link", "mk",
    "move", "open", "popen", "remove", "rename", "replace", "rmdir", "rmtree", "run", "spawn", "symlink",
    "system", "touch", "unlink", "write",
)  # fmt: skip


def why_not_plain(argv: Iterable[str], files: Mapping[str, bytes], provided: Iterable[str]) -> str | None:
    """The first thing that makes a script run not plain, with its place; or None.

    `files` are the bundle's; `provided` the import names of the target and its companions.
    """
    program, *rest = argv
    names = frozenset(provided)
    if program == "python" and len(rest) > 1 and rest[0] == "-m":
        return None if rest[1].split(".")[0] in names else f"the run starts {rest[1]}, which is not the target's"
    sources = {path: text for path, text in files.items() if path.endswith(".py")}
    if program != "python" or not rest or rest[0] not in sources:
        return f"the run starts {' '.join([program, *rest[:1]])}, which is no Python script of the bundle"
    siblings = frozenset(path.rsplit("/", 1)[-1].removesuffix(".py") for path in sources)
    for path, source in sorted(sources.items()):
        if len(source) > _MOST_BYTES:
            return f"{path} is longer than {_MOST_BYTES} bytes"
        try:
            _check(parsed(source), Names(names, siblings))
        except NotPlain as found:
            return f"{path} {found}"
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return f"{path} cannot be read as Python"
    return None


def _check(tree: ast.Module, names: Names) -> None:
    """Raise NotPlain at the first fault of a file."""
    names.read(tree)
    parents = {child: parent for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)}
    for node in ast.walk(tree):
        _check_decision(node, names)
        _check_name(node, parents, names)
        _check_change(node, names)
        _check_computing(node, names)
        _check_opening(node, names)


def _check_decision(node: ast.AST, names: Names) -> None:
    """Branches hang on the script's own arguments alone."""
    tests: list[ast.expr] = []
    match node:
        case ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) | ast.Assert(test=test):
            tests = [test]
        case ast.BoolOp(values=tests):
            pass
        case ast.comprehension(ifs=tests):
            pass
        case ast.Match():
            tests = [node.subject]
        case ast.For(iter=values, body=body) | ast.AsyncFor(iter=values, body=body):
            if not names.knows(values) and not all(map(_prints, body)):
                raise NotPlain(node, "does as often as the target says; it may only print there")
        case ast.Try() | ast.TryStar():
            _check_try(node, names)
        case _:
            pass
    if not all(map(names.knows, tests)):
        raise NotPlain(node, "decides by what the target or the machine says")


def _check_try(node: ast.Try | ast.TryStar, names: Names) -> None:
    if len(node.body) != 1 or not all(map(_prints, [*node.orelse, *(s for h in node.handlers for s in h.body)])):
        raise NotPlain(node, "tries more than one statement, or does more than print after an error")
    for handler in node.handlers:
        kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        for kind in kinds:
            caught = isinstance(kind, ast.Name) and kind.id in _CAUGHT
            if kind is None or not (caught or names.root(kind) in names.target):
                raise NotPlain(handler, "catches errors of which a changed interface may be the cause")


def _prints(statement: ast.stmt) -> bool:
    """Whether a statement does nothing but print or pass."""
    if isinstance(statement, ast.Pass):
        return True
    if not isinstance(statement, ast.Expr):
        return False
    calls = [node for node in ast.walk(statement) if isinstance(node, ast.Call)]
    plain = {"print", "str", "repr", "len", "type"}
    named = [call.func.id for call in calls if isinstance(call.func, ast.Name)]
    methods = [call.func.attr for call in calls if isinstance(call.func, ast.Attribute)]
    whole = isinstance(statement.value, ast.Constant) or "print" in named
    return whole and len(named) + len(methods) == len(calls) and {*named} <= plain and {*methods} <= {"decode", "hex"}


def _check_name(node: ast.AST, parents: Mapping[ast.AST, ast.AST], names: Names) -> None:
    """What a script may spell, and what it may hand on without calling it."""
    parent = parents.get(node)
    if isinstance(node, ast.Attribute):
        if node.attr.startswith("__") and not (node.attr == "__init__" and _calls(node.value, "super")):
            raise NotPlain(node, f"reaches for {node.attr}")
        if not _is_called(node, parent) and not isinstance(parent, ast.Attribute) and isinstance(node.ctx, ast.Load):
            _check_handed(node, node.attr, names)
    if isinstance(node, ast.Attribute | ast.Name) and (dotted := names.dotted(node)):
        check_part(node, dotted)
        outermost = not isinstance(parent, ast.Attribute)
        if outermost and not _is_called(node, parent) and not (dotted in _DATA or dotted.rsplit(".", 1)[-1].isupper()):
            raise NotPlain(node, f"hands on {dotted} without calling it")
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        _check_builtin(node, parent, names)


def _check_builtin(node: ast.Name, parent: ast.AST | None, names: Names) -> None:
    name = node.id
    if name in names.target | names.own | names.known or name in {"__file__", "__name__"}:
        return
    if name in _RAISED or name in _TYPES or (name in _CALLED and _is_called(node, parent)):
        return
    if name in _CALLED:
        raise NotPlain(node, f"hands on {name} without calling it")
    if hasattr(builtins, name) or name.startswith("__"):
        raise NotPlain(node, f"uses {name}")


def _check_handed(node: ast.Attribute, name: str, names: Names) -> None:
    if name.lower().startswith(_EFFECTS) and names.dotted(node) not in _DATA:
        raise NotPlain(node, f"hands on .{name} without calling it")


def _is_called(node: ast.AST, parent: ast.AST | None) -> bool:
    """Whether a name stands where it is called, derived from, annotates or is caught, rather than handed on."""
    match parent:
        case ast.Call(func=func):
            return func is node
        case ast.ClassDef() | ast.ExceptHandler() | ast.arg() | ast.AnnAssign() | ast.FunctionDef():
            return True
        case _:
            return False


def _calls(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def _check_change(node: ast.AST, names: Names) -> None:
    """A script may set data on an object that it made, never code, and nothing on what it imported."""
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            if isinstance(target, ast.Attribute):
                root = names.root(target.value)
                data = node.value is not None and _is_data(node.value, names)
                if root is None or root in names.target or root in names.standard or (root != "self" and not data):
                    raise NotPlain(node, f"changes .{target.attr} of something that is not its own")
    elif isinstance(node, ast.Delete | ast.Global | ast.Nonlocal):
        raise NotPlain(node, "deletes or rebinds names")


def _is_data(node: ast.AST, names: Names) -> bool:
    """Whether a value is known and holds no function."""
    held = {item.id for item in ast.walk(node) if isinstance(item, ast.Name)}
    lambdas = any(isinstance(item, ast.Lambda) for item in ast.walk(node))
    return names.knows(node) and not lambdas and not held & names.own


def _check_computing(node: ast.AST, names: Names) -> None:
    """What the target says may be printed and handed back to it; nothing is computed from it."""
    match node:
        case ast.BinOp() | ast.Compare() | ast.UnaryOp():
            doubtful = not names.knows(node)
        case ast.Subscript(slice=index):
            doubtful = not names.knows(index)
        case ast.Call(func=func):
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            ours = names.root(func) in names.own | {"print", "super"} or (names.dotted(func) or "").startswith(
                "asyncio."
            )
            theirs = not names.knows(func)
            doubtful = not (ours or theirs or names.knows(node)) and not all(map(names.knows, given))
        case _:
            doubtful = False
    if doubtful:
        raise NotPlain(node, "computes with what the target or the machine says")


def _check_opening(node: ast.AST, names: Names) -> None:
    """Files of the bundle and of its own folder only; nobody's descriptors."""
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id == "open" and not in_bundle(node):
            raise NotPlain(node, "opens what is not spelt out as a file of its own")
        theirs = names.root(node.func) in names.target
        if not theirs and any(keyword.arg in {None, "fileno", "opener"} for keyword in node.keywords):
            raise NotPlain(node, "passes a descriptor, an opener, or arguments that it does not name")
