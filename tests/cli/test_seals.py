"""Seals as a shell sees them: made, published, checked against a kept head, proved to who has not the journal."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from clearinghouse.adapters.signing import keys
from clearinghouse.adapters.signing.process import ProcessSigner
from clearinghouse.bootstrap import wiring
from clearinghouse.bootstrap.settings import Settings
from clearinghouse.cli.main import main
from clearinghouse.journal import sealing
from clearinghouse.journal.models import Seal
from tests.intake.factories import Ticking
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


def kept(tmp_path: Path, name: str = "kept.json") -> Path:
    """A copy of the newest published head, out of the house's reach."""
    copy = tmp_path / name
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
    key_id = keys.load_public(public).keyid
    assert f"1 seals signed by the key {key_id}, as given with --key" in checked.stdout
    assert f"1 seals signed by the key {key_id}, the house's own, {public}" in run("verify").stdout
    other = run("verify", "--head", kept(tmp_path), "--key", tmp_path / "other.pub")
    assert (other.code, "seal 1: signed by the key" in other.stderr, "not by" in other.stderr) == (1, True, True)
    other = run("verify", "--key", tmp_path / "other.pub")
    assert (other.code, f"not vouched for: seal 1: signed by the key {key_id}, not by" in other.stderr) == (70, True)


def test_without_a_key_the_seal_says_so_and_does_not_pass_for_a_signed_one(run: Run, tmp_path: Path) -> None:
    fill([("case/1", "a")])
    assert "Not signed" in run("seal").stderr
    told = run("verify", "--head", kept(tmp_path))
    assert (told.code, "No seal is signed, for the house has no key" in told.stderr) == (0, True)
    keys.make(tmp_path / "k")
    refused = run("verify", "--head", kept(tmp_path), "--key", tmp_path / "k.pub")
    assert (refused.code, "seal 1: it is not signed" in refused.stderr) == (1, True)
    refused = run("verify", "--key", tmp_path / "k.pub")
    assert (refused.code, "seal 1: it is not signed" in refused.stderr) == (70, True)


def test_who_rewrites_all_and_signs_it_with_a_key_of_their_own_is_found_by_the_houses_key(
    run: Run, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    keys.make(home / "keys" / "signing.key")
    keys.make(tmp_path / "theirs")
    for words in ("a", "b"):
        fill([("case/1", words)])
        assert run("seal").code == 0
    head = kept(tmp_path)
    shutil.rmtree(home / "published" / "journal")  # theirs too: nothing but the key is out of their reach
    rewrite([[("case/1", "forged")], [("case/1", "b")]])
    sealing.finish(ProcessSigner(tmp_path / "theirs"), home / "published" / "journal")
    found = run("verify")
    theirs = keys.load_public(tmp_path / "theirs.pub").keyid
    assert (found.code, f"a seal is not vouched for: seal 1: signed by the key {theirs}" in found.stderr) == (70, True)
    assert json.loads(run("verify", "--json").stdout)["forged"]["seal"] == 1
    found = run("verify", "--head", kept(tmp_path, "forged.json"))
    assert (found.code, "seal 2: signed by the key" in found.stderr) == (1, True)
    assert run("verify", "--key", tmp_path / "theirs.pub").code == 0  # by their own key alone it is in order
    public = home / "keys" / "signing.key.pub"
    pinned = public.rename(tmp_path / "pinned.pub")
    missing = run("verify")
    assert (missing.code, "there is no public key to check it with" in missing.stderr) == (70, True)
    public.write_bytes((tmp_path / "theirs.pub").read_bytes())  # then they put theirs in the place of the house's
    assert run("verify").code == 0
    assert run("verify", "--key", pinned).code == 70
    assert run("verify", "--head", head, "--key", pinned).code == 70


def test_a_signed_seal_covers_those_of_before_the_key_and_none_is_unsigned_after_it(run: Run, tmp_path: Path) -> None:
    home = tmp_path / "home"
    fill([("case/1", "a")])
    run("seal")
    early = kept(tmp_path, "early.json")
    keys.make(home / "keys" / "signing.key")
    only_early = run("verify")
    assert (only_early.code, "seal 1: it is not signed" in only_early.stderr) == (70, True)
    fill([("case/1", "b")])
    run("seal")
    covered = run("verify", "--head", early)
    assert (covered.code, "Seals 1 to 1 have no signature of their own; seal 2" in covered.stderr) == (0, True)
    fill([("case/1", "c")])
    sealing.make(Ticking())
    waiting = run("verify")
    assert (waiting.code, "Seal 3 and what follows it wait" in waiting.stderr) == (0, True)
    sealing.finish(None, home / "published" / "journal")
    bare = run("verify")
    assert (bare.code, "seal 3: it is not signed" in bare.stderr) == (70, True)
    fill([("case/1", "d")])
    run("seal")
    assert "seal 3: it is not signed, and one before it is" in run("verify").stderr


def test_a_house_that_changed_its_key_gives_both(run: Run, tmp_path: Path) -> None:
    home = tmp_path / "home"
    for words in ("old", "new"):
        keys.make(home / "keys" / "signing.key")
        fill([("case/1", words)])
        run("seal")
        for name in ("signing.key", "signing.key.pub"):
            (home / "keys" / name).rename(tmp_path / f"{words}-{name}")
    old, new = tmp_path / "old-signing.key.pub", tmp_path / "new-signing.key.pub"
    assert run("verify", "--key", old, "--key", new).stdout.count("1 seals signed by the key") == 2
    assert "seal 1: signed by" in run("verify", "--key", new).stderr
    assert "seal 2: signed by" in run("verify", "--key", old).stderr
    swapped = Seal.objects.get(number=1).envelope
    sql("UPDATE journal_seal SET envelope = %s WHERE number = 2", swapped)
    assert "seal 2: what is signed is not what the head says" in run("verify", "--key", old).stderr


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
