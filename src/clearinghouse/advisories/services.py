"""Publish a case: once, only what its proof supports, only by a named coordinator."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db import transaction

from clearinghouse.advisories.drafting import draft
from clearinghouse.advisories.models import Advisory
from clearinghouse.cases import queries as cases
from clearinghouse.cases.access import locked
from clearinghouse.cases.models import CaseState
from clearinghouse.cases.services.facts import went_public
from clearinghouse.cases.services.publication import let_out
from clearinghouse.core.errors import IntegrityError, Refused, UsageError
from clearinghouse.core.ids import advisory_id
from clearinghouse.core.protocol.embargo import Embargo
from clearinghouse.core.roles import Tlp
from clearinghouse.core.visibility import LOCAL, Action
from clearinghouse.formats.osv import osv_problems, write_osv
from clearinghouse.journal import services as journal
from clearinghouse.journal.publishing import write_whole
from clearinghouse.journal.repeating import repeated

if TYPE_CHECKING:
    from pathlib import Path

    from clearinghouse.cases.models import Case
    from clearinghouse.cases.views import CaseDetail
    from clearinghouse.core.ports import Clock
    from clearinghouse.core.visibility import Actor


@dataclass(frozen=True, slots=True)
class Publication:
    """Where a case was published. `known` says that it had been before."""

    id: str
    case_id: str
    path: Path
    known: bool


@repeated
def publish(case_id: str, *, actor: Actor, confirm: bool, folder: Path, clock: Clock) -> Publication:
    """Write the case's OSV record into `folder` as `<case>.osv.json`, once, and note who did it.

    `confirm` says that `actor` has checked what the proofs ask a person to confirm. Raises NotFound for no such case,
    Refused under an embargo, when the proof does not support it, when a confirmation is due and not given, or when the
    record would not be valid. That the public knows is a fact from then on, with what it forces.
    """
    by = actor.name.strip()
    if not by:
        raise UsageError("publishing needs the coordinator's name", advice="say who publishes")
    with transaction.atomic():
        case = locked(case_id, Action.PUBLISH, actor=actor)
        if case.merged_into is not None:
            raise Refused(f"{case_id} was merged", advice=f"publish {case.merged_into.public_id}")
        advisory = Advisory.objects.filter(case=case).first()
        known = advisory is not None
        if advisory is None:
            advisory = _approve(case, actor=actor, confirm=confirm, clock=clock)
    path = _write(advisory, folder)
    return Publication(advisory.public_id, case.public_id, path, known)


def write_missing(folder: Path) -> int:
    """Write the files that a crash left out between the decision and the file; how many."""
    missing = [a for a in Advisory.objects.order_by("id") if not (folder / _file_name(a)).exists()]
    for advisory in missing:
        _write(advisory, folder)
    return len(missing)


def _approve(case: Case, *, actor: Actor, confirm: bool, clock: Clock) -> Advisory:
    if Embargo(case.embargo).in_force:
        end = f"until {case.ends_at:%Y-%m-%d %H:%M} UTC" if case.ends_at else "without an end"
        raise Refused(f"{case.public_id} is under an embargo {end}", advice="wait for its end, or end it first")
    by = actor.name.strip()
    detail = cases.case(case.public_id, actor=LOCAL)
    if detail is None:
        raise IntegrityError(f"{case.public_id} is there and cannot be read")
    due = _check(detail)
    if due and not confirm:
        raise Refused(
            f"{case.public_id} needs a person's confirmation first: {'; '.join(due)}",
            advice="check that, then publish with --confirm",
        )
    at = clock()
    confirmed_by = by if due else ""
    document = write_osv(draft(detail, at=at, coordinator=by, confirmed_by=confirmed_by))
    problems = osv_problems(document)
    if problems:
        raise Refused(f"{case.public_id}: the record would not be valid OSV: {'; '.join(problems)}")
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    advisory = Advisory.objects.create(
        case=case,
        public_id=advisory_id(case.public_id),
        published_at=at,
        published_by=by,
        confirmed_by=confirmed_by,
        text=text,
    )
    case.state, case.published_at, case.tlp = CaseState.PUBLISHED, at, Tlp.CLEAR
    case.save(update_fields=["state", "published_at", "tlp"])
    let_out(case, detail, at=at)
    body = {"advisory": advisory.public_id, "confirmed": list(due), "document": document}
    journal.append(f"case/{case.public_id}", "case published", actor=by, at=at, body=body)
    went_public(case, actor=actor.called(by), at=at, because="published by the clearinghouse")
    return advisory


def _check(detail: CaseDetail) -> tuple[str, ...]:
    """What a person must confirm first. Raises Refused when no proof supports the case."""
    supporting = [proof for proof in detail.proofs if proof.verdict and proof.verdict.supports_the_claim]
    if not supporting:
        raise Refused(f"{detail.row.id}: no proof supports it", advice="a case is published on a proof, not on a claim")
    return detail.row.confirm


def _file_name(advisory: Advisory) -> str:
    return f"{advisory.case.public_id}.osv.json"


def _write(advisory: Advisory, folder: Path) -> Path:
    path = folder / _file_name(advisory)
    write_whole(path, advisory.text.encode())
    return path
