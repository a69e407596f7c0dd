"""Answer reports from their proofs, rank cases, and take what a coordinator states."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from django.db import transaction

from clearinghouse.cases import collisions, participants
from clearinghouse.cases.access import locked, no_case
from clearinghouse.cases.models import Case, CaseFact, CaseState, PackageLock
from clearinghouse.cases.ranking import priority_of
from clearinghouse.core.errors import IntegrityError, UsageError
from clearinghouse.core.priority import INPUTS
from clearinghouse.core.proof import Verdict
from clearinghouse.core.report import ReportState
from clearinghouse.core.storable import storable
from clearinghouse.core.visibility import Action
from clearinghouse.intake import services as intake
from clearinghouse.intake.models import Report
from clearinghouse.journal import services as journal
from clearinghouse.journal.repeating import repeated
from clearinghouse.proofs.models import Proof

if TYPE_CHECKING:
    from datetime import datetime

    from clearinghouse.core.priority import Priority
    from clearinghouse.core.visibility import Actor

RANKER = "ranking"


def is_matched(bundle_id: str) -> bool:
    """Whether the proof has its case."""
    return Proof.objects.filter(bundle_id=bundle_id, matched_at__isnull=False).exists()


@repeated
def note_match_attempt(bundle_id: str) -> int:
    """Count one more attempt to match, committed before it starts."""
    with transaction.atomic():
        proof = Proof.objects.select_for_update().get(bundle_id=bundle_id)
        proof.match_attempts += 1
        proof.save(update_fields=["match_attempts"])
    return proof.match_attempts


def hold_package(package: str) -> None:
    """Wait until nobody else decides about this package's cases, and keep it so until the transaction ends."""
    PackageLock.objects.get_or_create(package=package)
    PackageLock.objects.select_for_update().get(package=package)


@repeated
def settle(bundle_id: str, *, at: datetime) -> None:
    """Answer every report that waits for this decided proof; those that come later find it settled."""
    with transaction.atomic():
        hold_package(Proof.objects.get(bundle_id=bundle_id).package)
        proof = Proof.objects.select_for_update().get(bundle_id=bundle_id)
        if not proof.verdict:
            raise IntegrityError(f"proof {bundle_id} was to be settled before it was decided")
        reports = list(proof.reports.select_for_update().order_by("received_at", "id"))
        case = _hold_case_of(proof)
        for report in reports:
            _answer(proof, report, case, at=at)
        if proof.settled_at is None:
            proof.settled_at = at
            proof.save(update_fields=["settled_at"])
        if case is not None:
            rank(case, at=at)


@repeated
def answer_late(report_id: str, *, at: datetime) -> None:
    """Answer one report whose proof was settled before it came."""
    with transaction.atomic():
        package = Report.objects.filter(public_id=report_id).values_list("proof__package", flat=True).first()
        hold_package(package or "")
        found = Report.objects.select_for_update(of=("self",)).filter(public_id=report_id)
        report = found.select_related("proof").first()
        if report is None or report.proof is None or report.proof.settled_at is None:
            raise IntegrityError(f"report {report_id} has no settled proof to be answered from")
        case = _hold_case_of(report.proof)
        if _answer(report.proof, report, case, at=at) and case is not None:
            rank(case, at=at)


@repeated
def assess(case_id: str, *, name: str, value: str, actor: Actor, because: str, at: datetime) -> Priority:
    """State one input of a case's priority, with the reason; replaces what was stated before.

    `case_id` is its public id or its key. Raises NotFound for no such case and for one that the actor may not assess,
    UsageError for an input or value that the table does not have.
    """
    if value not in INPUTS.get(name, ()):
        allowed = "; ".join(f"{key}: {', '.join(values)}" for key, values in INPUTS.items())
        raise UsageError(f"{name} = {value!r} is no input of the priority", advice=f"choose one of {allowed}")
    if not because.strip() or not actor.name.strip():
        raise UsageError("an assessment needs a name and a reason", advice="say who states it and on what evidence")
    reason = storable(because)
    with transaction.atomic():
        case = locked(case_id, Action.ASSESS, actor=actor)
        if case.state == CaseState.MERGED:
            raise no_case(case_id)
        fields = {"value": value, "source": actor.name, "evidence": reason, "stated_at": at}
        CaseFact.objects.update_or_create(case=case, name=name, defaults=fields)
        body = {"name": name, "value": value, "because": reason}
        journal.append(f"case/{case.public_id}", "case assessed", actor=actor.name, at=at, body=body)
        return rank(case, at=at)


def rank(case: Case, *, at: datetime) -> Priority:
    """Work out the priority; a journal entry when it or one of its reasons changed. Call inside a transaction."""
    proofs = [m.proof for m in case.memberships.select_related("proof").order_by("proof__id")]
    attached = Report.objects.filter(proof__in=proofs, state=ReportState.ATTACHED)
    collided = collisions.independent_in(case) if case.collided_at else 0
    priority = priority_of(proofs, attached.values("finder").distinct().count(), case.facts.all(), collided)
    document = _document(priority)
    if case.priority != document:
        case.priority = document
        case.save(update_fields=["priority"])
        journal.append(f"case/{case.public_id}", "case ranked", actor=RANKER, at=at, body=document)
    return priority


def _answer(proof: Proof, report: Report, case: Case | None, *, at: datetime) -> bool:
    verdict = Verdict(proof.verdict)
    if verdict.supports_the_claim and case is None:
        raise IntegrityError(f"proof {proof.bundle_id} supports its claim but has no case")
    reasons = proof.result["reasons"] if proof.result else ()
    name = case.public_id if case else None
    if not intake.answer(report, verdict=verdict, reasons=reasons, at=at, case=name):
        return False
    if case is not None:
        body = {"report": report.public_id, "finder": report.finder.name, "bundle": proof.bundle_id}
        journal.append(f"case/{name}", "report attached", actor=intake.ACTOR, at=at, body=body)
        if case.state != CaseState.PUBLISHED:
            participants.enrol_finder(case, report.finder, by=intake.ACTOR, at=at)
        collisions.notice(case, at=at)
    return True


def _hold_case_of(proof: Proof) -> Case | None:
    """The case that the proof belongs to, locked: whoever writes in a case's chain holds the case first."""
    return Case.objects.select_for_update().filter(memberships__proof=proof).first()


def _document(priority: Priority) -> dict[str, Any]:
    document = asdict(priority)
    return {"label": priority.label, **_lists(document)}


def _lists(value: Any) -> Any:
    """Tuples as lists, as JSON gives them back."""
    if isinstance(value, dict):
        return {key: _lists(member) for key, member in value.items()}
    return [_lists(member) for member in value] if isinstance(value, tuple | list) else value
