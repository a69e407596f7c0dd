from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearinghouse.core.matching import (
    ProofFacts,
    Relation,
    Strength,
    fixes_of,
    group_of,
    judge,
    missing_trials,
    partition,
)
from clearinghouse.core.proof import Signal

FIRED, SILENT, BROKEN = Signal.FIRED, Signal.SILENT, Signal.BROKEN


def proof(
    name: str, *, fixed: str | None = "1.5", function: str | None = "gizmo.core:load", **ran: Signal
) -> ProofFacts:
    releases = (
        {"1.4": FIRED} | ({fixed: SILENT} if fixed else {}) | {key[1:].replace("_", "."): v for key, v in ran.items()}
    )
    return ProofFacts(name, "pkg:pypi/gizmo", "1.4", fixed, function, "exec", ran=releases)


def relation(a: ProofFacts, b: ProofFacts) -> Relation:
    fixes = fixes_of([a, b])
    assert judge(a, b, fixes).relation is judge(b, a, fixes).relation
    return judge(a, b, fixes).relation


def test_the_same_bundle_is_the_same_bug() -> None:
    assert relation(proof("a"), proof("a")) is Relation.SAME


def test_the_same_experiment_is_the_same_bug_whatever_the_claim_says() -> None:
    a, b = (replace(proof(name, fixed=None, function=None), trigger="t") for name in "ab")
    assert relation(a, b) is Relation.SAME
    assert partition([a, b]) == [("a", "b")]


def test_each_silent_on_the_others_fix_in_the_same_function_is_the_same_bug() -> None:
    assert relation(proof("a", fixed="1.5", v1_6=SILENT), proof("b", fixed="1.6", v1_5=SILENT)) is Relation.SAME


def test_one_shared_fixed_release_and_one_function_is_the_same_bug() -> None:
    assert relation(proof("a"), proof("b")) is Relation.SAME


def test_a_shared_fixed_release_alone_is_no_evidence() -> None:
    judgement = judge(proof("a"), proof("b", function="gizmo.core:dump"), frozenset({"1.5"}))
    assert judgement.relation is Relation.UNDECIDED
    nominating = [line for line in judgement.evidence if line.kind == "fixed release"]
    assert [line.strength for line in nominating] == [Strength.NOMINATES]


def test_another_oracle_in_the_same_function_does_not_merge() -> None:
    assert relation(proof("a"), replace(proof("b"), oracle="read")) is Relation.UNDECIDED


def test_proofs_that_were_attributed_to_nothing_do_not_merge() -> None:
    assert relation(proof("a", function=None), proof("b", function=None)) is Relation.UNDECIDED
    assert partition([proof("a", function=None), proof("b", function=None)]) == [("a",), ("b",)]


def test_each_firing_on_the_others_fix_is_a_different_bug() -> None:
    assert relation(proof("a", fixed="1.5", v1_6=FIRED), proof("b", fixed="1.6", v1_5=FIRED)) is Relation.DIFFERENT


def test_one_way_in_one_function_is_parent_and_child_and_stays_apart() -> None:
    a, b = proof("a", fixed="1.5", v1_6=SILENT), proof("b", fixed="1.6", v1_5=FIRED)
    assert relation(a, b) is Relation.PARENT_CHILD
    assert partition([a, b]) == [("a",), ("b",)]


def test_one_way_in_different_functions_is_a_different_bug() -> None:
    a, b = proof("a", fixed="1.5", v1_6=SILENT), proof("b", fixed="1.6", function="gizmo.core:dump", v1_5=FIRED)
    assert relation(a, b) is Relation.DIFFERENT


def test_without_a_fix_or_with_a_broken_trial_nothing_is_decided() -> None:
    assert relation(proof("a", fixed=None, v1_5=SILENT), proof("b")) is Relation.UNDECIDED
    assert relation(proof("a", fixed="1.5", v2_1=BROKEN), proof("b", fixed="2.1", v1_5=SILENT)) is Relation.UNDECIDED


def test_other_packages_are_other_bugs() -> None:
    assert relation(proof("a"), replace(proof("b"), package="pkg:pypi/gadget")) is Relation.DIFFERENT


def test_a_third_fix_tells_apart_what_one_release_silences() -> None:
    """`late` names 1.6 though 1.5 stopped it already; `other` is another bug, stopped by 1.6 only."""
    early = proof("a", fixed="1.5", v1_6=SILENT)
    late = proof("b", fixed="1.6", v1_5=SILENT)
    other = proof("c", fixed="1.6", v1_5=FIRED)
    assert partition([early, late, other]) == [("a", "b"), ("c",)]
    assert judge(late, other, fixes_of([early, late, other])).relation.contradicts


def test_every_proof_of_a_group_is_to_be_tried_on_every_fix_of_the_group() -> None:
    proofs = [proof("a", fixed="1.5"), proof("b", fixed="1.6"), proof("c", fixed="1.7", function="gizmo.core:dump")]
    assert missing_trials(proofs) == [("a", "1.6"), ("b", "1.5")]


ran = st.dictionaries(st.sampled_from(["1.5", "1.6", "1.7"]), st.sampled_from([FIRED, SILENT, BROKEN]))


@st.composite
def some_proofs(draw: st.DrawFn) -> list[ProofFacts]:
    made = []
    for name in draw(st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=7)):
        fixed = draw(st.sampled_from([None, "1.5", "1.6", "1.7"]))
        function = draw(st.sampled_from([None, "m:f", "m:g"]))
        releases = {**draw(ran), "1.4": FIRED} | ({fixed: SILENT} if fixed else {})
        made.append(ProofFacts(name, "pkg:pypi/gizmo", "1.4", fixed, function, "exec", ran=releases))
    return made


@given(some_proofs(), st.randoms())
def test_the_partition_does_not_depend_on_the_order(proofs: list[ProofFacts], random: object) -> None:
    before = partition(proofs)
    random.shuffle(proofs)  # type: ignore[attr-defined]
    assert partition(proofs) == before


@given(some_proofs())
def test_every_proof_has_one_case_and_no_case_holds_a_contradiction(proofs: list[ProofFacts]) -> None:
    cases = partition(proofs)
    assert sorted(name for case in cases for name in case) == sorted(p.id for p in proofs)
    by_name = {p.id: p for p in proofs}
    for case in cases:
        group = [by_name[name] for name in case]
        fixes = fixes_of(group_of(group[0].id, proofs))
        assert not any(judge(a, b, fixes).relation.contradicts for a in group for b in group)


def test_places_found_against_different_fixes_are_compared_against_the_same_one() -> None:
    """`b` names a later release, which changed more: against that one it belongs elsewhere, against 1.5 it does not."""
    a = replace(proof("a", fixed="1.5", v1_6=SILENT), aliases=("CVE-1",), places={"1.6": "gizmo.core:late"})
    b = replace(proof("b", fixed="1.6", function="gizmo.core:close", v1_5=SILENT), aliases=("CVE-1",))
    assert relation(a, b) is Relation.UNDECIDED
    told = replace(b, places={"1.5": "gizmo.core:load"})
    assert relation(a, told) is Relation.SAME
    assert partition([a, told]) == [("a", "b")]


def test_an_alias_nominates_and_never_merges() -> None:
    a, b = (replace(proof(name, function=f"gizmo.core:{name}"), aliases=("CVE-1",)) for name in "ab")
    assert group_of("a", [a, b]) == [a, b]
    assert partition([a, b]) == [("a",), ("b",)]


@pytest.mark.parametrize("size", [1, 2, 5])
def test_proofs_that_are_all_the_same_make_one_case(size: int) -> None:
    names = "abcdefgh"[:size]
    assert partition([proof(name) for name in names]) == [tuple(names)]
