"""Read cases: the funnel, the list, and everything about one case."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Prefetch, QuerySet, Sum

from clearinghouse.cases.models import Case, CaseState, Membership, Pair
from clearinghouse.cases.ranking import priority_of
from clearinghouse.core.matching import Evidence, Relation, Strength
from clearinghouse.core.proof import Grade
from clearinghouse.core.report import ReportState
from clearinghouse.intake.models import Report
from clearinghouse.intake.queries import count_by_state
from clearinghouse.journal import queries as journal
from clearinghouse.proofs.models import Proof, Trial
from clearinghouse.proofs.queries import ProofView, log_digests, view

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from clearinghouse.core.priority import Priority
    from clearinghouse.core.visibility import Viewer


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


@dataclass(frozen=True, slots=True)
class CaseRow:
    """One line of the case list. Title, weakness and aliases are claims; the rest was executed or decided."""

    id: str
    title: str
    package: str
    vulnerable: tuple[str, ...]
    fixed: tuple[str, ...]
    weakness: tuple[str, ...]
    aliases: tuple[str, ...]
    function: str | None
    oracle: str
    grade: Grade | None
    confirm: tuple[str, ...]
    priority: Priority
    reports: int
    finders: tuple[str, ...]
    state: str
    opened_at: datetime
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class Claim:
    """What one finder said in one report; credit goes by `received_at`."""

    report_id: str
    finder: str
    received_at: datetime
    bundle_id: str
    title: str
    summary: str
    weakness: tuple[str, ...]
    aliases: tuple[str, ...]
    severity: str


@dataclass(frozen=True, slots=True)
class PairView:
    """Why two proofs are, or are not, one bug. `other_case` names the other proof's case when it is another one."""

    left: str
    right: str
    left_title: str
    right_title: str
    relation: Relation
    matcher: str
    evidence: tuple[Evidence, ...]
    other_case: str | None


@dataclass(frozen=True, slots=True)
class CaseDetail:
    """A case in full. `pairs` are within the case, `neighbours` reach into other cases that were looked at."""

    row: CaseRow
    claims: tuple[Claim, ...]
    proofs: tuple[ProofView, ...]
    pairs: tuple[PairView, ...]
    neighbours: tuple[PairView, ...]
    logs: frozenset[str]
    journal: tuple[journal.EntryView, ...]
    advisory_id: str | None
    merged_into: str | None


def visible_to(viewer: Viewer) -> QuerySet[Case]:
    """The cases that the viewer may see: coordinators all, the public what is published."""
    return Case.objects.all() if viewer.sees_unpublished else Case.objects.filter(state=CaseState.PUBLISHED)


def funnel() -> Funnel:
    """The figures of the home page; counts only, so for everyone."""
    by_state = count_by_state()
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


def cases(*, viewer: Viewer) -> tuple[CaseRow, ...]:
    """Visible cases, most urgent first, then oldest."""
    found = _loaded(visible_to(viewer).exclude(state=CaseState.MERGED))
    rows = [_row(case) for case in found]
    return tuple(sorted(rows, key=lambda row: (*(-n for n in row.priority.sort_key), row.id)))


def case(public_id: str, *, viewer: Viewer) -> CaseDetail | None:
    """One case, merged ones included, or None when there is none or none to see. The public sees no logs."""
    found = next(iter(_loaded(visible_to(viewer).filter(public_id=public_id))), None)
    if found is None:
        return None
    proofs = _proofs(found)
    ids = [proof.pk for proof in proofs]
    inside: list[PairView] = []
    outside: list[PairView] = []
    if viewer.sees_unpublished:
        for pair in _pairs(ids):
            (inside if {pair.left_id, pair.right_id} <= set(ids) else outside).append(_pair(pair, ids))
    advisory = getattr(found, "advisory", None)
    return CaseDetail(
        row=_row(found),
        claims=tuple(_claim(report) for report in _reports(proofs)),
        proofs=tuple(view(proof) for proof in proofs),
        pairs=tuple(inside),
        neighbours=tuple(outside),
        logs=log_digests(proof.bundle_id for proof in proofs) if viewer.sees_unpublished else frozenset(),
        journal=journal.entries(f"case/{found.public_id}") if viewer.sees_unpublished else (),
        advisory_id=advisory.public_id if advisory else None,
        merged_into=found.merged_into.public_id if found.merged_into else None,
    )


def _loaded(cases: QuerySet[Case]) -> Iterable[Case]:
    members = Membership.objects.select_related("proof").order_by("proof__id")
    attached = Report.objects.filter(state=ReportState.ATTACHED).select_related("finder")
    return cases.select_related("merged_into", "advisory").prefetch_related(
        Prefetch("memberships", queryset=members),
        Prefetch("memberships__proof__reports", queryset=attached.order_by("received_at", "id")),
        "facts",
    )


def _proofs(case: Case) -> list[Proof]:
    return [membership.proof for membership in case.memberships.all()]


def _reports(proofs: Sequence[Proof]) -> list[Report]:
    reports = [report for proof in proofs for report in proof.reports.all()]
    return sorted(reports, key=lambda report: (report.received_at, report.pk))


def _row(case: Case) -> CaseRow:
    proofs, reports = _proofs(case), _reports(_proofs(case))
    grades = [Grade(proof.grade) for proof in proofs if proof.grade]
    best = min(grades) if grades else None
    return CaseRow(
        id=case.public_id,
        title=case.title,
        package=case.package,
        vulnerable=tuple(dict.fromkeys(proof.vulnerable for proof in proofs)),
        fixed=tuple(dict.fromkeys(proof.fixed for proof in proofs if proof.fixed)),
        weakness=tuple(sorted({weakness for proof in proofs for weakness in proof.weakness})),
        aliases=tuple(sorted({alias for proof in proofs for alias in proof.aliases})),
        function=next((proof.function for proof in proofs if proof.function), None),
        oracle=proofs[0].oracle if proofs else "",
        grade=best,
        confirm=_confirm(proofs),
        priority=priority_of(proofs, len({report.finder_id for report in reports}), case.facts.all()),
        reports=len(reports),
        finders=tuple(dict.fromkeys(report.finder.name for report in reports)),
        state=case.state,
        opened_at=case.opened_at,
        published_at=case.published_at,
    )


def _confirm(proofs: Sequence[Proof]) -> tuple[str, ...]:
    """What a person must confirm before the case may leave the house: nothing once one proof needs no confirmation."""
    asked = [tuple(proof.result["confirm"]) for proof in proofs if proof.result]
    return () if () in asked else tuple(dict.fromkeys(item for items in asked for item in items))


def _claim(report: Report) -> Claim:
    proof = report.proof
    assert proof is not None  # only reports reached through their proof come here
    return Claim(
        report_id=report.public_id,
        finder=report.finder.name,
        received_at=report.received_at,
        bundle_id=proof.bundle_id,
        title=proof.title,
        summary=proof.summary,
        weakness=tuple(proof.weakness),
        aliases=tuple(proof.aliases),
        severity=proof.severity,
    )


def _pairs(ids: Sequence[int]) -> QuerySet[Pair]:
    related = ("left__membership__case", "right__membership__case")
    found = Pair.objects.filter(left__in=ids) | Pair.objects.filter(right__in=ids)
    return found.select_related(*related).distinct().order_by("left__bundle_id", "right__bundle_id")


def _pair(pair: Pair, ids: Sequence[int]) -> PairView:
    other = next((proof for proof in (pair.left, pair.right) if proof.pk not in ids), None)
    membership = getattr(other, "membership", None) if other else None
    return PairView(
        left=pair.left.bundle_id,
        right=pair.right.bundle_id,
        left_title=pair.left.title,
        right_title=pair.right.title,
        relation=Relation(pair.relation),
        matcher=pair.matcher,
        evidence=tuple(Evidence(**{**line, "strength": Strength(line["strength"])}) for line in pair.evidence),
        other_case=membership.case.public_id if membership else None,
    )
