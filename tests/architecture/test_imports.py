"""Imports go down only, the core stays pure, and a planted violation is found."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, cast

import pytest

from tests.architecture.source import PACKAGE, ROOT, package_files, project, short, tree

LINT_IMPORTS = Path(sys.executable).parent / "lint-imports"
WORLD = {
    "open", "input", "print", "eval", "exec", "__import__", "breakpoint",
    "import_module", "now", "utcnow", "today", "fromtimestamp", "uuid1", "uuid4", "getenv", "urandom",
}  # fmt: skip


def _lint(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [str(LINT_IMPORTS), "--no-cache", "--no-logo"]
    environment = {**os.environ, "PYTHONPATH": str(folder / "src"), "NO_COLOR": "1", "COLUMNS": "200"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60)


def _contracts() -> dict[str, dict[str, Any]]:
    tool = cast("dict[str, Any]", project()["tool"])
    return {contract["id"]: contract for contract in tool["importlinter"]["contracts"]}


def test_the_import_contracts_are_kept() -> None:
    result = _lint(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "0 broken" in result.stdout


@pytest.mark.parametrize(
    ("name", "content", "contract"),
    [
        ("gossip/__init__.py", '"""A room without a layer."""\n', "gossip"),
        ("core/gossip.py", '"""Impure."""\nimport os\n', "core and formats are pure"),
        ("core/gossip.py", '"""Upward."""\nimport clearinghouse.prover\n', "Imports go down only"),
        (
            "prover/gossip.py",
            '"""Needs a server."""\nimport django\n',
            "the prover, and the evaluation of agents by it, work without the server",
        ),
        ("cli/gossip.py", '"""Reads tables."""\nimport clearinghouse.cases.models\n', "never the tables"),
        ("adapters/gossip.py", '"""Knows a room."""\nimport clearinghouse.cases\n', "know no room"),
    ],
    ids=["no layer", "impure core", "upward", "prover needs a server", "door reads tables", "adapter knows a room"],
)
def test_a_planted_violation_breaks_the_contract_that_forbids_it(
    tmp_path: Path, name: str, content: str, contract: str
) -> None:
    shutil.copytree(PACKAGE, tmp_path / "src" / "clearinghouse", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    planted = tmp_path / "src" / "clearinghouse" / name
    planted.parent.mkdir(exist_ok=True)
    planted.write_text(content)
    result = _lint(tmp_path)
    assert result.returncode != 0
    assert contract in result.stdout + result.stderr
    assert "gossip" in result.stdout + result.stderr


def test_every_room_with_tables_is_named_in_the_contracts_about_rooms() -> None:
    rooms = {f"clearinghouse.{path.parent.name}" for path in PACKAGE.glob("*/models.py")}
    assert rooms <= set(_contracts()["adapters-know-no-room"]["forbidden_modules"])
    assert rooms <= set(_contracts()["doors-know-no-table"]["allowed_importers"])


def test_core_and_formats_ask_neither_the_clock_nor_chance_nor_the_world() -> None:
    found = []
    for path in package_files():
        if path.relative_to(PACKAGE).parts[0] not in {"core", "formats"}:
            continue
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if called in WORLD:
                    found.append(f"{short(path)}:{node.lineno} {called}()")
    assert found == []


def test_the_purity_contract_forbids_what_the_design_forbids() -> None:
    forbidden = set(_contracts()["pure"]["forbidden_modules"])
    assert {"django", "sqlite3", "socket", "subprocess", "os", "time", "random"} <= forbidden
