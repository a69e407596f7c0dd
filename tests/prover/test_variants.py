"""The controls of a script: what each variant of an installed release changes, and that it changes nothing else."""

from __future__ import annotations

import ast
import asyncio
import importlib.util
import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

from clearinghouse.core.proof import Variant
from clearinghouse.prover.cache import Cache
from clearinghouse.prover.runtimes.python.distribution import import_names, recorded_files, trespass
from clearinghouse.prover.runtimes.python.variants import build_variant
from tests.prover.targets import SOURCES, installed

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    from clearinghouse.prover.installed import Installed

VERSIONS = """\
# coding: latin-1
VERSION = "1.0.1"
SINGLE = '1.0.1'
TUPLE = (1, 0, 1)
LIST = [1,0,1, "final"]
TOO_LONG = "1.0.10"
PART = "version 1.0.1"
OTHER = (1, 0, 2)
RANGE = (0, 1, 0, 1)
INDEX = table[1:0:1]
"""


def snapshot(tree: Path) -> dict[str, bytes]:
    """Every file of a tree with its content."""
    return {str(path.relative_to(tree)): path.read_bytes() for path in sorted(tree.rglob("*")) if path.is_file()}


@pytest.fixture
def base(tmp_path: Path) -> Installed:
    sources = {
        **SOURCES,
        "fake/versions.py": VERSIONS,
        "fake/crlf.py": "a = 1\r\nb = 2",
        "fake/empty.py": "",
        "one.py": "",
    }
    found = installed(tmp_path / "targets" / "fake-1.0.1", "1.0.1", sources)
    (found.tree / "fake" / "__pycache__").mkdir()
    for name in ("core", "versions"):
        (found.tree / "fake" / "__pycache__" / f"{name}.cpython-311.pyc").write_bytes(b"stale")
    (found.tree / "__pycache__").mkdir()
    (found.tree / "__pycache__" / "helper.cpython-311.pyc").write_bytes(b"companion's")
    return found


def build(base: Installed, variant: Variant, other: str | None = None) -> Installed:
    return build_variant(Cache(base.tree.parent.parent.parent), base, variant, other)


@pytest.mark.parametrize(
    ("variant", "other"),
    [(Variant.NULL_TARGET, None), (Variant.V_RESPELT, None), (Variant.V_NAMED_F, "2.0"), (Variant.F_NAMED_V, "2.0")],
)
def test_no_variant_touches_the_installed_release_or_its_companion(
    base: Installed, variant: Variant, other: str | None
) -> None:
    before = snapshot(base.tree)
    built = build(base, variant, other)
    assert snapshot(base.tree) == before
    assert (built.tree / "helper.py").samefile(base.tree / "helper.py")
    assert (built.tree / "__pycache__" / "helper.cpython-311.pyc").is_file()
    assert built.tree != base.tree


def test_a_variant_is_built_once(base: Installed) -> None:
    first = build(base, Variant.V_RESPELT)
    inode = (first.tree / "fake" / "core.py").stat().st_ino
    assert build(base, Variant.V_RESPELT) == first
    assert (first.tree / "fake" / "core.py").stat().st_ino == inode


def test_a_variant_cut_short_is_built_anew(base: Installed) -> None:
    built = build(base, Variant.V_RESPELT)
    leftover = built.tree.parent.with_name(f".{built.tree.parent.name}.killed")
    built.tree.parent.rename(leftover)
    again = build(base, Variant.V_RESPELT)
    assert (again.tree / "fake" / "core.py").is_file()
    assert not leftover.exists()


def test_respelling_changes_the_bytes_of_every_own_source_and_the_meaning_of_none(base: Installed) -> None:
    built = build(base, Variant.V_RESPELT)
    for path in (path for path in base.own if path.endswith(".py")):
        old, new = (base.tree / path).read_bytes(), (built.tree / path).read_bytes()
        assert len(new) > len(old)
        assert ast.dump(ast.parse(new)) == ast.dump(ast.parse(old))
        for before, after in zip(ast.walk(ast.parse(old)), ast.walk(ast.parse(new)), strict=True):
            if isinstance(before, ast.stmt) and isinstance(after, ast.stmt):
                assert after.lineno > before.lineno, "code keyed on where a line stands must see another place"
    assert (built.tree / "fake" / "crlf.py").read_bytes().endswith(b"# spelt again\r\n")
    assert not (built.tree / "fake" / "__pycache__" / "core.cpython-311.pyc").exists()


def test_another_name_changes_what_equals_the_version_and_nothing_that_resembles_it(base: Installed) -> None:
    built = build(base, Variant.V_NAMED_F, "2.0")
    assert (built.tree / "fake" / "versions.py").read_text().splitlines()[1:] == [
        'VERSION = "2.0"',
        "SINGLE = '2.0'",
        "TUPLE = (2, 0)",
        'LIST = [2, 0, "final"]',
        'TOO_LONG = "1.0.10"',
        'PART = "version 1.0.1"',
        "OTHER = (1, 0, 2)",
        "RANGE = (0, 1, 0, 1)",
        "INDEX = table[1:0:1]",
    ]
    assert (built.tree / "fake" / "core.py").samefile(base.tree / "fake" / "core.py")
    assert not (built.tree / "fake" / "__pycache__" / "versions.cpython-311.pyc").exists()
    assert (built.tree / "fake" / "__pycache__" / "core.cpython-311.pyc").exists()


def test_another_name_stands_in_the_metadata(base: Installed) -> None:
    built = build(base, Variant.V_NAMED_F, "2.0")
    info = built.tree / "fake-2.0.dist-info"
    assert built.metadata == info.name
    assert "Version: 2.0\n" in (info / "METADATA").read_text()
    assert not (built.tree / base.metadata).exists()
    assert built.own == recorded_files(info)
    assert all((built.tree / path).is_file() for path in built.own)


def test_a_single_number_is_no_version_to_look_for_in_sequences(tmp_path: Path) -> None:
    base = installed(tmp_path / "targets" / "fake-7", "7", {"fake.py": "A = (7, 8)\nB = '7'\n"})
    assert (build(base, Variant.V_NAMED_F, "8").tree / "fake.py").read_text() == "A = (7, 8)\nB = '8'\n"


def load(tree: Path, name: str) -> ModuleType:
    """A module of a tree, without leaving it among the imported ones."""
    spec = importlib.util.spec_from_file_location(f"null_{name}", tree / f"{name.replace('.', '/')}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module


async def _use(inert: Any) -> list[Any]:
    async with inert as held:
        assert held is inert
    await inert
    return [item async for item in inert]


def test_the_null_target_answers_every_name_and_does_nothing(base: Installed) -> None:
    built = build(base, Variant.NULL_TARGET)
    module = load(built.tree, "fake.core")
    inert = module.spawn
    assert module.__version__ == "1.0.1"
    assert inert("x") is inert
    assert inert.any.name.at["all"](1, k=2) is inert
    assert list(inert) == []
    assert (len(inert), bool(inert), int(inert), float(inert), str(inert), os.fspath(inert)) == (
        0, False, 0, 0.0, "", "/nonexistent",
    )  # fmt: skip
    assert asyncio.run(_use(inert)) == []
    with inert as held:
        assert held is inert

    class Child(inert):  # type: ignore[misc]
        x = 1

    assert Child.x == 1

    @inert
    def decorated() -> int:
        return 3

    assert decorated() == 3
    with pytest.raises(AttributeError):
        _ = module.__path__


def test_the_null_target_keeps_no_own_file_but_the_metadata(base: Installed) -> None:
    built = build(base, Variant.NULL_TARGET)
    for path in (path for path in base.own if not path.startswith(base.metadata)):
        assert "inert stub" in (built.tree / path).read_text()
    assert (built.tree / base.metadata / "METADATA").samefile(base.tree / base.metadata / "METADATA")
    assert not list((built.tree / "fake").glob("__pycache__/*"))


def test_an_extension_module_becomes_an_inert_one(tmp_path: Path) -> None:
    sources = {"fake/__init__.py": "", "fake/fast.cpython-311-x86_64-linux-gnu.so": "\x7fELF", "fake/data.bin": "x"}
    base = installed(tmp_path / "targets" / "fake-1.0.1", "1.0.1", sources)
    built = build(base, Variant.NULL_TARGET)
    assert sorted(path.name for path in (built.tree / "fake").iterdir()) == ["__init__.py", "fast.py"]


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (["pkg/a.py", "pkg/b.py"], {"pkg"}),
        (["mod.py", "_c.cpython-311.so", "x.pth"], {"mod", "_c", "x"}),
        (["pkg-1.dist-info/RECORD", "bin/tool", "README.md", "pkg-1.data/x"], set()),
    ],
)
def test_the_names_that_files_make_importable(files: list[str], names: set[str]) -> None:
    assert import_names(files) == names


def test_only_files_inside_the_tree_are_the_targets_own(tmp_path: Path) -> None:
    info = tmp_path / "a-1.dist-info"
    info.mkdir()
    (info / "RECORD").write_text("a.py,,\n../../bin/a,,\n/etc/x,,\nb/../../c.py,,\na.pyc,,\nb\\c.py,,\n")
    assert recorded_files(info) == ("a.py",)


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ("helper.py,,\n", None),
        ("fake/core.py,,\n", 'provides "fake/core.py", which belongs to the target'),
        ("fake/extra.py,,\n", 'provides "fake", which belongs to the target'),
        ("json/__init__.py,,\n", 'provides "json", a name of the standard library'),
        ("argparse.py,,\n", 'provides "argparse", a name of the standard library'),
    ],
)
def test_a_companion_may_not_stand_in_the_targets_place(base: Installed, record: str, words: str | None) -> None:
    (base.tree / "helper-2.0.dist-info" / "RECORD").write_text(record)
    fault = trespass(base, {"helper"})
    assert fault is None if words is None else words in (fault or "")
    assert trespass(base, set()) is None
