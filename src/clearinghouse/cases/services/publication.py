"""Keeps what a publication let out: the proofs and reports that its case had at that moment, and no later ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clearinghouse.intake.models import Report

if TYPE_CHECKING:
    from datetime import datetime

    from clearinghouse.cases.models import Case
    from clearinghouse.cases.views import CaseDetail


def let_out(case: Case, detail: CaseDetail, *, at: datetime) -> None:
    """What `detail` shows of the case is public from then on. Call inside the transaction that publishes it.

    It names what was approved, so nothing that is attached meanwhile slips through.
    """
    proofs = case.memberships.filter(proof__bundle_id__in=[proof.bundle_id for proof in detail.proofs])
    proofs.update(published_in=case, published_at=at)
    Report.objects.filter(public_id__in=[claim.report_id for claim in detail.claims]).update(published_at=at)
