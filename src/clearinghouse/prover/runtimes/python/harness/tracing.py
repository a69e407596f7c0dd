"""Finds the functions that a run entered and another release spells differently: where a fix most likely is."""

import io
import sys
import types

from .frames import TARGET, class_of, code_name, receiver_suffix

MAX_NAMES = 64


def _shape(code):
    """What a code object does, without where it stands."""
    constants = tuple(
        _shape(item) if isinstance(item, types.CodeType) else (type(item).__name__, repr(item))
        for item in code.co_consts
    )
    return (code.co_code, constants, code.co_names, code.co_varnames, code.co_freevars)


def _functions(code, prefix=""):
    """Every code object inside a compiled file by its dotted path of names."""
    found = {}
    for item in code.co_consts:
        if isinstance(item, types.CodeType):
            name = prefix + item.co_name
            found[name, item.co_firstlineno] = item
            found.update(_functions(item, name + "."))
    return found


def _compiled(path):
    try:
        with io.open(path, "rb") as stream:
            return compile(stream.read(), path, "exec", dont_inherit=True)
    except (OSError, SyntaxError, ValueError):
        return None


class Trace:
    """Records the own functions entered between start() and stop(), each at its last entry."""

    def __init__(self, owner):
        self.owner = owner
        self.entered = {}
        self._count = 0

    def _profile(self, frame, event, _argument):
        if event == "call":
            code = frame.f_code
            if self.owner.owns(code.co_filename):
                self._count += 1
                receiver = None
                if code.co_argcount and code.co_varnames[0] in ("self", "cls"):
                    receiver = frame.f_locals.get(code.co_varnames[0])
                self.entered[code] = (self._count, class_of(receiver))

    def start(self):
        """Begin to record."""
        sys.setprofile(self._profile)

    def stop(self):
        """End it."""
        sys.setprofile(None)

    def changed(self, other):
        """Names of the entered functions that differ in the tree `other`, the last entered first."""
        names, files = [], {}
        for code, (_, kind) in sorted(self.entered.items(), key=lambda item: -item[1][0]):
            path = code.co_filename
            if path not in files:
                here, there = _compiled(path), _compiled(other + path[len(TARGET) :])
                files[path] = (here, None if there is None else _by_name(there))
            here, there = files[path]
            if here is None or code.co_name.startswith("<"):
                continue
            shapes = None if there is None else there.get(_path_of(here, code))
            if shapes is None or _shape(code) not in shapes:
                name = code_name(code)
                names.append(name + receiver_suffix(kind, name))
            if len(names) >= MAX_NAMES:
                break
        return names


def _by_name(code):
    shapes = {}
    for (name, _line), item in _functions(code).items():
        shapes.setdefault(name, set()).add(_shape(item))
    return shapes


def _path_of(file_code, code):
    for (name, line), item in _functions(file_code).items():
        if line == code.co_firstlineno and item.co_name == code.co_name:
            return name
    return code.co_name
