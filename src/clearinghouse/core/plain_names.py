"""Decides, for a finder's Python script, where each name comes from and which values the target has no say in."""

from __future__ import annotations

import ast
import builtins
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from clearinghouse.core.plain_syntax import callbacks, given, held, in_bundle, reads

if TYPE_CHECKING:
    from collections.abc import Mapping

# Standard library that a plain script may import: it makes data, logs, or serves on the loopback.
MODULES = {
    "__future__", "asyncio", "base64", "binascii", "collections", "copy", "dataclasses", "datetime", "decimal", "email",
    "enum", "fractions", "gzip", "hashlib", "hmac", "html", "http", "io", "ipaddress", "itertools", "json", "logging",
    "math", "os", "pathlib", "re", "socket", "socketserver", "string", "struct", "sys", "tarfile", "textwrap",
    "threading", "time", "types", "typing", "unicodedata", "urllib", "uuid", "wsgiref", "xml", "zipfile", "zlib",
}  # fmt: skip
# Of these modules, only these names: what else they hold starts programs, finds things by name, or asks the machine.
_PARTS = {
    "asyncio": {"gather", "run", "sleep", "timeout", "wait_for"},
    "dataclasses": {"dataclass", "field"},
    "http": {"HTTPStatus", "client", "cookiejar", "cookies", "server"},
    "io": {"BytesIO", "StringIO", "TextIOWrapper"},
    "logging": {"Formatter", "Handler", "StreamHandler", "basicConfig", "getLogger"},
    "os": {"environ", "fsencode", "fspath", "getcwd", "linesep", "makedirs", "mkdir", "path", "sep"},
    "os.path": {"abspath", "basename", "commonpath", "dirname", "isabs", "join", "normpath", "relpath", "split",
                "splitext"},
    "socket": {"create_server", "socket"},
    "string": {"Template"},
    "sys": {"argv", "byteorder", "exit", "maxsize", "stderr", "stdin", "stdout"},
    "threading": {"Thread"},
    "types": {"MappingProxyType", "SimpleNamespace"},
    "typing": {"Any", "NamedTuple", "TypedDict"},
    "urllib": {"parse"},
    "uuid": {"UUID", "uuid4"},
}  # fmt: skip
_STARTS_PROGRAMS = "CGIHTTPRequestHandler"
COMPUTE = {
    "abs", "bool", "bytearray", "bytes", "chr", "dict", "divmod", "enumerate", "float", "frozenset", "hex", "int",
    "iter", "len", "list", "max", "min", "next", "ord", "pow", "range", "repr", "reversed", "round", "set", "slice",
    "sorted", "str", "sum", "super", "tuple", "type", "zip",
}  # fmt: skip
# What makes values that nobody can change afterwards.
_FINAL = {"bool", "bytes", "chr", "float", "frozenset", "hex", "int", "len", "ord", "range", "repr", "round", "str"}
_FINAL_CALLS = (
    "base64.",
    "binascii.",
    "html.",
    "json.dumps",
    "os.fs",
    "os.getcwd",
    "os.path.",
    "struct.pack",
    "urllib.parse.",
)
_TAKING = (
    "asyncio.",
    "http.",
    "logging.",
    "socketserver.",
    "threading.",
    "wsgiref.",
)  # may be given functions of the script


class NotPlain(Exception):
    """What makes a script not plain, with the line."""

    def __init__(self, node: ast.AST, why: str) -> None:
        super().__init__(f"line {getattr(node, 'lineno', 1)} {why}")


@dataclass(slots=True)
class Names:
    """The names of one file. `known` are variables that never hold anything the target or the machine said."""

    provided: frozenset[str]  # import names of the target and its companions
    siblings: frozenset[str]  # of the bundle's other files
    standard: dict[str, str] = field(default_factory=dict)  # name -> dotted name in the standard library
    target: set[str] = field(default_factory=set)
    own: set[str] = field(default_factory=set)  # functions and classes of the script
    known: set[str] = field(default_factory=set)

    def read(self, tree: ast.Module) -> None:
        """Learn the names of a file. Raises NotPlain for an import that a plain script may not have."""
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                for alias in node.names:
                    self._import(node, alias)
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                self.own.add(node.name)
        bound = given(tree)
        self._unambiguous(tree, bound)
        self.known = set(bound)
        while True:
            lost = {name for name in self.known if not all(value and self.knows(value) for value in bound[name])}
            lost |= self.known & self._open_to_others(tree, bound)
            if not lost:
                return
            self.known -= lost

    def _unambiguous(self, tree: ast.Module, bound: Mapping[str, object]) -> None:
        """A name means one thing: else a branch that is never taken could tell us a story."""
        imported = self.target | self.standard.keys()
        twice = imported & (self.own | bound.keys()) | self.target & self.standard.keys() | self.own & bound.keys()
        hidden = {
            name for name in imported | self.own | bound.keys() if hasattr(builtins, name) and name not in COMPUTE
        }
        if twice or hidden:
            raise NotPlain(tree, f"gives {min(twice | hidden)} more than one meaning")

    def _open_to_others(self, tree: ast.Module, bound: Mapping[str, list[ast.AST | None]]) -> set[str]:
        """Variables that the target may change in place: it was given them, or a function it may call holds them."""
        lasting = {name for name, values in bound.items() if all(value and self._final(value) for value in values)}
        touched = {name for function in callbacks(tree) for name in held(function)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and not (self.root(node.func) == "print" or self.knows(node.func)):
                touched |= {name for part in [*node.args, *node.keywords] for name in self._exposed(part)}
        return touched - lasting

    def _exposed(self, node: ast.AST) -> set[str]:
        """The names whose values go along with a value handed on; into texts and numbers none goes."""
        if self._final(node):
            return set()
        own = {node.id} if isinstance(node, ast.Name) else set()
        return own.union(*map(self._exposed, ast.iter_child_nodes(node)))

    def _final(self, node: ast.AST) -> bool:
        """Whether an expression makes a value that cannot be changed in place."""
        match node:
            case ast.BinOp(left=left, right=right):
                return self._final(left) or self._final(right)
            case ast.IfExp(body=left, orelse=right):
                return self._final(left) and self._final(right)
            case ast.Subscript(value=value):
                return self.dotted(value) in {"os.environ", "sys.argv"}
            case ast.Call(func=func):
                plain = isinstance(func, ast.Name) and func.id in _FINAL
                return plain or (self.dotted(func) or "").startswith(_FINAL_CALLS)
            case _:
                return isinstance(node, ast.Constant | ast.JoinedStr | ast.Compare)

    def _import(self, node: ast.Import | ast.ImportFrom, alias: ast.alias) -> None:
        chosen = isinstance(node, ast.ImportFrom)
        whole = f"{node.module}.{alias.name}" if isinstance(node, ast.ImportFrom) else alias.name
        top = whole.split(".")[0]
        name = alias.asname or (alias.name if chosen else top)
        if alias.name == "*" or (isinstance(node, ast.ImportFrom) and node.level):
            raise NotPlain(node, "imports names without listing them")
        if top in self.provided:
            self.target.add(name)
        elif top in self.siblings:
            self.own.add(name)
        elif top in MODULES:
            self.standard[name] = whole if chosen or alias.asname else top
            check_part(node, whole)
        else:
            raise NotPlain(node, f"imports {top}, which is neither the target's nor known to be harmless")

    def dotted(self, node: ast.AST) -> str | None:
        """The standard-library name that an expression spells, or None."""
        if isinstance(node, ast.Name):
            return self.standard.get(node.id)
        if isinstance(node, ast.Attribute):
            before = self.dotted(node.value)
            return f"{before}.{node.attr}" if before else None
        return None

    def root(self, node: ast.AST) -> str | None:
        """The name at the beginning of a chain of attributes, or None where there is another thing."""
        while isinstance(node, ast.Attribute):
            node = node.value
        return node.id if isinstance(node, ast.Name) else None

    def knows(self, node: ast.AST) -> bool:
        """Whether a value is the script's own doing: neither the target nor a file of the machine has a say in it."""
        if isinstance(node, ast.Name):
            return node.id in self.known | self.standard.keys() | COMPUTE | {"__file__", "__name__", "open"}
        if isinstance(node, ast.expr_context):
            return True
        if isinstance(node, ast.Lambda):
            return self.knows(node.body)
        if isinstance(node, ast.Call):
            return self._knows_call(node)
        if isinstance(node, ast.comprehension):
            return self.knows(node.iter) and all(map(self.knows, node.ifs))
        return all(map(self.knows, ast.iter_child_nodes(node)))

    def _knows_call(self, node: ast.Call) -> bool:
        if reads(node) and not in_bundle(node):
            return False
        taking = (self.dotted(node.func) or "").startswith(_TAKING)
        parts = [node.func, *node.args, *node.keywords]
        return all(
            self.knows(part) or (taking and isinstance(part, ast.Name) and part.id in self.own) for part in parts
        )


def check_part(node: ast.AST, dotted: str) -> None:
    """Raise NotPlain for a name of the standard library that is not harmless in a harmless module."""
    parts = dotted.split(".")
    for depth in (1, 2):
        allowed = _PARTS.get(".".join(parts[:depth]))
        if allowed and len(parts) > depth and parts[depth] not in allowed and not parts[depth].isupper():
            raise NotPlain(node, f"uses {dotted}")
    if _STARTS_PROGRAMS in parts:
        raise NotPlain(node, f"uses {dotted}")
