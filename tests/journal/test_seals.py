from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from django.db import Error, transaction

from clearinghouse.adapters.signing import envelope, keys
from clearinghouse.adapters.signing.process import ProcessSigner
from clearinghouse.core.errors import IntegrityError, InvalidInput, NotFound, NotVerified
from clearinghouse.core.seals import Published, check_growth, check_proof, read_proof, read_published
from clearinghouse.core.typed_json import canonical
from clearinghouse.journal import sealing, seals
from clearinghouse.journal.checking import check
from clearinghouse.journal.models import Chain, Entry, Seal, SealLeaf
from tests.intake.factories import START, Ticking
from tests.journal.factories import fill, sql
from tests.web.factories import stranger

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.django_db

EVENTS = [("case/1", "a"), ("report/R", "secret words"), ("case/1", "b")]


def sealed(folder: Path, key: Path | None = None) -> Published:
    """Append, seal and publish; the newest published head."""
    fill(EVENTS)
    signer = ProcessSigner(key) if key else None
    sealing.seal(Ticking(), signer=signer, folder=folder)
    return seals.newest(1)[0]


def test_a_seal_covers_every_entry_once_and_the_heads_of_all_chains(tmp_path: Path) -> None:
    first, second = sealed(tmp_path).head, sealed(tmp_path).head
    assert (first.number, first.size, first.chains) == (1, 5, 3)
    assert (second.number, second.size, second.chains) == (2, 8, 3)
    assert second.previous == first.hash
    assert first.heads != second.heads
    assert Entry.objects.filter(leaf=None).count() == 0
    assert sorted(SealLeaf.objects.values_list("position", flat=True)) == list(range(8))


def test_where_nothing_is_new_no_seal_is_made(tmp_path: Path) -> None:
    sealed(tmp_path)
    assert sealing.make(Ticking()).head is None
    assert Seal.objects.count() == 1


def test_much_is_sealed_by_several_seals_one_after_the_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "AT_MOST", 2)
    fill([*EVENTS, *EVENTS])
    made = sealing.seal(Ticking(), signer=None, folder=tmp_path)
    assert made.head is not None
    assert (made.head.number, made.head.size, made.entries) == (4, 8, 8)
    checked = check([one.head for one in seals.newest(9)])
    assert (checked.broken, checked.differs, checked.kept, checked.sealed) == (None, None, 4, 8)


def test_the_database_refuses_to_change_a_seal_and_what_it_covers(tmp_path: Path) -> None:
    sealed(tmp_path)
    for change in (lambda: Seal.objects.update(key_id=""), lambda: SealLeaf.objects.update(salt="ab" * 16)):
        with pytest.raises(Error, match="never changed"), transaction.atomic():
            change()


def test_with_a_key_a_seal_is_signed_by_the_process_that_holds_it(tmp_path: Path) -> None:
    made = keys.make(tmp_path / "k")
    one = sealed(tmp_path / "out", tmp_path / "k")
    assert one.envelope is not None
    assert envelope.verify_seal(one.envelope, made) == one.head
    with pytest.raises(InvalidInput, match="not a statement about a verdict"):
        envelope.verify(one.envelope, made)
    assert one.as_json()["signed"] is True


def test_without_a_key_it_says_that_it_is_not_signed_and_stays_so(tmp_path: Path) -> None:
    one = sealed(tmp_path / "out")
    assert json.loads((tmp_path / "out" / "latest.json").read_bytes())["signed"] is False
    keys.make(tmp_path / "k")
    sealing.finish(ProcessSigner(tmp_path / "k"), tmp_path / "out")
    assert seals.newest(1) == (one,)
    assert sealed(tmp_path / "out", tmp_path / "k").envelope is not None


def test_a_seal_whose_signature_failed_is_signed_later_and_published_only_then(tmp_path: Path) -> None:
    fill(EVENTS)
    with pytest.raises(NotFound, match="there is no key"):
        sealing.seal(Ticking(), signer=ProcessSigner(tmp_path / "k"), folder=tmp_path / "out")
    assert (seals.newest(5), (tmp_path / "out").exists()) == ((), False)
    keys.make(tmp_path / "k")
    sealing.finish(ProcessSigner(tmp_path / "k"), tmp_path / "out")
    assert [one.head.number for one in seals.newest(5)] == [1]
    assert (tmp_path / "out" / "seal-00000001.json").exists()


def test_each_seal_is_a_file_and_the_newest_is_latest_json(tmp_path: Path) -> None:
    first, second = sealed(tmp_path), sealed(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "latest.json",
        "seal-00000001.json",
        "seal-00000002.json",
    ]
    assert read_published((tmp_path / "seal-00000001.json").read_bytes()) == (first,)
    assert read_published((tmp_path / "latest.json").read_bytes()) == (second,)
    check_growth(first, second)
    with pytest.raises(NotVerified, match="only adds"):
        check_growth(first, replace(second, growth=second.growth[:-1]))


def test_a_journal_that_was_put_back_is_not_published_over_what_was(tmp_path: Path) -> None:
    sealed(tmp_path)
    sealed(tmp_path)
    kept = {path: path.read_bytes() for path in tmp_path.iterdir()}
    sql("DELETE FROM journal_sealleaf WHERE seal_id = 2")
    sql("DELETE FROM journal_seal WHERE number = 2")
    with pytest.raises(IntegrityError, match="is seal 2, which the journal does not know"):
        sealing.finish(None, tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == kept


def test_an_entry_can_be_proved_to_who_has_the_head_and_nothing_else(tmp_path: Path) -> None:
    first, second = sealed(tmp_path), sealed(tmp_path)
    for entry in Entry.objects.filter(leaf__seal_id=1):
        for head, number in ((first.head, 1), (second.head, None)):
            proof = seals.proof(entry.chain_id, entry.seq, number=number)
            read = read_proof(canonical(proof.as_json()))
            assert read == proof
            check_proof(read, head)
    body = replace(proof.entry, body='{"words":"another"}')
    with pytest.raises(NotVerified, match="does not cover this entry"):
        check_proof(replace(proof, entry=body), second.head)
    with pytest.raises(NotVerified, match="is for seal 2, and the head is that of seal 1"):
        check_proof(proof, first.head)
    with pytest.raises(NotFound, match="does not cover"):
        seals.proof("case/1", 4, number=1)
    with pytest.raises(NotFound, match="no entry 9"):
        seals.proof("case/1", 9)


def test_a_proof_tells_nothing_of_the_entries_beside_it(tmp_path: Path) -> None:
    sealed(tmp_path)
    text = canonical(seals.proof("case/1", 1).as_json()).decode()
    beside = Entry.objects.exclude(chain_id="case/1")
    assert all(entry.hash not in text for entry in beside)
    assert "secret words" not in text


def test_no_proof_is_given_on_a_journal_that_was_changed(tmp_path: Path) -> None:
    sealed(tmp_path)
    sql("UPDATE journal_entry SET hash = %s WHERE chain_id = 'report/R'", "ab" * 32)
    with pytest.raises(IntegrityError, match="does not fit the journal"):
        seals.proof("case/1", 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hash": "00" * 32}, "is not that of the seal"),
        ({"signed": True}, "otherwise than the envelope"),
        ({"schema": "another"}, "schema"),
        ({"growth": ["x"]}, "a list of hashes"),
        ({"more": 1}, "exactly the members"),
        ({"seal": {}}, "is missing"),
        ({"seal": {"number": 0}}, "is missing"),
    ],
)
def test_a_damaged_head_is_refused_with_the_place(tmp_path: Path, change: dict[str, object], message: str) -> None:
    document = {**sealed(tmp_path).as_json(), **change}
    with pytest.raises(InvalidInput, match=message):
        read_published(canonical(document))


def test_the_public_reads_the_seals_and_nothing_of_any_entry(tmp_path: Path) -> None:
    sealed(tmp_path)
    one = sealed(tmp_path)
    client = stranger()
    answer = client.get("/journal/seals.json")
    assert answer.status_code == 200
    found = read_published(answer.content)
    assert found[-1] == one
    assert [item.head.number for item in found] == [1, 2]
    words = answer.content.decode()
    told = ["case/1", "report/R", "secret", "someone", "event", *Chain.objects.values_list("head", flat=True)]
    assert [word for word in told if word in words] == []
    assert client.get("/journal/seals/2.json").content == (tmp_path / "latest.json").read_bytes()
    assert client.get("/journal/seals.json?before=2").json()["before"] is None
    assert len(client.get("/journal/seals.json?before=2").json()["seals"]) == 1
    assert client.get("/journal/seals/3.json").status_code == 404
    assert client.get(f"/journal/seals/{10**30}.json").status_code == 404
    assert client.get(f"/journal/seals.json?before={'9' * 400}").status_code == 200
    assert client.get("/journal/seals.json?before=-1").status_code == 200


def test_entries_written_after_the_seal_are_counted_as_not_sealed(tmp_path: Path) -> None:
    head = sealed(tmp_path).head
    fill(EVENTS)
    checked = check([head])
    assert (checked.broken, checked.differs) == (None, None)
    assert (checked.entries, checked.sealed, checked.signed) == (8, 5, 0)
    assert START.year == 2026
