"""The step that runs a proof; repeated after a crash it does no harm, and after too many attempts it gives up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clearinghouse.core.proof import ProofResult, Verdict
from clearinghouse.proofs import services

if TYPE_CHECKING:
    from clearinghouse.core.ports import Clock, Prover

MAX_ATTEMPTS = 3


def run(bundle_id: str, *, prover: Prover, clock: Clock) -> None:
    """Prove the bundle unless it was, and keep the verdict.

    An attempt that raises or kills its worker is counted; past the limit the verdict is `infra_error`, which never
    counts against a finder.
    """
    if services.is_decided(bundle_id):
        return
    attempt = services.note_attempt(bundle_id)
    if attempt > MAX_ATTEMPTS:
        reason = f"given up after {MAX_ATTEMPTS} attempts that ended without a verdict; see the worker's diagnostics"
        result = ProofResult(id=bundle_id, verdict=Verdict.INFRA_ERROR, reasons=(reason,))
    else:
        result = prover.prove(services.archive_of(bundle_id))
    services.keep_verdict(bundle_id, result, at=clock())
