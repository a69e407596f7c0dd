"""Seals as a shell sees them: made, published, checked against a kept head, proved to who has not the journal."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from clearinghouse.adapters.signing import keys
from clearinghouse.bootstrap import wiring
from clearinghouse.bootstrap.settings import Settings
from clearinghouse.cli.main import main
from tests.journal.factories import fill, rewrite, sql

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Done:
    code: object
    stdout: str
    stderr: str


Run = Callable[..., Done]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run the command line in this process, on the test's own tables and home."""
    monkeypatch.setattr(wiring, "settings", lambda: Settings(home=tmp_path / "home"))

    def _run(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["clearinghouse", "journal", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Done(ended.value.code or 0, out, err)

    return _run


def kept(tmp_path: Path) -> Path:
    """A copy of the newest published head, out of the house's reach."""
    copy = tmp_path / "kept.json"
    copy.write_bytes((tmp_path / "home" / "published" / "journal" / "latest.json").read_bytes())
    return copy


def test_a_seal_is_made_published_and_checked_with_the_key(run: Run, tmp_path: Path) -> None:
    keys.make(tmp_path / "home" / "keys" / "signing.key")
    keys.make(tmp_path / "other")
    fill([("case/1", "a"), ("case/1", "b")])
    made = run("seal")
    assert made.code == 0, made.stderr
    assert "seal 1: 3 entries" in made.stdout
    assert run("seal").stdout == "nothing new to seal\n"
    public = tmp_path / "home" / "keys" / "signing.key.pub"
    checked = run("verify", "--head", kept(tmp_path), "--key", public)
    assert checked.code == 0, checked.stderr
    assert "whole: 3 entries in 2 chains" in checked.stdout
    assert "3 of them under 1 seals, 1 signed; 1 heads compared" in checked.stdout
    other = run("verify", "--head", kept(tmp_path), "--key", tmp_path / "other.pub")
    assert (other.code, "not by" in other.stderr) == (1, True)


def test_without_a_key_the_seal_says_so_and_does_not_pass_for_a_signed_one(run: Run, tmp_path: Path) -> None:
    fill([("case/1", "a")])
    assert "Not signed" in run("seal").stderr
    assert "not checked" in run("verify", "--head", kept(tmp_path)).stderr
    keys.make(tmp_path / "k")
    refused = run("verify", "--head", kept(tmp_path), "--key", tmp_path / "k.pub")
    assert (refused.code, "it is not signed" in refused.stderr) == (1, True)


def test_a_journal_rewritten_as_a_whole_is_found_with_a_kept_head_and_by_the_published_one(
    run: Run, tmp_path: Path
) -> None:
    fill([("case/1", "a")])
    run("seal")
    head = kept(tmp_path)
    rewrite([[("case/1", "forged")]])
    found = run("verify")
    assert (found.code, "not the one whose head was published" in found.stderr) == (70, True)
    (tmp_path / "home" / "published" / "journal" / "latest.json").unlink()
    assert run("verify").code == 0
    found = run("verify", "--head", head)
    assert found.code == 70
    assert "seal 1" in found.stderr
    as_json = run("verify", "--head", head, "--json")
    assert json.loads(as_json.stdout)["differs"]["seal"] == 1


def test_a_changed_entry_is_named(run: Run, tmp_path: Path) -> None:
    fill([("case/1", "a"), ("case/1", "b")])
    run("seal")
    sql("UPDATE journal_entry SET actor = 'another' WHERE chain_id = 'case/1' AND seq = 2")
    found = run("verify", "--head", kept(tmp_path))
    assert found.code == 70
    assert "chain case/1, entry 2" in found.stderr


def test_a_proof_of_an_entry_holds_without_the_journal(run: Run, tmp_path: Path) -> None:
    fill([("report/R", "mine"), ("case/1", "a")])
    run("seal")
    printed = run("proof", "report/R", "1").stdout
    file, head = tmp_path / "proof.json", kept(tmp_path)
    file.write_text(printed)
    sql("DELETE FROM journal_sealleaf")
    checked = run("check-proof", file, "--head", head)
    assert checked.code == 0, checked.stderr
    assert "covers entry 1 of report/R" in checked.stdout
    file.write_text(printed.replace("mine", "ours"))
    assert run("check-proof", file, "--head", head).code == 1
    file.write_text(printed.replace('"salt"', '"pepper"'))
    assert run("check-proof", file, "--head", head).code == 65
    assert run("proof", "report/R", "7").code == 66


def test_published_heads_are_checked_to_follow_one_another(run: Run, tmp_path: Path) -> None:
    for _ in range(3):
        fill([("case/1", "a")])
        run("seal")
    folder = tmp_path / "home" / "published" / "journal"
    files = sorted(folder.glob("seal-*.json"))
    assert "seals 1 to 3" in run("check-growth", *files).stdout
    gap = run("check-growth", files[0], files[2])
    assert (gap.code, "every seal between" in gap.stderr) == (1, True)
    assert run("check-growth", tmp_path / "absent").code == 66
