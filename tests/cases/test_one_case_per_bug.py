from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from clearinghouse.cases import figures, queries
from clearinghouse.cases.jobs import MAX_ATTEMPTS
from clearinghouse.cases.matching import candidates
from clearinghouse.core.matching import Relation, group_of
from clearinghouse.core.visibility import LOCAL
from clearinghouse.journal import queries as journal
from clearinghouse.journal.queries import verify
from clearinghouse.proofs.models import Proof
from clearinghouse.proofs.queries import matching_facts
from tests.intake.factories import House, house
from tests.proofs.factories import Sketch
from tests.proofs.simulator import Bug, Simulator

if TYPE_CHECKING:
    from clearinghouse.core.proof import Trial

pytestmark = pytest.mark.django_db
LOAD, DUMP = "gizmo.core:load", "gizmo.core:dump"


def cases_of(clearing: House) -> set[frozenset[str]]:
    """Each case as the set of its proofs' input words."""
    rows = queries.cases(actor=LOCAL)
    found = [queries.case(row.id, actor=LOCAL) for row in rows]
    return {frozenset(proof.title for proof in case.proofs) for case in found if case}


def sketch(name: str, bug: str, *, fixed: str | None = "1.5", oracle: str = "exec") -> Sketch:
    return Sketch(bug=bug, fixed=fixed, title=name, words=name, oracle=oracle)


def test_different_inputs_for_one_bug_become_one_case() -> None:
    clearing = house(alpha=Bug(LOAD))
    for name in ("one", "two", "three"):
        clearing.send(sketch(name, "alpha"), finder=f"Lab {name}")
    clearing.work()
    assert cases_of(clearing) == {frozenset({"one", "two", "three"})}
    assert figures.funnel(actor=LOCAL).headline == "3 reports closed by 1 case"


def test_two_bugs_fixed_in_one_release_stay_two_cases() -> None:
    clearing = house(alpha=Bug(LOAD), beta=Bug(DUMP))
    clearing.send(sketch("one", "alpha"))
    clearing.send(sketch("two", "beta"))
    clearing.work()
    assert cases_of(clearing) == {frozenset({"one"}), frozenset({"two"})}
    (first, *_) = queries.cases(actor=LOCAL)
    case = queries.case(first.id, actor=LOCAL)
    assert case is not None
    assert [pair.relation for pair in case.neighbours] == [Relation.UNDECIDED]
    assert case.neighbours[0].other_case not in {None, first.id}


def test_two_bugs_in_one_function_are_told_apart_by_each_others_fix() -> None:
    clearing = house(alpha=Bug(LOAD, ranges=(("0", "1.5"),)), beta=Bug(LOAD, ranges=(("0", "1.6"),)))
    clearing.send(sketch("one", "alpha", fixed="1.5"))
    clearing.send(sketch("two", "beta", fixed="1.6"))
    clearing.work()
    assert cases_of(clearing) == {frozenset({"one"}), frozenset({"two"})}


def test_a_later_fixed_release_claimed_for_the_same_bug_does_not_split_it() -> None:
    clearing = house(alpha=Bug(LOAD))
    clearing.send(sketch("one", "alpha", fixed="1.5"))
    clearing.send(sketch("two", "alpha", fixed="1.6"))
    clearing.work()
    assert cases_of(clearing) == {frozenset({"one", "two"})}


def test_a_release_that_cannot_be_run_leaves_the_pair_undecided_and_apart() -> None:
    clearing = house(alpha=Bug(LOAD))
    clearing.prover.broken = frozenset({"1.6"})
    clearing.send(sketch("one", "alpha", fixed="1.5"))
    clearing.send(sketch("two", "alpha", fixed="1.6"))
    clearing.work()
    assert cases_of(clearing) == {frozenset({"one"}), frozenset({"two"})}


def test_a_release_out_of_reach_is_tried_again_when_the_next_look_alike_comes() -> None:
    clearing = house(alpha=Bug(LOAD))
    clearing.prover.out_of_reach = frozenset({"1.6"})
    clearing.send(sketch("one", "alpha", fixed="1.5"))
    clearing.send(sketch("two", "alpha", fixed="1.6"))
    clearing.work()
    assert cases_of(clearing) == {frozenset({"one"}), frozenset({"two"})}
    clearing.prover.out_of_reach = frozenset()
    clearing.send(sketch("three", "alpha", fixed="1.5"))
    clearing.work()
    assert cases_of(clearing) == {frozenset({"one", "two", "three"})}


ARRIVALS = {
    "early": sketch("early", "alpha", fixed="1.5"),
    "late": sketch("late", "alpha", fixed="1.6"),
    "other": sketch("other", "beta", fixed="1.6"),
    "again": sketch("again", "beta", fixed="1.6"),
    "elsewhere": sketch("elsewhere", "gamma", fixed="1.6"),
}
EXPECTED = {frozenset({"early", "late"}), frozenset({"other", "again"}), frozenset({"elsewhere"})}


@pytest.mark.parametrize("order", list(itertools.permutations(ARRIVALS))[::7], ids="-".join)
def test_the_order_of_arrival_does_not_change_the_cases(order: tuple[str, ...]) -> None:
    """`late` and `other` look the same until `early` brings the release that tells them apart."""
    bugs = {"alpha": Bug(LOAD), "beta": Bug(LOAD, ranges=(("0", "1.6"),)), "gamma": Bug(DUMP, ranges=(("0", "1.6"),))}
    clearing = house(**bugs)
    for name in order:
        clearing.send(ARRIVALS[name], finder=f"Lab {name}")
        clearing.work()
    assert cases_of(clearing) == EXPECTED
    assert figures.funnel(actor=LOCAL).cases == len(EXPECTED)
    assert verify().broken is None


def test_a_split_moves_the_stranger_to_a_case_of_its_own_and_says_so() -> None:
    clearing = house(alpha=Bug(LOAD), beta=Bug(LOAD, ranges=(("0", "1.6"),)))
    for name in ("late", "other"):
        clearing.send(ARRIVALS[name])
    clearing.work()
    assert cases_of(clearing) == {frozenset({"late", "other"})}
    clearing.send(ARRIVALS["early"])
    clearing.work()
    assert cases_of(clearing) == {frozenset({"early", "late"}), frozenset({"other"})}
    kinds = [entry.kind for entry in journal.entries("case/CLH-2026-00001")]
    assert kinds.count("proof left") == 1
    assert {row.reports for row in queries.cases(actor=LOCAL)} == {1, 2}


def test_why_two_reports_are_one_is_kept_with_the_case() -> None:
    clearing = house(alpha=Bug(LOAD))
    clearing.send(sketch("one", "alpha", fixed="1.5"))
    clearing.send(sketch("two", "alpha", fixed="1.6"))
    clearing.work()
    case = queries.case("CLH-2026-00001", actor=LOCAL)
    assert case is not None
    (pair,) = case.pairs
    assert pair.relation is Relation.SAME
    assert {line.kind for line in pair.evidence} == {"function", "oracle", "silent on the other's fix"}
    joined = [entry for entry in case.journal if entry.kind == "proof joined"]
    assert joined[-1].body["because"][0]["relation"] == "same"


def test_a_step_that_runs_twice_has_one_effect() -> None:
    clearing = house(alpha=Bug(LOAD))
    clearing.send(sketch("one", "alpha"))
    clearing.work()
    before = verify().entries
    (prove, answer) = clearing.queue._jobs.values()
    (proof,) = queries.case("CLH-2026-00001", actor=LOCAL).proofs  # type: ignore[union-attr]
    (report,) = queries.case("CLH-2026-00001", actor=LOCAL).claims  # type: ignore[union-attr]
    for step in prove.steps.values():
        step(proof.bundle_id)
    for step in answer.steps.values():
        step(report.report_id)
    assert verify().entries == before
    assert figures.funnel(actor=LOCAL).cases == 1


class Failing(Simulator):
    """Cannot try other releases at all."""

    def try_on(self, bundle: bytes, version: str) -> Trial:  # noqa: ARG002
        raise RuntimeError("the host is out of order")


def test_trials_that_never_end_well_are_given_up_and_leave_the_proofs_apart() -> None:
    clearing = House(Failing({"alpha": Bug(LOAD)}))
    clearing.send(sketch("one", "alpha", fixed="1.5"))
    clearing.send(sketch("two", "alpha", fixed="1.6"))
    with pytest.raises(RuntimeError, match="out of order"):
        clearing.work()
    clearing.queue.failures.clear()
    for _ in range(MAX_ATTEMPTS + 1):
        for name, key in [("prove", proof) for proof in _unsettled()]:
            clearing.queue.enqueue(name, key)
        clearing.queue.run_all()
    assert cases_of(clearing) == {frozenset({"one"}), frozenset({"two"})}


def _unsettled() -> tuple[str, ...]:
    from clearinghouse.proofs.queries import unsettled  # noqa: PLC0415

    return unsettled()


def test_who_shares_a_hint_is_looked_at_by_look_ups_as_by_the_rule() -> None:
    clearing = house(alpha=Bug(LOAD), beta=Bug(DUMP), gamma=Bug("gizmo.core:close"))
    named = {
        "one": Sketch("alpha", title="one", aliases=("CVE-2026-0001",)),
        "two": Sketch("beta", title="two", words="two", aliases=("CVE-2026-0001", "CVE-2026-0002")),
        "three": Sketch("gamma", title="three", words="three", aliases=("CVE-2026-0002",)),
        "four": Sketch("gamma", title="four", words="four"),
        "apart": Sketch("alpha", title="apart", words="apart", package="pkg:pypi/gadget", aliases=("CVE-2026-0001",)),
    }
    ids = {name: clearing.send(sketch).bundle_id or "" for name, sketch in named.items()}
    clearing.work()
    known = [matching_facts(row) for row in Proof.objects.all()]
    for name in named:
        looked_up = {facts.id for facts in candidates(ids[name])}
        assert looked_up == {facts.id for facts in group_of(ids[name], known)}
        assert len(looked_up) == (1 if name == "apart" else 4)
    assert cases_of(clearing) == {*(frozenset({n}) for n in ("one", "two", "apart")), frozenset({"three", "four"})}


def test_a_stated_alias_makes_neighbours_of_proofs_under_different_oracles_and_nothing_more() -> None:
    clearing = house(alpha=Bug(LOAD), beta=Bug(LOAD, oracle="read", ranges=(("0", "1.8"),)))
    clearing.send(Sketch("alpha", aliases=("CVE-2026-0001",)))
    clearing.send(Sketch("beta", oracle="read", vulnerable="1.7", fixed="1.8", aliases=("CVE-2026-0001",)))
    clearing.work()
    case = queries.case("CLH-2026-00002", actor=LOCAL)
    assert case is not None
    (pair,) = case.neighbours
    assert (pair.relation, pair.other_case) == (Relation.UNDECIDED, "CLH-2026-00001")
    assert "alias" in {line.kind for line in pair.evidence}
