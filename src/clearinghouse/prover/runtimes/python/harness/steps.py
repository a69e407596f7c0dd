"""Carries out the steps of form 1 on the target."""

import asyncio
import types

from .channel import Broken, Refused, say
from .frames import code_name, module_name, receiver_suffix
from .given import Given
from .references import CHANGES, CONTAINERS, MADE, callable_target, dunder, exists, refuse_foreign, resolve
from .values import Values

_TOLD_OF_A_CLASS = ("__module__", "__qualname__", "__doc__", "__slots__")
MAX_REPEATS = 10_000_000
WORTH_TELLING = 1 << 20


class Session:
    """One pass through a list of steps: the names bound, the last result, the last function of the target called."""

    def __init__(self, owner, size=None, given=None):
        self.owner = owner
        self.given = given or Given(())
        self.names = {}
        self.values = Values(self.names, owner, size)
        self.shared = {}  # containers that belong to a module or a class of the target, by id
        self.called = None  # the name of the last own function that a step called
        self.told = 0  # bytes that values took, as last said
        self.python = True  # whether that one is written in Python: then its errors leave frames in the target

    def run(self, steps):
        """Carry out steps; whatever the target raises comes through."""
        for step in steps:
            if "repeat" in step:
                count = self.values.number(step["repeat"])
                self.given.tell("repeat", count)
                if count > MAX_REPEATS:
                    raise Broken("repeat %d is more than %d" % (count, MAX_REPEATS))
                for _ in range(count):
                    self.run(step["do"])
            elif "set" in step:
                self._set(step)
            elif "get" in step:
                self._bind(step, self._reach(step["get"]))
            else:
                self._call(step)

    def _reach(self, reference):
        if ":" not in reference:
            return self.values.bound(reference)
        value = resolve(reference)
        holder = getattr(value, "__self__", None) if type(value) is types.BuiltinFunctionType else value
        if type(holder) in CONTAINERS:
            self.shared[id(holder)] = holder
        return value

    def _bind(self, step, value):
        self.names["result"] = value
        if "as" in step:
            self.names[step["as"]] = value

    def _set(self, step):
        holder, _, attribute = step["set"].rpartition(".")
        value = self.values.build(step["value"])
        owner = self.values.bound(holder)
        if dunder(attribute):
            raise Refused("%s names a double-underscore attribute" % step["set"])
        self._refuse_shared(owner, step["set"])
        _refuse_change(owner, attribute, step["set"])
        self.given.tell(step["set"], value)
        if attribute.isdigit():
            owner[int(attribute)] = value
        else:
            setattr(owner, attribute, value)

    def _call(self, step):
        function = self._reach(step["call"])
        callable_target(function, step["call"])
        if type(function) is types.BuiltinFunctionType and function.__name__ in CHANGES:
            self._refuse_shared(function.__self__, step["call"])
        args = self.values.build(step.get("args", []))
        kwargs = {key: self.values.build(value) for key, value in step.get("kwargs", {}).items()}
        if function is type:
            _refuse_methods(args)
        self.weigh(WORTH_TELLING)
        self.given.tell(step["call"], args, kwargs)
        self._note(function)
        result = function(*args, **kwargs)
        if function is type and len(args) == 3:
            MADE.append(result)
        if step.get("await"):
            result = asyncio.run(_awaited(result))
        if step.get("drain"):
            result = asyncio.run(_adrained(result)) if hasattr(result, "__aiter__") else list(result)
        self._bind(step, result)

    def _refuse_shared(self, holder, reference):
        if id(holder) in self.shared:
            raise Refused("%s changes data that a module or class of the target keeps" % reference)

    def weigh(self, least):
        """Say how many bytes the values took so far, before a call that may end the run; not for every little."""
        if self.values.built > 2 * self.told + least:
            self.told = self.values.built
            say(built=self.told)

    def _note(self, function):
        plain = getattr(function, "__func__", function)
        code = getattr(plain, "__code__", None)
        if code is not None and self.owner.owns(code.co_filename):
            name = code_name(code)
            self.called = name + receiver_suffix(getattr(function, "__self__", None), name)
            self.python = True
            return
        module = getattr(plain, "__module__", None) or getattr(getattr(plain, "__self__", None), "__name__", None)
        if isinstance(module, str) and self.owns_module(module):
            name = getattr(plain, "__qualname__", None) or getattr(plain, "__name__", None)
            self.called = "%s:%s" % (module, name or type(plain).__qualname__ + ".__call__")
            self.python = code is not None or isinstance(plain, type)

    def owns_module(self, module):
        """Whether a module's name belongs to the target's own files."""
        top = module.split(".")[0]
        return any(path.split("/")[0].split(".")[0] == top for path in self.owner.own)


async def _awaited(value):
    return await value


async def _adrained(value):
    return [item async for item in value]


def _refuse_change(owner, attribute, reference):
    """Steps may set data. Who may set code can make any release insecure."""
    kind = type(owner)
    if kind in (types.ModuleType, types.FunctionType, types.MethodType) or issubclass(kind, type):
        raise Refused("%s changes a %s of the target; set an attribute of an instance" % (reference, kind.__name__))
    for base in kind.__mro__:
        found = base.__dict__.get(attribute)
        if found is not None:
            if type(found) in (types.FunctionType, classmethod, staticmethod):
                raise Refused("%s replaces a method of %s" % (reference, base.__name__))
            return


def _refuse_methods(args):
    """A class made by a step holds data only; a callable of the target's may stand in it, foreign ones may not."""
    if len(args) == 3 and isinstance(args[2], dict):
        for name, value in args[2].items():
            if dunder(name) and name not in _TOLD_OF_A_CLASS:
                raise Refused("builtins:type attribute %s is one of the interpreter's own" % name)
            if name == "__module__" and (type(value) is not str or exists(value)):
                raise Refused("builtins:type makes a class under the name of the module %r" % (value,))
            if callable(value):
                refuse_foreign(value, "builtins:type attribute %s" % name)


__all__ = ["Session", "module_name"]
