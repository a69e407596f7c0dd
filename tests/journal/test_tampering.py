"""Against one head kept elsewhere, whatever is done to what it covers is found, also a journal rewritten as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from clearinghouse.journal import sealing
from clearinghouse.journal.checking import Checked, check
from clearinghouse.journal.models import Entry
from tests.intake.factories import Ticking
from tests.journal.factories import Batches, build, fill, rewrite, sealed_entries, sql

if TYPE_CHECKING:
    from clearinghouse.core.seals import Head

pytestmark = pytest.mark.django_db

events = st.tuples(st.sampled_from(["case/1", "case/2", "report/R"]), st.sampled_from(["a", "b", "c"]))
journals = st.lists(st.lists(events, min_size=1, max_size=5), min_size=1, max_size=4)


class Undone:
    """A block whose changes to the database are taken back at its end: each example begins with an empty journal."""

    def __enter__(self) -> None:
        self._atomic = transaction.atomic()
        self._atomic.__enter__()

    def __exit__(self, *error: object) -> None:
        transaction.set_rollback(True)
        self._atomic.__exit__(*error)  # type: ignore[arg-type]


def found(kept: Head) -> Checked:
    checked = check([kept])
    assert checked.broken is not None or checked.differs is not None, "the tampering was not found"
    return checked


@settings(max_examples=25)
@given(journals, st.data())
def test_an_untouched_journal_fits_every_head_that_it_ever_had(batches: Batches, data: st.DataObject) -> None:
    with Undone():
        heads = build(batches)
        fill(data.draw(st.lists(events, max_size=3)))
        checked = check(heads)
        assert (checked.broken, checked.differs) == (None, None)
        assert (checked.seals, checked.kept, checked.sealed) == (len(heads), len(heads), heads[-1].size)


@settings(max_examples=60)
@given(journals, st.data())
def test_an_edit_a_removal_or_a_swap_below_a_kept_head_is_found(batches: Batches, data: st.DataObject) -> None:
    with Undone():
        kept = data.draw(st.sampled_from(build(batches)))
        entry = data.draw(st.sampled_from(sealed_entries(kept)))
        match data.draw(st.sampled_from(["body", "actor", "kind", "at", "hash", "previous", "remove", "swap", "leaf"])):
            case "at":
                sql("UPDATE journal_entry SET at = '2020-01-01 00:00:00+00:00' WHERE id = %s", entry.pk)
            case "hash" | "previous" as field:
                sql(f"UPDATE journal_entry SET {field} = %s WHERE id = %s", "ab" * 32, entry.pk)
            case "remove":
                sql("DELETE FROM journal_sealleaf WHERE entry_id = %s", entry.pk)
                sql("DELETE FROM journal_entry WHERE id = %s", entry.pk)
            case "swap":
                other = data.draw(st.sampled_from(sealed_entries(kept)))
                if (other.kind, other.body) == (entry.kind, entry.body):
                    return
                for here, there in ((entry, other), (other, entry)):
                    sql("UPDATE journal_entry SET kind = %s, body = %s WHERE id = %s", there.kind, there.body, here.pk)
            case "leaf":
                sql("UPDATE journal_sealleaf SET salt = %s WHERE entry_id = %s", "cd" * 16, entry.pk)
            case field:
                sql(f"UPDATE journal_entry SET {field} = '{{}}' WHERE id = %s", entry.pk)
        found(kept)


@settings(max_examples=60)
@given(journals, st.data())
def test_who_rewrites_every_hash_and_every_seal_is_found_by_a_kept_head(batches: Batches, data: st.DataObject) -> None:
    with Undone():
        heads = build(batches)
        number = data.draw(st.integers(1, len(heads)))
        kept = heads[number - 1]
        forged = [list(batch) for batch in batches]
        batch = forged[data.draw(st.integers(0, number - 1))]
        place = data.draw(st.integers(0, len(batch) - 1))
        match data.draw(st.sampled_from(["edit", "insert", "remove", "swap", "truncate"])):
            case "edit":
                batch[place] = (batch[place][0], "forged")
            case "insert":
                batch.insert(place, (batch[place][0], "inserted"))
            case "remove":
                del batch[place]
            case "swap":
                others = [n for n, one in enumerate(batch) if one[0] == batch[place][0] and one != batch[place]]
                if not others:
                    return
                other = data.draw(st.sampled_from(others))
                batch[place], batch[other] = batch[other], batch[place]
            case "truncate":
                del forged[number - 1 :]
        remade = [one for one in forged if one]
        if remade[:number] == batches[:number]:
            return  # a twin moved up: what the head covers is as it was
        rewrite(remade)
        checked = check([kept])
        assert checked.broken is None, "a journal rewritten like this is whole in itself"
        assert checked.differs is not None
        assert checked.differs.seal == kept.number


@settings(max_examples=20)
@given(journals, st.data())
def test_a_chain_cut_off_with_its_head_is_found(batches: Batches, data: st.DataObject) -> None:
    with Undone():
        kept = build(batches)[-1]
        entry = data.draw(st.sampled_from([one for one in sealed_entries(kept) if one.chain_id != "system"]))
        sql("DELETE FROM journal_entry WHERE chain_id = %s AND seq >= %s", entry.chain_id, entry.seq)
        sql(
            "UPDATE journal_chain SET length = %s, head = %s WHERE name = %s",
            entry.seq - 1,
            entry.previous,
            entry.chain_id,
        )
        found(kept)


def test_more_kept_heads_tell_where_the_difference_begins() -> None:
    batches = [[("case/1", str(n))] for n in range(5)]
    heads = build(batches)
    batches[2] = [("case/1", "forged")]
    with Undone():
        rewrite(batches)
        only_last, all_of_them = check(heads[-1:]).differs, check(heads).differs
    assert only_last is not None
    assert "among places 0 to 5 of the tree, now case/1 entry 1 to case/1 entry 5" in str(only_last)
    assert all_of_them is not None
    assert all_of_them.seal == 3
    assert "places 3 to 3" in str(all_of_them)
    assert "case/1 entry 3" in str(all_of_them)


def test_what_no_kept_head_covers_can_only_be_found_by_the_journal_itself() -> None:
    batches = [[("case/1", "a")], [("case/1", "b")]]
    first, second = build(batches)
    rewrite([batches[0], [("case/1", "forged")]])
    assert check([first]).differs is None
    assert check([second]).differs is not None
    assert check().broken is None


def test_a_seal_that_was_changed_or_removed_is_found() -> None:
    heads = build([[("case/1", str(n))] for n in range(3)])
    for statement in (
        "UPDATE journal_seal SET at = '2020-01-01 00:00:00+00:00' WHERE number = 2",
        "UPDATE journal_seal SET root = heads WHERE number = 2",
        "UPDATE journal_seal SET heads = root WHERE number = 3",
        "UPDATE journal_seal SET growth = '' WHERE number = 2",
        "UPDATE journal_seal SET previous = root WHERE number = 1",
        "UPDATE journal_seal SET size = 2 WHERE number = 2",
        "DELETE FROM journal_seal WHERE number = 2",
        "UPDATE journal_sealedchain SET length = 1 WHERE chain = 'case/1'",
        "DELETE FROM journal_sealleaf WHERE position = 1",
    ):
        with Undone():
            sql(statement)
            assert check().broken is not None, statement
            found(heads[-1])
    assert check(heads).broken is None


def test_the_seals_own_instant_is_covered_by_a_kept_head() -> None:
    (head,) = build([[("case/1", "a")]])
    sql("UPDATE journal_seal SET at = '2020-01-01 00:00:00+00:00' WHERE number = 1")
    checked = check([head])
    assert checked.differs is not None
    assert "own seal is another" in checked.differs.reason


def test_a_chain_that_no_longer_follows_is_not_sealed_and_the_others_are() -> None:
    build([[("case/1", "a"), ("case/2", "a")]])
    fill([("case/1", "b"), ("case/1", "c"), ("case/2", "b")])
    sql("UPDATE journal_entry SET actor = 'another' WHERE chain_id = 'case/1' AND seq = 2")
    made = sealing.make(Ticking())
    assert [(one.chain, one.seq) for one in made.broken] == [("case/1", 2)]
    assert made.entries == 1
    assert set(Entry.objects.filter(leaf=None).values_list("chain_id", "seq")) == {("case/1", 2), ("case/1", 3)}
