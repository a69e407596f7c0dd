from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from clearinghouse.cli.demo_inputs import read_inputs
from clearinghouse.core.errors import InvalidInput

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """
[[report]]
finder = "Lab One"
path = "proofs/one"
[[report]]
id = "one-again"
finder = "Lab Two"
path = "proofs/one"
[[assess]]
package = "pkg:pypi/gizmo"
input = "mission"
value = "high"
because = "it is everywhere"
[expect]
reports = 2
cases = 1
together = [["one", "one-again"]]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "demo.toml"
    path.write_text(text)
    return path


def test_a_demo_names_reports_by_their_file_or_their_id_and_finds_files_beside_itself(tmp_path: Path) -> None:
    read = read_inputs(written(tmp_path, GOOD))
    assert [sent.key for sent in read.reports] == ["one", "one-again"]
    assert read.reports[0].path == tmp_path / "proofs" / "one"
    assert read.expected.counts == {"reports": 2, "cases": 1}
    assert read.expected.together == (("one", "one-again"),)
    assert read.stated[0].value == "high"


def test_the_digest_changes_with_what_is_sent_and_not_with_what_is_expected(tmp_path: Path) -> None:
    read = read_inputs(written(tmp_path, GOOD))
    digest = read.digest([b"a", b"b"])
    assert read_inputs(written(tmp_path, GOOD.replace("cases = 1", "cases = 2"))).digest([b"a", b"b"]) == digest
    assert read.digest([b"a", b"c"]) != digest
    assert read_inputs(written(tmp_path, GOOD.replace("Lab Two", "Lab Six"))).digest([b"a", b"b"]) != digest
    assert read_inputs(written(tmp_path, GOOD.replace('"high"', '"low"'))).digest([b"a", b"b"]) != digest


def test_the_digest_changes_with_the_version_of_the_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = read_inputs(written(tmp_path, GOOD))
    before = read.digest([b"a", b"b"])
    monkeypatch.setattr("clearinghouse.cli.demo_inputs.__version__", "99")
    assert read.digest([b"a", b"b"]) != before


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('finder = "Lab One"', "finder = 1", "report 1: finder must be a text"),
        ('finder = "Lab One"', 'finds = "x"', "report 1: unknown key 'finds'"),
        ('id = "one-again"', 'id = "one"', "report: one twice"),
        ('value = "high"', 'value = "huge"', "assess 1: mission = 'huge' is no input"),
        ("cases = 1", "cases = -1", "expect: cases must be a count"),
        ("cases = 1", "cases = true", "expect: cases must be a count"),
        ("cases = 1", "cases = 1\nbugs = 2", "expect: unknown key 'bugs'"),
        ('"one-again"]]', '"two"]]', "expect: together names 'two', which no report is called"),
        ('together = [["one", "one-again"]]', 'apart = [["one"]]', "expect: apart holds pairs"),
        ('together = [["one", "one-again"]]', "together = 3", "expect: together must be a list of lists"),
        (GOOD, "", "report: there is none"),
        (GOOD, "report = 3", "report: write each as a table [[report]]"),
        (GOOD, "[[", "Invalid"),
    ],
)
def test_what_is_wrong_is_named_with_its_file_and_key(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert old in GOOD
    path = written(tmp_path, GOOD.replace(old, new))
    with pytest.raises(InvalidInput) as error:
        read_inputs(path)
    assert str(path) in str(error.value)
    assert words.lower() in str(error.value).lower()


def test_inputs_that_are_not_there_are_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="--inputs"):
        read_inputs(tmp_path / "none.toml")
