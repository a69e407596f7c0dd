"""Cases: list them, read one, and who takes part, what holds it back, what its proofs showed, what was decided."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

from django.http import HttpRequest
from ninja import Router

from clearinghouse.api import cursors
from clearinghouse.api.case_schemas import (
    Case,
    CaseItem,
    CasePage,
    Claim,
    Entry,
    EntryPage,
    Invitation,
    Invitations,
    Participant,
    Participants,
    Verdicts,
)
from clearinghouse.api.cursors import Cursor, Limit
from clearinghouse.api.operations import Raw, Reply, actor_in, reads, rendered
from clearinghouse.api.verdicts import verdict_of
from clearinghouse.cases import journals, queries, services
from clearinghouse.cases.views import CaseDetail, CaseRow
from clearinghouse.core.errors import NotFound
from clearinghouse.core.roles import Scope
from clearinghouse.core.visibility import Actor
from clearinghouse.proofs import queries as proofs

router = Router(tags=["cases"])
_NAME = re.compile(r"[0-9a-f]{32}|CLH-[0-9]{4}-[0-9]{5,9}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_PARTY = re.compile(r"[a-z0-9_-]{1,100}")
_KEY = re.compile(r"[0-9a-f]{32}")


@reads(router, "/cases", scope=Scope.CASES_READ, gives=CasePage, public=True)
def list_cases(request: HttpRequest, cursor: Cursor = None, limit: Limit = cursors.PAGE_SIZE) -> Reply:
    """List the cases that you may read, in the order in which they were opened; without a token, published ones."""
    mark = cursors.read(cursor, of="cases", parts=2) if cursor else None
    after = (cursors.instant(mark[0]), mark[1]) if mark else None
    rows = queries.page(actor=actor_in(request), after=after, limit=limit + 1)
    following = None
    if len(rows) > limit:
        key, last = rows[limit - 1]
        following = cursors.after((last.opened_at.isoformat(), key), of="cases")
    items = [_item(row) for _, row in rows[:limit]]
    return cursors.page(request, CasePage(items=items, next=following), following)


@reads(router, "/cases/{case}", scope=Scope.CASES_READ, gives=Case, public=True)
def get_case(request: HttpRequest, case: str) -> Case:
    """Read a case: what is claimed, what was proven, how urgent it is and why."""
    return shown(actor_in(request), case)


@reads(router, "/cases/{case}/participants", scope=Scope.CASES_READ, gives=Participants)
def list_participants(request: HttpRequest, case: str) -> Participants:
    """List who takes part in a case; your own parts only, where you may not see those of others."""
    found = _detail(actor_in(request), case)
    return Participants(items=[Participant.model_validate(one) for one in found.participants])


@reads(router, "/cases/{case}/verdicts", scope=Scope.CASES_READ, gives=Verdicts)
def list_verdicts(request: HttpRequest, case: str) -> Verdicts:
    """Read what running each proof of a case showed, with its matrix."""
    found = _detail(actor_in(request), case)
    return Verdicts(items=[verdict_of(proof) for proof in found.proofs])


@reads(router, "/cases/{case}/logs/{digest}", scope=Scope.CASES_READ, gives=str, media="text/plain")
def get_log(request: HttpRequest, case: str, digest: str) -> Raw:
    """Read the captured output of one run, head and tail, as plain text; the matrix names the digests."""
    actor = actor_in(request)
    found = _detail(actor, case)
    text = proofs.log_text(digest, actor=actor) if digest in found.logs else None
    if text is None:
        raise NotFound("no log")
    return Raw(text.encode(), "text/plain; charset=utf-8")


@reads(
    router,
    "/cases/{case}/verdicts/{bundle}/attestation",
    scope=Scope.CASES_READ,
    gives=str,
    media="application/vnd.dsse.envelope.v1+json",
)
def get_attestation(request: HttpRequest, case: str, bundle: str) -> Raw:
    """Read the signed statement of a verdict, byte for byte, as `clearinghouse verify-attestation` takes it."""
    actor = actor_in(request)
    known = _DIGEST.fullmatch(bundle) and bundle in _detail(actor, case).opened
    content = proofs.attestation(bundle, actor=actor) if known else None
    if content is None:
        raise NotFound("no signed verdict")
    return Raw(content, "application/vnd.dsse.envelope.v1+json")


@reads(router, "/cases/{case}/journal", scope=Scope.JOURNAL_READ, gives=EntryPage)
def list_journal(request: HttpRequest, case: str, cursor: Cursor = None, limit: Limit = cursors.PAGE_SIZE) -> Reply:
    """Read the journal of a case from its first entry: what was decided, by whom, when, each hashed with the last."""
    of = f"journal {case}"
    mark = cursors.read(cursor, of=of, parts=1) if cursor else None
    entries = journals.of_case(checked(case), actor=actor_in(request))
    if not entries:
        raise NotFound("no journal")
    rows = [entry for entry in entries if mark is None or entry.seq > int(mark[0])]
    following = cursors.after((str(rows[limit - 1].seq),), of=of) if len(rows) > limit else None
    items = [Entry.model_validate(entry) for entry in rows[:limit]]
    return cursors.page(request, EntryPage(items=items, next=following), following)


@reads(router, "/invitations", scope=Scope.CASES_READ, gives=Invitations)
def list_invitations(request: HttpRequest) -> Invitations:
    """List the cases that you were invited to and may not read yet: no more than is needed to answer."""
    found = queries.invitations(actor=actor_in(request))
    return Invitations(
        items=[
            Invitation(
                case=one.key,
                roles=list(one.roles),
                consent=one.consent,
                embargo=one.embargo,
                ends_at=one.ends_at,
                invited_at=one.invited_at,
                rsvp_by=one.rsvp_by,
            )
            for one in found
        ]
    )


def shown(actor: Actor, case: str) -> Case:
    """A case as the actor reads it. Raises NotFound."""
    found = _detail(actor, case)
    return Case(
        **_item(found.row).model_dump(),
        whole=found.whole,
        claims=[
            Claim(
                report=claim.report_id,
                finder=claim.finder,
                received_at=claim.received_at,
                bundle=claim.bundle_id,
                title=claim.title,
                summary=claim.summary,
                weakness=list(claim.weakness),
                aliases=list(claim.aliases),
                severity=claim.severity,
            )
            for claim in found.claims
        ],
        advisory=found.advisory_id,
        merged_into=found.merged_into,
    )


def as_read(actor: Actor, *, case: str) -> bytes:
    """The bytes of a case as the actor reads it: what its ETag names. The case is held until the transaction ends."""
    services.hold(checked(case), actor=actor)
    return rendered(shown(actor, case))


def checked(case: str) -> str:
    """A name that a case can have. Raises NotFound for any other."""
    if not _NAME.fullmatch(case):
        raise NotFound("no case")
    return case


def party_name(party: str) -> str:
    """A key or handle that a party can have. Raises NotFound for any other."""
    if not _PARTY.fullmatch(party):
        raise NotFound("no party")
    return party


def proposal_key(proposal: str) -> str:
    """A key that a proposal can have. Raises NotFound for any other."""
    if not _KEY.fullmatch(proposal):
        raise NotFound("no proposal")
    return proposal


def _detail(actor: Actor, case: str) -> CaseDetail:
    found = queries.case(checked(case), actor=actor)
    if found is None:
        raise NotFound("no case")
    return found


def _item(row: CaseRow) -> CaseItem:
    fields: dict[str, Any] = asdict(row)
    return CaseItem(**{**fields, "priority": {"label": row.priority.label, **fields["priority"]}})
