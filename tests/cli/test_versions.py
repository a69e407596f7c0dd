"""`clearinghouse versions`: records to compare with are read from one object or many, and bad ones name their line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import zstandard

from clearinghouse.cli.versions import _records, read_records
from clearinghouse.core.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    from pathlib import Path

BUNDLE = """\
schema = "clearinghouse.proof/1"
[claim]
title = "x"
aliases = ["CVE-2020-0001"]
[target]
package = "pkg:pypi/Giz_mo"
vulnerable = "1.0"
fixed = "1.1"
[run]
call = "gizmo:x"
[oracle]
name = "recursion"
"""
RECORD = {
    "id": "PYSEC-1",
    "aliases": ["CVE-2020-0001"],
    "affected": [{"package": {"ecosystem": "PyPI", "name": "giz.mo"}}],
}


def test_records_are_read_from_one_object_or_one_a_line_compressed_or_not(tmp_path: Path) -> None:
    lines = "\n".join(json.dumps({**RECORD, "id": f"PYSEC-{n}"}) for n in range(3)) + "\n"
    (tmp_path / "one.json").write_text(json.dumps(RECORD, indent=1))
    (tmp_path / "many.jsonl").write_text(lines)
    (tmp_path / "many.jsonl.zst").write_bytes(zstandard.ZstdCompressor().compress(lines.encode()))
    assert [record["id"] for record in read_records(tmp_path / "one.json")] == ["PYSEC-1"]
    for name in ("many.jsonl", "many.jsonl.zst"):
        assert [record["id"] for record in read_records(tmp_path / name)] == ["PYSEC-0", "PYSEC-1", "PYSEC-2"]


@pytest.mark.parametrize(("text", "words"), [("{}\n{", "line 2: is not JSON"), ("[]", "line 1: is no OSV record")])
def test_a_bad_record_names_its_line(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "bad.jsonl").write_text(text)
    with pytest.raises(InvalidInput, match=words):
        list(read_records(tmp_path / "bad.jsonl"))


def test_only_records_about_the_same_package_and_alias_are_compared(tmp_path: Path) -> None:
    (tmp_path / "bundle").mkdir()
    (tmp_path / "bundle" / "proof.toml").write_text(BUNDLE)
    other = {**RECORD, "id": "PYSEC-2", "affected": [{"package": {"ecosystem": "PyPI", "name": "gadget"}}]}
    (tmp_path / "many.jsonl").write_text(f"{json.dumps(RECORD)}\n{json.dumps(other)}\n")
    assert [record["id"] for record in _records(tmp_path / "many.jsonl", tmp_path / "bundle")] == ["PYSEC-1"]
    (tmp_path / "other.json").write_text(json.dumps(other))
    with pytest.raises(NotFound, match="CVE-2020-0001"):
        _records(tmp_path / "other.json", tmp_path / "bundle")
