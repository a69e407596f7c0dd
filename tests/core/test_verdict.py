"""Every verdict that a matrix can lead to, and which rule comes first when several apply."""

from __future__ import annotations

from dataclasses import replace

import pytest

from clearinghouse.core.proof import Grade, Input, MatrixRow, ProofResult, Variant, Verdict
from clearinghouse.core.verdict import CONFIRM_PREDICATE, CONFIRM_SCRIPT, Basis, decide

Rows = dict[str, MatrixRow]

A = Basis(Grade.A, predicate=False, has_fix=True)
B = Basis(Grade.B, predicate=False, has_fix=True)
C = Basis(Grade.C, predicate=True, has_fix=True)


def row(variant: Variant, n: int, k: int, broken: int = 0, signature: str = "", *, control: bool = False) -> MatrixRow:
    version = "1.1" if variant in {Variant.FIXED, Variant.F_NAMED_V} else "1.0"
    return MatrixRow(variant, Input.CONTROL if control else Input.TRIGGER, version, n, k, broken, signature)


GOOD: Rows = {
    "v": row(Variant.VULNERABLE, 5, 5, signature="the effect"),
    "null": row(Variant.NULL_TARGET, 4, 0),
    "v control": row(Variant.VULNERABLE, 4, 0, control=True),
    "f": row(Variant.FIXED, 4, 0),
    "f control": row(Variant.FIXED, 1, 0, control=True),
    "f tests": MatrixRow(Variant.FIXED, Input.TESTS, "1.1", 1, 0),
    "f named v": row(Variant.F_NAMED_V, 4, 0),
    "v named f": row(Variant.V_NAMED_F, 2, 2),
    "v respelt": row(Variant.V_RESPELT, 2, 2),
}


def verdict(basis: Basis = B, **changed: tuple[int, int] | tuple[int, int, int]) -> Verdict:
    """The verdict of the good matrix with some rows' (n, k, broken) replaced; underscores stand for spaces."""
    rows = dict(GOOD)
    for name, counts in changed.items():
        key = name.replace("_", " ")
        rows[key] = replace(rows[key], n=counts[0], k=counts[1], broken=counts[2] if len(counts) == 3 else 0)
    return decide(rows.values(), basis).verdict


@pytest.mark.parametrize(
    ("basis", "expected"),
    [
        (A, Verdict.PROVEN),
        (B, Verdict.PROVEN),
        (C, Verdict.DIFFERS),
        (replace(A, has_fix=False), Verdict.REPRODUCED),
        (replace(B, has_fix=False), Verdict.REPRODUCED),
        (replace(C, has_fix=False), Verdict.NEEDS_HUMAN),
        (replace(B, doubt="no event"), Verdict.NEEDS_HUMAN),
        (replace(C, doubt="no event"), Verdict.DIFFERS),
        (replace(A, foreign="from elsewhere"), Verdict.WRONG_SIGNAL),
    ],
)
def test_a_matrix_without_fault_gives_what_its_grade_allows(basis: Basis, expected: Verdict) -> None:
    assert verdict(basis) is expected


@pytest.mark.parametrize(
    ("name", "counts", "expected"),
    [
        ("v", (5, 0), Verdict.NOT_REPRODUCED),
        ("v", (5, 0, 5), Verdict.NOT_REPRODUCED),
        ("v", (20, 1), Verdict.FLAKY),
        ("v", (20, 7), Verdict.FLAKY),
        ("v", (20, 10), Verdict.FLAKY),  # the bound of 10 in 20 asks for 9 silent runs; there were 4
        ("null", (1, 1), Verdict.NOT_REPRODUCED),
        ("v_control", (4, 1), Verdict.CONTROL_FAILED),
        ("v_control", (4, 0, 1), Verdict.CONTROL_FAILED),
        ("f", (1, 1), Verdict.FIX_INEFFECTIVE),
        ("f", (1, 0, 1), Verdict.NEEDS_HUMAN),
        ("f", (3, 0), Verdict.FLAKY),  # too few silent runs
        ("f_control", (1, 1), Verdict.FIX_BREAKS),
        ("f_control", (1, 0, 1), Verdict.FIX_BREAKS),
        ("f_tests", (2, 0, 2), Verdict.FIX_BREAKS),
        ("f_tests", (2, 0, 1), Verdict.PROVEN),  # once by chance
        ("f_named_v", (4, 1), Verdict.NOT_REPRODUCED),
        ("f_named_v", (4, 0, 1), Verdict.NEEDS_HUMAN),
        ("v_named_f", (3, 0), Verdict.NEEDS_HUMAN),
        ("v_named_f", (2, 0, 2), Verdict.NEEDS_HUMAN),
        ("v_respelt", (2, 0), Verdict.NEEDS_HUMAN),
    ],
)
def test_one_row_gone_wrong_decides(name: str, counts: tuple[int, int], expected: Verdict) -> None:
    assert verdict(**{name: counts}) is expected


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ({"v": (5, 0), "null": (1, 1)}, Verdict.NOT_REPRODUCED),
        ({"null": (1, 1), "v_control": (1, 1), "f": (1, 1)}, Verdict.NOT_REPRODUCED),
        ({"v_control": (1, 1), "f": (1, 1)}, Verdict.CONTROL_FAILED),
        ({"f": (1, 1), "f_control": (1, 1), "f_named_v": (1, 1)}, Verdict.FIX_INEFFECTIVE),
        ({"f_control": (1, 1), "f_named_v": (1, 1)}, Verdict.FIX_BREAKS),
        ({"f_named_v": (1, 1), "v_named_f": (2, 0)}, Verdict.NOT_REPRODUCED),
        ({"v": (20, 3), "null": (1, 1)}, Verdict.FLAKY),
    ],
)
def test_the_gravest_fault_is_named_first(rows: dict[str, tuple[int, int]], expected: Verdict) -> None:
    assert verdict(**rows) is expected


def test_what_fires_sometimes_may_miss_under_another_name_but_not_always() -> None:
    often = {"v": (20, 10), "null": (9, 0), "v_control": (9, 0), "f": (9, 0), "f_named_v": (9, 0), "v_respelt": (9, 3)}
    assert verdict(**often, v_named_f=(9, 2)) is Verdict.PROVEN
    assert verdict(**often, v_named_f=(9, 0)) is Verdict.NEEDS_HUMAN


def test_a_crash_in_place_of_the_effect_is_the_wrong_signal() -> None:
    crashed = row(Variant.VULNERABLE, 5, 0, 5, "signal SIGSEGV")
    assert decide([crashed], A).verdict is Verdict.WRONG_SIGNAL


@pytest.mark.parametrize(
    ("basis", "confirm"),
    [
        (A, ()),
        (replace(A, predicate=True), (CONFIRM_PREDICATE,)),
        (B, (CONFIRM_SCRIPT,)),
        (C, (CONFIRM_SCRIPT, CONFIRM_PREDICATE)),
    ],
)
def test_scripts_and_predicates_ask_a_person_to_confirm(basis: Basis, confirm: tuple[str, ...]) -> None:
    assert decide(GOOD.values(), basis).confirm == confirm


@pytest.mark.parametrize("name", list(GOOD))
def test_every_decision_gives_a_reason(name: str) -> None:
    broken = {**GOOD, name: replace(GOOD[name], k=0 if name == "v" else 1, broken=0)}
    decision = decide(broken.values(), B)
    assert decision.reasons
    assert all(decision.reasons)


def test_the_reasons_of_a_proof_count_its_runs() -> None:
    reasons = " ".join(decide(GOOD.values(), B).reasons)
    assert "5 of 5" in reasons
    assert "0.55" in reasons
    assert "silent on 1.1 in 4 runs" in reasons
    assert "silent on 1.0 with the control in 4 runs" in reasons


def test_a_result_survives_the_way_through_json() -> None:
    result = ProofResult("id", Verdict.PROVEN, Grade.A, ("x",), ("y",), tuple(GOOD.values()), "m:f", logs={"d": "text"})
    assert ProofResult.from_json(result.as_json(), logs={"d": "text"}) == result
    assert "logs" not in result.as_json()


@pytest.mark.parametrize("verdict_", list(Verdict))
def test_only_three_verdicts_support_a_claim(verdict_: Verdict) -> None:
    supporting = {Verdict.PROVEN, Verdict.REPRODUCED, Verdict.DIFFERS}
    assert verdict_.supports_the_claim is (verdict_ in supporting)


@pytest.mark.parametrize("name", ["v named f", "f named v"])
def test_a_package_that_does_not_load_under_another_name_is_not_held_against_steps(name: str) -> None:
    unloadable = replace(
        GOOD[name], k=0, broken=GOOD[name].n, signature="cannot import pkg: ImportError: wrong version"
    )
    rows = {**GOOD, name: unloadable}
    assert decide(rows.values(), A).verdict is Verdict.PROVEN
    assert decide(rows.values(), B).verdict is Verdict.NEEDS_HUMAN
    rows[name] = replace(unloadable, signature="ended otherwise")
    assert decide(rows.values(), A).verdict is Verdict.NEEDS_HUMAN


def test_a_single_miss_under_another_name_is_no_sign_of_a_key() -> None:
    assert verdict(v_named_f=(2, 1), v_respelt=(3, 1)) is Verdict.PROVEN
