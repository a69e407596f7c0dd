"""The step that runs a proof; repeated after a crash it does no harm, and after too many attempts it gives up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clearinghouse.core.errors import Unavailable
from clearinghouse.core.proof import ProofResult, Verdict
from clearinghouse.proofs import services

if TYPE_CHECKING:
    from clearinghouse.core.ports import Clock, Prover, Signer

# Restarts of the machine count too; what must end is only a proof that takes its worker down every time.
MAX_ATTEMPTS = 10
AT_ONCE = 3  # attempts in one go that end in a fault of ours; the next go is another round of the job, by any worker

_ADVICE = "run `clearinghouse doctor` on the worker's machine; the proof is tried again by itself"


def run(bundle_id: str, *, prover: Prover, clock: Clock, signer: Signer | None = None) -> None:
    """Prove the bundle unless it was, keep the verdict, and where there is a signer have it signed, unless it was."""
    if not services.is_decided(bundle_id):
        services.keep_verdict(bundle_id, _decide(bundle_id, prover), at=clock())
    result = services.unattested(bundle_id) if signer is not None else None
    if signer is not None and result is not None:
        services.keep_attestation(bundle_id, signer.attest(result, f"proof-{bundle_id[:12]}"), at=clock())


def _decide(bundle_id: str, prover: Prover) -> ProofResult:
    """The prover's verdict.

    An attempt that ends in `infra_error` is repeated at once, `AT_ONCE` times in all; then the job fails (Unavailable),
    to be offered again later, to whichever worker is free: one whose sandbox is broken must not use up what others
    could prove. Attempts that raise or kill their worker are counted too. Past the limit the verdict is `infra_error`,
    which never counts against a finder.
    """
    reason = f"given up after {MAX_ATTEMPTS} attempts that ended without a verdict; see the worker's diagnostics"
    result = ProofResult(id=bundle_id, verdict=Verdict.INFRA_ERROR, reasons=(reason,))
    for _ in range(AT_ONCE):
        attempt = services.note_attempt(bundle_id)
        if attempt > MAX_ATTEMPTS:
            return result
        result = prover.prove(services.archive_of(bundle_id))
        if result.verdict is not Verdict.INFRA_ERROR or attempt == MAX_ATTEMPTS:
            return result
    raise Unavailable(f"{attempt} attempts ended in a fault of ours: {'; '.join(result.reasons)}", advice=_ADVICE)
