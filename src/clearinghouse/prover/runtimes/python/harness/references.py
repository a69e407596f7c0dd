"""Resolves what a step names, and refuses every walk that leaves the target."""

import functools
import importlib
import importlib.machinery
import importlib.util
import sys
import types

from .channel import Broken, Refused
from .frames import TARGET, is_target_file

# Plain data makers of the standard library; nothing here opens, runs or connects.
ALLOWED = {
    "builtins:str", "builtins:bytes", "builtins:bytearray", "builtins:list", "builtins:dict", "builtins:tuple",
    "builtins:set", "builtins:frozenset", "builtins:int", "builtins:float", "builtins:bool", "builtins:len",
    "builtins:next", "builtins:iter", "builtins:type", "builtins:repr", "builtins:sorted", "builtins:hash",
    "builtins:object", "io:BytesIO", "io:StringIO", "_io:BytesIO", "_io:StringIO", "datetime:datetime", "datetime:date",
    "datetime:timedelta", "datetime:timezone", "types:SimpleNamespace", "email.message:Message", "logging:getLogger",
    "logging:Logger", "logging:StreamHandler", "logging:Formatter", "decimal:Decimal", "http.cookies:SimpleCookie",
    "urllib.request:Request",
}  # fmt: skip
_DATA_TYPES = (str, bytes, bytearray, list, dict, tuple, set, frozenset, int, float, bool, type(None))


# The interpreter's own records: from them every module's names can be read and changed.
_RECORDS = (types.FrameType, types.CodeType, types.TracebackType)


_CACHED = type(functools.lru_cache(lambda: None))  # what functools.lru_cache makes of a function
_WRAPPED = 10  # wrappers around wrappers that are looked through
# Methods of builtin containers that change them.
CHANGES = frozenset((
    "append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse", "update", "setdefault", "popitem", "add",
    "discard", "difference_update", "intersection_update", "symmetric_difference_update",
))  # fmt: skip
CONTAINERS = (list, dict, set, bytearray)
MADE = []  # classes that steps made of data and of classes of the target
_FORMATS = ("format", "format_map")
_DEEPEST, _WIDEST = 3, 64  # of containers, when looking for callables in what is handed over


def dunder(name):
    """Whether a name is one of the interpreter's own."""
    return name.startswith("__") and name.endswith("__")


def module_is_target(module):
    """Whether a module (object or name) comes from the installed tree."""
    if isinstance(module, str):
        module = sys.modules.get(module)
    if module is None:
        return False
    path = getattr(module, "__file__", None)
    if isinstance(path, str):
        return is_target_file(path)
    return any(is_target_file(str(part) + "/") for part in getattr(module, "__path__", ()))


def _in_tree(name):
    """Whether the tree has a module of that name: others are not even imported, for importing runs them."""
    return importlib.machinery.PathFinder.find_spec(name.partition(".")[0], [TARGET]) is not None


def exists(name):
    """Whether there is a module of that name, loaded or not."""
    top = name.partition(".")[0]
    return top in sys.modules or importlib.util.find_spec(top) is not None


def prepare(reference):
    """Import the module of a reference ahead of time, if that can be; what is wrong with it, the step will say."""
    module = reference.partition(":")[0]
    if reference in ALLOWED or _in_tree(module):
        try:
            importlib.import_module(module)
        except Exception:  # it may need an earlier step first
            pass


def _import(name):
    try:
        return importlib.import_module(name)
    except Exception as error:  # a target may raise anything on import
        raise Broken("cannot import %s: %s: %s" % (name, type(error).__name__, error))


def resolve(reference):
    """The object that "module:qualname" names. Raises Broken where it does not exist or may not be reached."""
    module_path, _, qualname = reference.partition(":")
    allowed = reference in ALLOWED
    foreign = not allowed and not _in_tree(module_path)
    if foreign and not exists(module_path):
        raise Broken("cannot import %s: there is no such module" % module_path)
    module = None if foreign else _import(module_path)
    if not allowed and not module_is_target(module):
        raise Refused("%s is not part of the target or a companion, nor an allowed standard-library name" % reference)
    return walk(module, qualname.split("."), reference, checked=allowed)


def walk(start, parts, reference, checked=False):
    """Follow attributes (and digits, as indexes) from an object."""
    value = start
    for part in parts:
        if dunder(part):
            raise Refused("%s names a double-underscore attribute" % reference)
        if type(value) in _RECORDS:
            raise Refused("%s walks into a %s of the interpreter" % (reference, type(value).__name__))
        if part.isdigit():
            try:
                value = value[int(part)]
            except Exception as error:
                raise Broken("%s: no item %s: %s" % (reference, part, error))
            continue
        try:
            value = getattr(value, part)
        except AttributeError as error:
            raise Broken("%s does not exist: %s" % (reference, error))
        # type(), not isinstance(): a lazy proxy runs code when its __class__ is read.
        if type(value) is types.ModuleType and not module_is_target(value):
            raise Refused("%s walks into the module %s, outside the target" % (reference, value.__name__))
    if not checked:
        refuse_foreign(value, reference)
    return value


def _qualified(value):
    module = getattr(value, "__module__", None)
    return "%s:%s" % (module, getattr(value, "__qualname__", getattr(value, "__name__", "?")))


def refuse_foreign(value, reference):
    """Raise Refused for anything callable that does not come from the target, a companion or the allowed list."""
    value = _unwrapped(value)
    kind = type(value)
    if kind is types.MethodType:
        value = value.__func__
        kind = type(value)
    if kind is types.BuiltinFunctionType:
        owner = value.__self__
        if type(owner) is types.ModuleType:
            if not module_is_target(owner) and _qualified(value) not in ALLOWED:
                raise Refused("%s is %s.%s, from outside the target" % (reference, owner.__name__, value.__name__))
        elif not _is_data_or_target(owner):
            raise Refused("%s is a method of %s, from outside the target" % (reference, type(owner).__name__))
        return
    if kind is types.FunctionType:
        if not is_target_file(value.__code__.co_filename):
            raise Refused("%s is %s, from outside the target" % (reference, _qualified(value)))
        return
    if issubclass(kind, type):
        known = value in _DATA_TYPES or any(value is made for made in MADE)
        if not known and not module_is_target(value.__module__) and _qualified(value) not in ALLOWED:
            raise Refused("%s is the class %s, from outside the target" % (reference, _qualified(value)))
        return
    if any("__call__" in base.__dict__ for base in kind.__mro__) and not module_is_target(kind.__module__):
        _refuse_descriptor(value, kind, reference)


def _refuse_descriptor(value, kind, reference):
    if kind in (types.MethodDescriptorType, types.WrapperDescriptorType, types.MethodWrapperType):
        owner = getattr(value, "__objclass__", type(getattr(value, "__self__", None)))
        if owner in _DATA_TYPES or module_is_target(owner.__module__):
            return
        raise Refused("%s is a method of %s, from outside the target" % (reference, owner.__name__))
    raise Refused("%s is a %s, whose class is from outside the target" % (reference, kind.__name__))


def _unwrapped(value):
    """The function inside functools.partial, lru_cache, and methods of them."""
    for _ in range(_WRAPPED):
        kind = type(value)
        if kind is functools.partial:
            value = value.func
        elif kind is _CACHED:
            value = value.__wrapped__
        elif kind is types.MethodType:
            value = value.__func__
        else:
            break
    return value


def refuse_handing_over(value, reference, owns, depth=0):
    """Raise Refused where a step hands over what the target would call for it: anything foreign, or a companion's.

    A companion's function may be called by a step, but the target calling it would make its effect the target's. An
    object of a companion's, and what is bound to one, may be handed over: protocols between packages are made of them.
    """
    refuse_foreign(value, reference)
    plain = _unwrapped(value)
    kind = type(plain)
    if kind is types.FunctionType and type(value) is not types.MethodType and not owns(plain.__code__.co_filename):
        raise Refused(
            "%s is %s of a companion, which may be called but not handed over" % (reference, _qualified(plain))
        )
    if kind is types.BuiltinFunctionType and type(plain.__self__) is types.ModuleType:
        if not owns(getattr(plain.__self__, "__file__", None) or "") and _qualified(plain) not in ALLOWED:
            raise Refused("%s is %s of a companion, which may be called but not handed over"
                          % (reference, _qualified(plain)))  # fmt: skip
    if depth < _DEEPEST and kind in (list, tuple, set, frozenset, dict):
        inner = list(value.values() if kind is dict else value)[:_WIDEST]
        for item in inner:
            refuse_handing_over(item, reference, owns, depth + 1)


def _is_data_or_target(owner):
    kind = owner if type(owner) is type else type(owner)
    return kind in _DATA_TYPES or module_is_target(kind.__module__) or _qualified(kind) in ALLOWED or _made_here(kind)


def _made_here(kind):
    """Plain data of allowed classes: iterators over builtin containers and streams in memory."""
    return kind.__module__ in ("builtins", "_io") and kind.__name__ in (
        "BytesIO", "StringIO", "generator", "dict_keys", "dict_items", "dict_values", "list_iterator", "dict_iterator",
        "mappingproxy", "coroutine", "async_generator", "bytes_iterator", "memoryview",
    )  # fmt: skip


def callable_target(value, reference):
    """Check that calling `value` stays inside the rules; instances with __call__ must be of a class of the target."""
    refuse_foreign(value, reference)
    if type(value) is types.BuiltinFunctionType and type(value.__self__) is str and value.__name__ in _FORMATS:
        raise Refused("%s looks up attributes that steps may not name" % reference)
