"""The guide for npm packages shows bundles that parse."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from clearinghouse.core.manifest_parser import parse_manifest

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "prove-npm-packages.md"
BLOCKS = re.findall(r"```toml\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
HEAD = 'schema = "clearinghouse.proof/1"\n[claim]\ntitle = "A claim"\n'
TARGET = '[target]\npackage = "pkg:npm/x"\nvulnerable = "1.0.0"\nfixed = "1.0.1"\n'
ORACLES = {"$size": "cpu", "canary.exec": "exec"}


@pytest.mark.parametrize("block", BLOCKS)
def test_each_example_is_part_of_a_bundle(block: str) -> None:
    name = next((oracle for mark, oracle in ORACLES.items() if mark in block), "write")
    target = "" if "[target]" in block else TARGET
    oracle = "" if "[oracle]" in block else f'[oracle]\nname = "{name}"\n'
    assert parse_manifest(f"{HEAD}{target}{block}{oracle}", ()).runtime.language == "node"
