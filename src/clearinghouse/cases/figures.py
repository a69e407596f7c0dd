"""The figures of the home page: what went in and what came out, as far as the reader may know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Sum

from clearinghouse.cases.models import Case, CaseState
from clearinghouse.cases.queries import members, visible_to
from clearinghouse.core.report import ReportState
from clearinghouse.core.visibility import PUBLIC, Action, can
from clearinghouse.intake.models import Report
from clearinghouse.intake.queries import count_by_state
from clearinghouse.intake.queries import visible_to as visible_reports
from clearinghouse.proofs.models import Proof, Trial

if TYPE_CHECKING:
    from clearinghouse.core.visibility import Actor


@dataclass(frozen=True, slots=True)
class Funnel:
    """What went in and what came out. `runs` counts executions in the sandbox, `proven` reports whose claim held."""

    reports: int
    finders: int
    proofs: int  # distinct bundles
    runs: int
    decided: int  # distinct bundles with a verdict
    proven: int
    cases: int
    published: int
    waiting: int  # reports not yet answered
    by_state: dict[ReportState, int]

    @property
    def headline(self) -> str:
        """The figure of the home page."""
        reports = f"{self.proven} report{'s' if self.proven != 1 else ''}"
        return f"{reports} closed by {self.cases} case{'s' if self.cases != 1 else ''}"


def funnel(*, actor: Actor) -> Funnel:
    """The figures of the home page: of the whole house for who works in it, else of what was published, and no more.

    A total would tell a stranger whether its own report met a case that nobody speaks of.
    """
    if not can(actor, Action.READ_FIGURES):
        return _published_funnel()
    by_state = count_by_state(actor)
    proof_runs = Proof.objects.aggregate(n=Sum("runs"))["n"] or 0
    trial_runs = Trial.objects.aggregate(n=Sum("n"))["n"] or 0
    answered = (ReportState.ATTACHED, ReportState.PARKED, ReportState.RETURNED)
    total = sum(by_state.values())
    live = Case.objects.exclude(state=CaseState.MERGED)
    return Funnel(
        reports=total,
        finders=Report.objects.values("finder").distinct().count(),
        proofs=Proof.objects.count(),
        runs=proof_runs + trial_runs,
        decided=Proof.objects.exclude(verdict="").count(),
        proven=by_state.get(ReportState.ATTACHED, 0),
        cases=live.count(),
        published=live.filter(state=CaseState.PUBLISHED).count(),
        waiting=total - sum(by_state.get(state, 0) for state in answered),
        by_state=by_state,
    )


def _published_funnel() -> Funnel:
    published = visible_to(PUBLIC)
    proofs = Proof.objects.filter(membership__in=members(PUBLIC, Action.READ_CASE))
    reports = visible_reports(PUBLIC, Action.READ_CASE)
    trial_runs = Trial.objects.filter(proof__in=proofs).aggregate(n=Sum("n"))["n"] or 0
    total = reports.count()
    return Funnel(
        reports=total,
        finders=reports.values("finder").distinct().count(),
        proofs=proofs.count(),
        runs=(proofs.aggregate(n=Sum("runs"))["n"] or 0) + trial_runs,
        decided=proofs.count(),
        proven=total,
        cases=published.count(),
        published=published.count(),
        waiting=0,
        by_state={ReportState.ATTACHED: total} if total else {},
    )
