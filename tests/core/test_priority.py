from __future__ import annotations

import json
from pathlib import Path

import pytest

from clearinghouse.core.priority import Fact, ProvenFact, evaluate, facts_from_proofs, order_within_class
from clearinghouse.core.proof import Grade
from clearinghouse.core.ssvc import ROWS, Decision

TABLES = Path(__file__).parents[3] / "shared" / "data" / "ssvc-decision-tables.jsonl.zst"

# The table once more: T track, S track*, A attend, X act; for low, medium, high mission.
GOLDEN = """
none        no   partial  T T T
none        no   total    T T S
none        yes  partial  T T A
none        yes  total    T T A
public_poc  no   partial  T T S
public_poc  no   total    T S A
public_poc  yes  partial  T T A
public_poc  yes  total    T S A
active      no   partial  T T A
active      no   total    T A X
active      yes  partial  A A X
active      yes  total    A X X
"""
LETTERS = {"T": "track", "S": "track*", "A": "attend", "X": "act"}


def golden() -> dict[tuple[str, ...], str]:
    rows: dict[tuple[str, ...], str] = {}
    for line in GOLDEN.strip().splitlines():
        exploitation, automatable, impact, *decisions = line.split()
        for mission, letter in zip(("low", "medium", "high"), decisions, strict=True):
            rows[exploitation.replace("_", " "), automatable, impact, mission] = LETTERS[letter]
    return rows


def facts(**known: str) -> list[Fact]:
    return [Fact(name, value, "test", "") for name, value in known.items()]


def test_all_36_rows_are_the_golden_ones() -> None:
    assert len(ROWS) == 36
    assert {tuple(map(str, key)): str(decision) for key, decision in ROWS.items()} == golden()


def test_every_row_agrees_with_the_published_table() -> None:
    if not TABLES.exists():
        pytest.skip(f"the published SSVC tables are not at {TABLES}; the 36 rows are checked against our own copy")
    import zstandard  # noqa: PLC0415

    text = zstandard.ZstdDecompressor().stream_reader(TABLES.read_bytes()).read().decode()
    (table,) = (t for t in map(json.loads, text.splitlines()) if (t["key"], t["version"]) == ("DT_CO", "2.0.3"))
    words = {
        point: {value["key"]: value["name"].lower() for value in definition["values"]}
        for point, definition in table["decision_points"].items()
    }
    points = ("ssvc:E:1.1.0", "ssvc:A:2.0.0", "ssvc:TI:1.0.0", "ssvc:MWI:1.0.0")
    outcome = "cisa:CISA:1.1.0"
    published = {
        tuple(words[point][row[point]] for point in points): words[outcome][row[outcome]] for row in table["mapping"]
    }
    assert {tuple(map(str, key)): str(decision) for key, decision in ROWS.items()} == published


def test_with_every_fact_known_one_decision_is_reachable_and_nothing_flips_it() -> None:
    priority = evaluate(facts(exploitation="active", automatable="yes", technical_impact="total", mission="medium"))
    assert priority.reachable == (Decision.ACT,)
    assert priority.flips == ()
    assert priority.label == "act"


def test_an_unknown_fact_leaves_a_set_and_names_what_would_settle_it() -> None:
    priority = evaluate(facts(exploitation="none", automatable="yes", technical_impact="partial"))
    assert priority.reachable == (Decision.TRACK, Decision.ATTEND)
    assert [flip.name for flip in priority.flips] == ["mission"]
    assert dict(priority.flips[0].outcomes) == {
        "low": (Decision.TRACK,),
        "medium": (Decision.TRACK,),
        "high": (Decision.ATTEND,),
    }


def test_an_unknown_that_changes_nothing_is_not_named() -> None:
    priority = evaluate(facts(exploitation="none", automatable="yes", mission="high"))
    assert priority.reachable == (Decision.ATTEND,)
    assert priority.flips == ()


def test_a_proof_by_our_own_harness_shows_that_it_can_be_automated() -> None:
    by_name = {fact.name: fact for fact in facts_from_proofs([ProvenFact("a" * 64, Grade.A, "cpu")])}
    assert by_name["automatable"].value == "yes"
    assert by_name["exploitation"].value == "none"
    assert by_name["mission"].value is None


def test_a_script_of_the_finder_leaves_automatable_unknown() -> None:
    by_name = {fact.name: fact for fact in facts_from_proofs([ProvenFact("a" * 64, Grade.B, "cpu")])}
    assert by_name["automatable"].value is None


@pytest.mark.parametrize(
    ("oracle", "impact"),
    [("exec", "total"), ("write", "total"), ("read", "partial"), ("cpu", "partial"), ("new", None)],
)
def test_technical_impact_follows_from_the_effect_seen(oracle: str, impact: str | None) -> None:
    by_name = {fact.name: fact for fact in facts_from_proofs([ProvenFact("a" * 64, Grade.A, oracle)])}
    assert by_name["technical_impact"].value == impact


def test_more_independent_finders_come_first_within_a_class() -> None:
    known = facts(exploitation="none", automatable="yes", technical_impact="total", mission="high")
    one = evaluate(known, order_within_class([ProvenFact("a" * 64, Grade.A, "exec")], 1))
    three = evaluate(known, order_within_class([ProvenFact("b" * 64, Grade.C, "cpu")], 3))
    assert three.sort_key > one.sort_key
