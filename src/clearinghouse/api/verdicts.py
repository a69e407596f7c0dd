"""Verdicts as the API gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clearinghouse.api.schemas import Verdict

if TYPE_CHECKING:
    from clearinghouse.proofs.queries import ProofView


def verdict_of(proof: ProofView) -> Verdict:
    """What running a proof showed, with its claim's frame."""
    return Verdict(
        bundle=proof.bundle_id,
        title=proof.title,
        package=proof.package,
        vulnerable=proof.vulnerable,
        fixed=proof.fixed,
        oracle=proof.oracle,
        verdict=proof.verdict,
        grade=proof.grade,
        function=proof.function,
        runs=proof.runs,
        decided_at=proof.decided_at,
        attested_by=proof.attested_by,
        confirm=list(proof.confirm),
        result=proof.result.as_json() if proof.result else None,
    )
