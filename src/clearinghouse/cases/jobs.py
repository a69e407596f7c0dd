"""The steps after a verdict: find the proof's case, then answer every report that waits for it. Each may run twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clearinghouse.cases import matching, services
from clearinghouse.core.matching import missing_trials
from clearinghouse.core.proof import Signal, Trial
from clearinghouse.proofs import services as proofs

if TYPE_CHECKING:
    from clearinghouse.core.ports import Clock, Prover

# Restarts of the machine count too; what must end is only a proof that takes its worker down every time.
MAX_ATTEMPTS = 10


def match(bundle_id: str, *, prover: Prover, clock: Clock) -> None:
    """Try the proof and its look-alikes on each other's fixed releases, then decide the cases of their group.

    What is still to be tried is asked again under the package's lock: another proof may have come in meanwhile.
    """
    if not proofs.supporting(bundle_id) or services.is_matched(bundle_id):
        return
    attempt = matching.begin(bundle_id)
    while True:
        for other, version in missing_trials(matching.candidates(bundle_id)):
            proofs.keep_trial(other, _trial(other, version, attempt, prover), at=clock())
        if matching.decide(bundle_id, at=clock()):
            return


def _trial(bundle_id: str, version: str, attempt: int, prover: Prover) -> Trial:
    if attempt > MAX_ATTEMPTS:
        reason = f"given up after {MAX_ATTEMPTS} attempts that ended without a result"
        return Trial(version, Signal.BROKEN, n=0, k=0, reason=reason)
    return prover.try_on(proofs.archive_of(bundle_id), version)


def settle(bundle_id: str, *, clock: Clock) -> None:
    """Answer the reports that brought this proof, and rank its case anew."""
    services.settle(bundle_id, at=clock())


def answer(report_id: str, *, clock: Clock) -> None:
    """Answer one report that came after its proof was settled, and rank its case anew."""
    services.answer_late(report_id, at=clock())
