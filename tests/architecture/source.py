"""What the architecture tests look at: the files of this repository, its modules, and the order of its layers."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from unittest.mock import patch

import clearinghouse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "clearinghouse"


@cache
def committed_files() -> tuple[Path, ...]:
    """Every file that is, or would be, committed: tracked or new, and not ignored."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    paths = [ROOT / name for name in listing.stdout.decode().split("\0") if name]
    return tuple(sorted(path for path in paths if path.is_file() and not path.is_symlink()))


def text_files(*suffixes: str) -> Iterator[tuple[Path, str]]:
    """The committed files that are text, with their text; of the given endings, or all."""
    for path in committed_files():
        if suffixes and path.suffix not in suffixes:
            continue
        try:
            yield path, path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def python_files() -> tuple[Path, ...]:
    """The project's own Python: not the scripts inside proof bundles, which stand for what strangers send."""
    return tuple(p for p in committed_files() if p.suffix == ".py" and ROOT / "examples" not in p.parents)


def package_files() -> tuple[Path, ...]:
    """The Python of the package itself, without generated migrations."""
    return tuple(p for p in python_files() if PACKAGE in p.parents and p.parent.name != "migrations")


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def short(path: Path) -> str:
    """A path as messages show it."""
    return str(path.relative_to(ROOT))


@cache
def project() -> dict[str, object]:
    """pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@cache
def layers() -> tuple[tuple[str, ...], ...]:
    """The layers of the package, top first, as the import contract has them; several names share one layer."""
    tool = project()["tool"]
    assert isinstance(tool, dict)
    (contract,) = (c for c in tool["importlinter"]["contracts"] if c["id"] == "layers")
    return tuple(
        tuple(name.strip(" ()") for name in layer.replace(":", "|").split("|")) for layer in contract["layers"]
    )


@cache
def modules() -> tuple[ModuleType, ...]:
    """Every module of the package, imported; needs Django to be set up."""
    found = pkgutil.walk_packages(clearinghouse.__path__, "clearinghouse.")
    with patch.dict(sys.modules):  # what it keeps out of the signer's process, others load
        alone = importlib.import_module("clearinghouse.adapters.signing.alone")
    apart = {alone.__name__: alone}
    return tuple(
        apart.get(module.name) or importlib.import_module(module.name)
        for module in found
        if not module.name.endswith("__main__")
    )
