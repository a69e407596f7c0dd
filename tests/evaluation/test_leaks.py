"""What would give a task away is found wherever it stands, and what a task shows anyway is no leak."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from clearinghouse.core.manifest import OracleSpec
from clearinghouse.core.proof import OracleName
from clearinghouse.core.review.tasks import Family
from clearinghouse.evaluation.suites.leaks import leaks, secrets_of, tree_leaks
from clearinghouse.evaluation.suites.masking import masked
from clearinghouse.evaluation.suites.prompts import effect_of, prompt_for
from tests.evaluation.materials import FIX, MANIFEST, material

if TYPE_CHECKING:
    from pathlib import Path

REPRODUCE = secrets_of(material(), Family.REPRODUCE, 1)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (b"see cve-2020-12345", "the id cve-2020-12345"),
        (b"see CVE-1999-0001, another", "the id CVE-1999-0001"),
        (b"OUR-7", "the id our-7"),
        (b"try evil enough to", "of the trigger"),
        (b"go --quietly on", "of the trigger"),
        (b"x\ndef parse_nothing_at_all(self, text):\n", "of the fix"),
    ],
)
def test_ids_pieces_of_the_trigger_and_lines_of_the_fix_are_found(given: bytes, words: str) -> None:
    found = leaks(REPRODUCE, {"a file": given})

    assert len(found) == 1
    assert found[0].startswith("a file holds ")
    assert words in found[0]


@pytest.mark.parametrize("given", [b"a plain text with nothing in it", b"plain", b"evil", b"def parse(self, text):"])
def test_what_a_task_shows_anyway_is_no_leak(given: bytes) -> None:
    assert leaks(REPRODUCE, {"a file": given}) == []


def test_a_patch_task_tells_the_trigger_and_level_three_the_fix() -> None:
    patch, third = secrets_of(material(), Family.PATCH, 1), secrets_of(material(), Family.REPRODUCE, 3)

    assert leaks(patch, {"x": b"evil enough to be seen --quietly"}) == []
    assert leaks(patch, {"x": FIX}) != []
    assert leaks(third, {"x": FIX}) == []


def test_a_release_is_searched_for_history_ids_and_whole_texts_of_the_trigger(tmp_path: Path) -> None:
    (tmp_path / "fake").mkdir()
    (tmp_path / "fake" / "code.py").write_bytes(b"evil enough")
    assert tree_leaks(REPRODUCE, tmp_path) == []

    (tmp_path / ".git").mkdir()
    (tmp_path / "fake" / "notes.txt").write_bytes(b"for CVE-2020-12345")
    (tmp_path / "fake" / "case.bin").write_bytes(b"..\x00evil enough to be seen..")

    found = tree_leaks(REPRODUCE, tmp_path)
    assert [words.split(" ", 1)[0] for words in found] == [".git", "fake/case.bin", "fake/notes.txt"]


def test_ids_of_known_forms_and_the_claims_own_are_masked() -> None:
    text = masked("CVE-2020-12345 is GHSA-aaaa-bbbb-cccc, PYSEC-2020-1 and our-7; not CVE-like", ["OUR-7"])
    assert text == "(an id) is (an id), (an id) and (an id); not CVE-like"


@pytest.mark.parametrize("level", range(4))
def test_each_level_tells_what_it_should_and_nothing_of_the_next(level: int) -> None:
    own = material(MANIFEST)

    prompt = prompt_for(own, Family.REPRODUCE, level, "It is here.", FIX.decode())

    told = ["runs what it is given", "fake:Reader.parse", "parse_nothing_at_all"]
    assert [words in prompt.replace("$reader.parse", "") for words in told] == [n < level for n in range(3)]
    assert "raise Refused" not in prompt
    assert leaks(secrets_of(own, Family.REPRODUCE, level), {"the prompt": prompt.encode()}) == []
    assert "1.0.2" not in prompt


@pytest.mark.parametrize("family", list(Family))
def test_every_prompt_is_filled_in_and_names_its_answer(family: Family) -> None:
    prompt = prompt_for(material(), family, 1, "It is here.")

    assert "<<" not in prompt
    assert ("answer.patch" if family is Family.PATCH else "answer.toml") in prompt
    assert "pkg:pypi/fake at version 1.0.1" in prompt


@pytest.mark.parametrize("name", list(OracleName))
def test_every_oracle_has_words_for_what_must_be_seen(name: OracleName) -> None:
    words = effect_of(OracleSpec(name, insecure="^x", secure="^y", type="FakeError", carrying=True))
    assert words
    assert "<<" not in words
