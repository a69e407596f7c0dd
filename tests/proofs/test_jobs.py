from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from clearinghouse.core.errors import IntegrityError, NotFound
from clearinghouse.core.proof import ProofResult, Verdict
from clearinghouse.core.report import ReportState
from clearinghouse.core.visibility import LOCAL, PUBLIC
from clearinghouse.intake import queries as reports
from clearinghouse.proofs import blobs, queries
from clearinghouse.proofs.jobs import AT_ONCE, MAX_ATTEMPTS
from clearinghouse.proofs.models import Blob
from clearinghouse.proofs.services import keep_verdict
from tests.intake.factories import START, House, house
from tests.proofs.factories import Sketch
from tests.proofs.simulator import Bug, Simulator

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("sketch", "verdict", "state"),
    [
        (Sketch("alpha"), Verdict.PROVEN, ReportState.ATTACHED),
        (Sketch("alpha", fixed=None), Verdict.REPRODUCED, ReportState.ATTACHED),
        (Sketch("alpha", fixed="1.4.1"), Verdict.FIX_INEFFECTIVE, ReportState.PARKED),
        (Sketch("nothing"), Verdict.NOT_REPRODUCED, ReportState.RETURNED),
        (Sketch("alpha", vulnerable="1.6"), Verdict.NOT_REPRODUCED, ReportState.RETURNED),
    ],
)
def test_a_report_ends_where_its_verdict_leads(sketch: Sketch, verdict: Verdict, state: ReportState) -> None:
    clearing = house(alpha=Bug("gizmo.core:load"))
    clearing.send(sketch)
    clearing.work()
    (row,) = reports.reports(actor=LOCAL)
    assert (row.verdict, row.state) == (verdict, state)
    assert row.reasons[0] == f"verdict {verdict}"


def test_the_whole_result_and_its_logs_can_be_read_back() -> None:
    clearing = house(alpha=Bug("gizmo.core:load"))
    bundle = clearing.send(Sketch("alpha")).bundle_id
    assert bundle is not None
    clearing.work()
    proof = queries.proof(bundle, actor=LOCAL)
    assert proof is not None
    assert proof.runs == 9
    assert [(row.variant, row.n, row.k) for row in proof.matrix] == [("vulnerable", 5, 5), ("fixed", 4, 0)]
    digest = proof.matrix[0].logs[0]
    assert digest in queries.log_digests([bundle])
    assert queries.log_text(digest, actor=LOCAL) == f"output of {bundle}"
    assert queries.log_text(digest, actor=PUBLIC) is None


def test_a_second_verdict_changes_nothing() -> None:
    clearing = house(alpha=Bug("gizmo.core:load"))
    bundle = clearing.send(Sketch("alpha")).bundle_id
    assert bundle is not None
    clearing.work()
    assert keep_verdict(bundle, ProofResult(id=bundle, verdict=Verdict.INVALID), at=START) is False
    proof = queries.proof(bundle, actor=LOCAL)
    assert proof is not None
    assert proof.verdict is Verdict.PROVEN


class Dying(Simulator):
    """Never comes back from a proof."""

    def prove(self, bundle: bytes) -> ProofResult:  # noqa: ARG002
        raise RuntimeError("the worker is gone")


def test_a_proof_that_always_ends_its_worker_is_given_up_without_blame() -> None:
    clearing = House(Dying({}))
    clearing.send(Sketch("alpha"))
    for _ in range(MAX_ATTEMPTS + 1):
        for key in queries.unsettled():
            clearing.queue.enqueue("prove", key)
        clearing.queue.run_all()
    (row,) = reports.reports(actor=LOCAL)
    assert (row.verdict, row.state) == (Verdict.INFRA_ERROR, ReportState.PARKED)
    assert len(clearing.queue.failures) == MAX_ATTEMPTS


@dataclass
class Stumbling(Simulator):
    """Loses its sandbox on the first `times` attempts."""

    times: int = 0

    def prove(self, bundle: bytes) -> ProofResult:
        result = super().prove(bundle)
        if len(self.calls) <= self.times:
            return replace(result, verdict=Verdict.INFRA_ERROR, reasons=("the sandbox did not start",))
        return result


@pytest.mark.parametrize(
    ("times", "verdict", "state", "rounds"),
    [
        (2, Verdict.PROVEN, ReportState.ATTACHED, 1),
        (MAX_ATTEMPTS - 1, Verdict.PROVEN, ReportState.ATTACHED, 4),
        (MAX_ATTEMPTS, Verdict.INFRA_ERROR, ReportState.PARKED, 4),
    ],
)
def test_a_fault_of_ours_is_tried_again_at_once_and_in_later_rounds_before_it_is_a_verdict(
    times: int, verdict: Verdict, state: ReportState, rounds: int
) -> None:
    clearing = House(Stumbling({"alpha": Bug("gizmo.core:load")}, times=times))
    bundle = clearing.send(Sketch("alpha")).bundle_id
    assert bundle is not None
    for _ in range(rounds - 1):
        clearing.queue.enqueue("prove", bundle)
        clearing.queue.run_all()
        (row,) = reports.reports(actor=LOCAL)
        assert row.state == ReportState.PROVING
    clearing.queue.enqueue("prove", bundle)
    assert clearing.queue.run_all() == 1
    (row,) = reports.reports(actor=LOCAL)
    assert (row.verdict, row.state) == (verdict, state)
    assert len(clearing.prover.calls) == min(times + 1, MAX_ATTEMPTS)
    assert [len(clearing.queue.failures), AT_ONCE * (rounds - 1)] == [rounds - 1, MAX_ATTEMPTS - 1 if rounds > 1 else 0]
    if verdict is Verdict.INFRA_ERROR:
        assert "the sandbox did not start" in row.reasons


def test_stored_bytes_that_were_changed_are_noticed() -> None:
    blob = blobs.keep(b"as sent")
    other = blobs.keep(b"another")
    Blob.objects.filter(pk=blob.pk).update(packed=other.packed)
    with pytest.raises(IntegrityError, match="changed"):
        blobs.read(blob.sha256)
    with pytest.raises(NotFound):
        blobs.read("0" * 64)
