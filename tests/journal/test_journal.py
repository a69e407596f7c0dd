from __future__ import annotations

import pytest
from django.db import Error, connection, transaction

from clearinghouse.core.errors import IntegrityError, Refused
from clearinghouse.journal import queries
from clearinghouse.journal.models import Chain, Entry
from clearinghouse.journal.services import append
from tests.intake.factories import START
from tests.journal.factories import lift_protection

pytestmark = pytest.mark.django_db


def fill(chain: str = "case/1", entries: int = 3) -> None:
    with transaction.atomic():
        for n in range(entries):
            append(chain, "event", actor="someone", at=START, body={"n": n})


def sql(statement: str) -> None:
    """What somebody with the database file can do: the triggers are no obstacle to them."""
    with connection.cursor() as cursor:
        lift_protection(cursor)
        cursor.execute(statement)


def test_an_untouched_journal_is_whole() -> None:
    fill()
    assert queries.verify().broken is None
    assert queries.verify().chains == 2


def test_an_empty_journal_is_whole() -> None:
    assert queries.verify() == queries.Verification(0, 0, None)


@pytest.mark.parametrize(
    ("statement", "seq"),
    [
        ("UPDATE journal_entry SET body = '{\"n\":7}' WHERE chain_id = 'case/1' AND seq = 2", 2),
        ("UPDATE journal_entry SET actor = 'another' WHERE chain_id = 'case/1' AND seq = 1", 1),
        ("UPDATE journal_entry SET at = '2020-01-01 00:00:00' WHERE chain_id = 'case/1' AND seq = 3", 3),
        ("DELETE FROM journal_entry WHERE chain_id = 'case/1' AND seq = 2", 2),
        ("DELETE FROM journal_entry WHERE chain_id = 'case/1' AND seq = 3", 3),
        ("DELETE FROM journal_entry WHERE chain_id = 'case/1'", 1),
    ],
)
def test_tampering_is_found_at_its_place(statement: str, seq: int) -> None:
    fill()
    sql(statement)
    broken = queries.verify().broken
    assert broken is not None
    assert (broken.chain, broken.seq) == ("case/1", seq)


def test_a_chain_that_is_gone_with_its_head_is_missed() -> None:
    fill()
    sql("DELETE FROM journal_entry WHERE chain_id = 'case/1'")
    sql("DELETE FROM journal_chain WHERE name = 'case/1'")
    assert "whole chain is gone" in str(queries.verify().broken)


def test_the_database_refuses_to_change_an_entry() -> None:
    fill()
    with pytest.raises(Error, match="never changed"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("UPDATE journal_entry SET actor = 'another'")


def test_the_tables_refuse_to_change_or_delete_an_entry() -> None:
    fill()
    entry = Entry.objects.get(chain_id="case/1", seq=1)
    for attempt in (
        entry.save,
        entry.delete,
        Entry.objects.all().delete,
        lambda: Entry.objects.update(actor="another"),
    ):
        with pytest.raises(Refused, match="never"):
            attempt()


@pytest.mark.django_db(transaction=True)
def test_an_entry_outside_a_transaction_is_refused() -> None:
    with pytest.raises(IntegrityError, match="outside a transaction"):
        append("case/1", "event", actor="someone", at=START, body={})


def test_an_entry_is_rolled_back_with_the_change_that_it_records() -> None:
    fill()
    with transaction.atomic():
        append("case/1", "event", actor="someone", at=START, body={})
        transaction.set_rollback(True)
    assert Chain.objects.get(name="case/1").length == 3
    assert queries.verify().broken is None


def test_entries_written_while_the_journal_is_verified_are_no_break(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process adds an entry, and opens a chain, between the reading of a chain's head and of its entries."""
    fill()
    before, looks = queries._links, []

    def links(chain: str) -> object:
        looks.append(chain)
        if looks.count("case/1") == 1 and chain == "case/1":
            fill(entries=1)
            fill("case/2", entries=1)
        return before(chain)

    monkeypatch.setattr(queries, "_links", links)
    assert queries.verify().broken is None
    assert Chain.objects.get(name="case/1").length == 4
