"""A small target with its companion, installed by hand: what runs import, without any package index."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from clearinghouse.prover.runtimes.python.distribution import read_installed
from clearinghouse.prover.runtimes.python.runtime import PythonRuntime

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from clearinghouse.core.manifest import Target
    from clearinghouse.prover.installed import Installed

CORE = '''\
"""What proofs are made about."""
import asyncio, ctypes, functools, json, os, pathlib, subprocess, sys, threading, time, types
from os import system
from subprocess import Popen
from textwrap import dedent

import helper

HERE = pathlib.Path("/")
LOCK = threading.Lock()
RUN = functools.partial(os.system, "true")
METHOD = types.MethodType(RUN, "true")
BLOCKED = ["file"]


def show(*args, **kwargs):
    return args, kwargs


WITH_ONE = functools.partial(show, 1)


@functools.lru_cache
def cached(number):
    return number * 2


def apply(function, value):
    return function(value)


def find(name):
    return getattr(os, name)


def find_all():
    return [os.system]


def kinds(*args):
    return [type(arg).__name__ for arg in args]


def fail(words):
    raise FakeError(words)


def sloppy(value):
    return value + 1


def spawn(command):
    return os.system(command)


def spawn_by_companion(command):
    return helper.call(os.system, command)


def spawn_in_thread(command):
    worker = threading.Thread(target=os.system, args=(command,))
    worker.start()
    worker.join()


def evaluate(text):
    return eval(text)


def write(path):
    with open(path, "w") as stream:
        stream.write("x")


REPORT = 3  # where the harness says what it saw


def append_to(descriptor, text):
    os.write(descriptor, text.encode())


def read(path):
    with open(path) as stream:
        return stream.read()


def tell(path):
    print(read(path))


def fetch(url, headers={}, body=None):
    from urllib.request import Request, urlopen
    return urlopen(Request(url, body, headers), timeout=5).read().decode()


def environment(name):
    return os.environ.get(name)


def dive(depth):
    return dive(depth + 1)


def crash():
    return ctypes.string_at(0)


def leave(status):
    os._exit(status)


def kill(number):
    os.kill(os.getpid(), number)


def square(text):
    count = 0
    for _ in text:
        for _ in text:
            count += 1
    return count


def hold_square(text):
    return len(bytearray(64 * len(text) ** 2))


def hold(mib):
    return len(bytearray(mib << 20))


def stop(status):
    sys.exit(status)


def line(text):
    count = 0
    for _ in range(300):
        for _ in text:
            count += 1
    return count


def spin(endless):
    while endless:
        pass


def boast(words):
    line = json.dumps({"done": True, "text": words, "recursion": True, "effect": "open", "function": "x"})
    print(line)
    print(line, file=sys.stderr)


def numbers(count):
    yield from range(count)


async def soon(value):
    await asyncio.sleep(0)
    return value


async def numbers_soon(count):
    for number in range(count):
        yield number


async def gather(source):
    return [item async for item in source]


class FakeError(ValueError):
    pass


class Box:
    limit = 3
    kinds = {}

    def __init__(self, value=None):
        self.value = value
        self.items = [self]

    def __repr__(self):
        return "Box(%r)" % (self.value,)

    def get(self):
        return self.value

    def check(self, value):
        return value < self.limit

    @classmethod
    def make(cls, value):
        return cls(value)


class SubBox(Box):
    pass


class Calling:
    def __call__(self, value):
        return ["called", value]


class Awkward:
    def __repr__(self):
        raise RuntimeError("no repr")


CALLING = Calling()
'''

HELPER = '''\
"""The companion."""
import functools


def call(function, *args):
    return function(*args)


def touch(path):
    open(path, "w").close()


def double(value):
    return 2 * value


HALF = functools.partial(double)
'''

SOURCES = {
    "fake/__init__.py": '__version__ = "1.0.1"\nversion_info = (1, 0, 1)\n',
    "fake/core.py": CORE,
}

# What the proofs of test_prove.py are about: two releases, the second mends three bugs.
INIT = '__version__ = "{version}"\n'
VULNERABLE = """\
def load(text):
    return eval(text)

def greet(name):
    return "Hello " + name

def count(text):
    return sum(1 for a in text for b in text)

def tally(text):
    return sum(1 for a in text) + sum(1 for a in text)

def dedent(text):
    return text
"""
FIXED = """\
import ast
from textwrap import dedent

def load(text):
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return None

def greet(name):
    return "Hello " + name.replace("<", "&lt;")

def count(text):
    return len(text) ** 2

def tally(text):
    return sum(1 for a in text)
"""


def installed(place: Path, version: str, sources: Mapping[str, str], name: str = "fake") -> Installed:
    """These sources as an installed release of `name` at `place`, with a companion that is not its own."""
    tree = place / "tree"
    info = f"{name}-{version}.dist-info"
    metadata = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "x\n",
    }
    record = "".join(f"{path},sha256={_digest(text)},{len(text)}\n" for path, text in {**sources, **metadata}.items())
    files = {**sources, **metadata, f"{info}/RECORD": record + f"{info}/RECORD,,\n"}
    files |= {"helper.py": HELPER, "helper-2.0.dist-info/RECORD": "helper.py,,\nhelper-2.0.dist-info/RECORD,,\n"}
    for path, text in files.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text, encoding="utf-8")
        (tree / path).chmod(0o644)
    for folder in [place, tree, *(path for path in tree.rglob("*") if path.is_dir())]:
        folder.chmod(0o755)
    (place / "requirements.txt").write_text(f"{name}=={version} --hash=sha256:{_digest(record)}\n", encoding="utf-8")
    return read_installed(place, name, version)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class HandMade(PythonRuntime):
    """Releases made by hand in place of installed ones."""

    __slots__ = ()

    def install(self, target: Target, version: str) -> Installed:
        """A release, fixed from 1.0.2 on."""
        body = VULNERABLE if version < "1.0.2" else FIXED
        place = self.cache.root / "targets" / f"{target.name}-{version}"
        if place.is_dir():
            return read_installed(place, target.name, version)
        return installed(place, version, {"fake/__init__.py": INIT.format(version=version), "fake/load.py": body})
