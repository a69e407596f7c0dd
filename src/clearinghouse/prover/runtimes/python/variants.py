"""Builds the controls of grade B from an installed target: the null target, other names, another spelling.

Each catches scripts that make the effect themselves: an inert stub must stay silent; vulnerable code must fire whatever
it calls itself and however its files hash; fixed code must stay silent whatever it calls itself.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from clearinghouse.core.proof import Variant
from clearinghouse.prover.runtimes.python.distribution import recorded_files
from clearinghouse.prover.trees import link_tree, open_to_read, write_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from clearinghouse.prover.cache import Cache
    from clearinghouse.prover.installed import Installed

_SHORTEST_NUMBERS = 2
_RECIPE = 2  # of the null target and the re-spelt copy: what an older one made is not taken for its own
_INERT = '''"""An inert stub: every name exists and does nothing."""
__version__ = version = VERSION = {version!r}
__all__ = []


class _Inert:
    def __call__(self, *a, **k):
        return a[0] if len(a) == 1 and callable(a[0]) and not k else self
    def __getattr__(self, name):
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return self
    def __mro_entries__(self, bases):
        return ()
    def __iter__(self):
        return iter(())
    def __await__(self):
        return iter(())
    def __aiter__(self):
        return self
    async def __anext__(self):
        raise StopAsyncIteration
    def __enter__(self):
        return self
    def __exit__(self, *a):
        return False
    async def __aenter__(self):
        return self
    async def __aexit__(self, *a):
        return False
    def __getitem__(self, key):
        return self
    def __setitem__(self, key, value):
        pass
    def __contains__(self, item):
        return False
    def __len__(self):
        return 0
    def __bool__(self):
        return False
    def __str__(self):
        return ""
    __repr__ = __str__
    def __int__(self):
        return 0
    __index__ = __int__
    def __float__(self):
        return 0.0
    def __fspath__(self):
        return "/nonexistent"
    def __hash__(self):
        return 0
    def __eq__(self, other):
        return self is other


_INERT = _Inert()


def __getattr__(name):
    if name.startswith("__") and name.endswith("__"):
        raise AttributeError(name)
    return _INERT
'''


def build_variant(cache: Cache, base: Installed, variant: Variant, other_version: str | None = None) -> Installed:
    """The variant of an installed release, built once. `other_version` is the name it takes, for the renamed ones."""
    suffix = f"{variant.value}-{other_version}" if other_version else f"{variant.value}.{_RECIPE}"
    place = base.tree.parent.with_name(f"{base.tree.parent.name}.{suffix}")
    if not (place / "done").is_file():
        with cache.lock(place.name):
            if not (place / "done").is_file():
                with cache.workshop(place) as folder:
                    tree = folder / "tree"
                    if variant is Variant.NULL_TARGET:
                        _null(base, tree)
                    elif variant is Variant.V_RESPELT:
                        _edited(base, tree, _respell)
                    else:
                        assert other_version is not None
                        _renamed(base, tree, other_version)
                    open_to_read(folder)
                    (folder / "done").touch()
    metadata = _renamed_folder(base, other_version) if other_version else base.metadata
    own = recorded_files(place / "tree" / metadata) if other_version else base.own
    return replace(base, tree=place / "tree", metadata=metadata, own=own)


def stale(edited: Iterable[str], path: str) -> bool:
    """Whether a path is the compiled form of an edited source."""
    return _cached(set(edited), path)


def _cached(own: set[str], path: str) -> bool:
    """Whether a path is the compiled form of an own source, stale once that source is edited."""
    pure = PurePosixPath(path)
    if pure.parent.name != "__pycache__" or pure.suffix != ".pyc":
        return False
    return (pure.parent.parent / (pure.name.split(".")[0] + ".py")).as_posix() in own


def _write(path: Path, text: str) -> None:
    write_file(path, text.encode("utf-8", "surrogateescape"))


def _read(path: Path) -> str:
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as stream:
        return stream.read()


def _edited(base: Installed, tree: Path, edit: Callable[[str], str]) -> None:
    """The tree with every own Python source passed through `edit`."""
    edits = {path: edit(_read(base.tree / path)) for path in base.own if path.endswith(".py")}
    changed = {path for path, text in edits.items() if text != _read(base.tree / path)}
    link_tree(base.tree, tree, lambda path: path in changed or _cached(changed, path))
    for path in changed:
        _write(tree / path, edits[path])


def _respell(text: str) -> str:
    """A comment at the end and one near the top, which moves every line; an encoding's line stays where it is."""
    ending = "\r\n" if "\r\n" in text else "\n"
    comment = f"# spelt again{ending}"
    mark = "\ufeff" if text.startswith("\ufeff") else ""
    lines = text.removeprefix(mark).splitlines(keepends=True)
    top = next((number for number, line in enumerate(lines[:2]) if line.strip() and not line.startswith("#")), 2)
    first, rest = "".join(lines[:top]), "".join(lines[top:])
    joint = "" if first.endswith(("\n", "\r")) or not first else ending
    last = "" if rest.endswith(("\n", "\r")) or not rest else ending
    return f"{mark}{first}{joint}{comment}{rest}{last}{comment}"


def _renamed_folder(base: Installed, version: str) -> str:
    name = base.metadata.removesuffix(".dist-info").rsplit("-", 1)[0]
    return f"{name}-{version}.dist-info"


def _renamed(base: Installed, tree: Path, version: str) -> None:
    """Let a release call itself `version`: its metadata, and literals equal to its version in its own sources."""
    literal = re.compile(rf"(['\"]){re.escape(base.version)}\1")
    numbers, new_numbers = re.findall(r"\d+", base.version), re.findall(r"\d+", version)
    sequence = re.compile(r"([(\[]\s*)" + r"\s*,\s*".join(numbers) + r"(?=\s*[,)\]])")
    swap = len(numbers) >= _SHORTEST_NUMBERS

    def rename(text: str) -> str:
        text = literal.sub(lambda found: f"{found[1]}{version}{found[1]}", text)
        return sequence.sub(lambda found: found[1] + ", ".join(new_numbers), text) if swap else text

    _edited(base, tree, rename)
    old, new = tree / base.metadata, tree / _renamed_folder(base, version)
    old.rename(new)
    described = new / "METADATA"
    _write(described, re.sub(r"(?m)^Version: .*$", f"Version: {version}", _read(described), count=1))
    record = new / "RECORD"
    _write(record, _read(record).replace(base.metadata + "/", new.name + "/"))


def _null(base: Installed, tree: Path) -> None:
    """Every own module replaced by an inert one under the same name; metadata and companions stay."""
    own = set(base.own)
    link_tree(
        base.tree,
        tree,
        lambda path: _cached(own, path) or (path in own and not path.startswith(base.metadata + "/")),
    )
    stub = _INERT.format(version=base.version)
    for path in base.own:
        pure = PurePosixPath(path)
        if pure.suffix == ".py":
            _write(tree / path, stub)
        elif pure.suffix in {".so", ".pyd"}:
            _write(tree / pure.parent / (pure.name.split(".")[0] + ".py"), stub)
