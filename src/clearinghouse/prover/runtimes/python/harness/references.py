"""Resolves what a step names, and refuses every walk that leaves the target."""

import importlib
import sys
import types

from .channel import Broken, Refused
from .frames import is_target_file

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


def _dunder(name):
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


def _import(name):
    try:
        return importlib.import_module(name)
    except Exception as error:  # a target may raise anything on import
        raise Broken("cannot import %s: %s: %s" % (name, type(error).__name__, error))


def resolve(reference):
    """The object that "module:qualname" names. Raises Broken where it does not exist or may not be reached."""
    module_path, _, qualname = reference.partition(":")
    allowed = reference in ALLOWED
    module = _import(module_path)
    if not allowed and not module_is_target(module):
        raise Refused("%s is not part of the target or a companion, nor an allowed standard-library name" % reference)
    return walk(module, qualname.split("."), reference, checked=allowed)


def walk(start, parts, reference, checked=False):
    """Follow attributes (and digits, as indexes) from an object."""
    value = start
    for part in parts:
        if _dunder(part):
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
    """Raise Broken for a function or class that does not come from the target, a companion or the allowed list."""
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
        if not module_is_target(value.__module__) and _qualified(value) not in ALLOWED:
            raise Refused("%s is the class %s, from outside the target" % (reference, _qualified(value)))


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
    kind = type(value)
    plain = (types.MethodType, types.BuiltinFunctionType, types.FunctionType)
    if kind in plain or issubclass(kind, type):
        return
    if kind in (types.MethodDescriptorType, types.WrapperDescriptorType, types.MethodWrapperType):
        owner = getattr(value, "__objclass__", type(getattr(value, "__self__", None)))
        if owner in _DATA_TYPES or module_is_target(owner.__module__):
            return
        raise Refused("%s is a method of %s, from outside the target" % (reference, owner.__name__))
    if not module_is_target(kind.__module__):
        raise Refused("%s is a %s, whose class is from outside the target" % (reference, kind.__name__))
