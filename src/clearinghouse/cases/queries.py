"""Read cases: the list, an invitation, and of one case what the actor may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Count, F, Prefetch, Q, QuerySet

from clearinghouse.cases.access import called, open_to, seen
from clearinghouse.cases.collisions import independent_among
from clearinghouse.cases.models import Case, CaseState, Membership, Pair, Participant
from clearinghouse.cases.ranking import priority_of
from clearinghouse.cases.views import CaseDetail, CaseRow, Claim, Invitation, PairView, ParticipantView
from clearinghouse.core.matching import Evidence, Relation, Strength
from clearinghouse.core.proof import Grade
from clearinghouse.core.protocol.consent import Consent
from clearinghouse.core.protocol.embargo import Embargo
from clearinghouse.core.report import ReportState
from clearinghouse.core.roles import CaseRole, Tlp
from clearinghouse.core.visibility import Action, can
from clearinghouse.intake.models import Report
from clearinghouse.intake.queries import visible_to as reports_visible_to
from clearinghouse.journal import queries as journal
from clearinghouse.proofs.queries import log_digests, view
from clearinghouse.registry.access import NO_ROW, where

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from clearinghouse.core.visibility import Actor
    from clearinghouse.proofs.models import Proof


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A case with the proofs and reports its reader may know of. `claimed`: the proofs whose claims it may read.

    `credited`: the reports of which it may read that they are there and whose. `until`: where it reads the case only
    because that was published, when each proof was. `whole`: there are no others in what the reader's way opens.
    """

    case: Case
    proofs: tuple[Proof, ...]
    reports: tuple[Report, ...]
    claimed: frozenset[int]
    credited: frozenset[int]
    until: dict[int, datetime | None]
    whole: bool
    inside: bool  # the reader works in the house


def visible_to(actor: Actor, action: Action = Action.READ_CASE) -> QuerySet[Case]:
    """The cases with which the actor may do that."""
    return open_to(actor, action)


def cases(*, actor: Actor) -> tuple[CaseRow, ...]:
    """Readable cases, most urgent first, then oldest."""
    rows = [_row(found) for found in _load(visible_to(actor).exclude(state=CaseState.MERGED), actor)]
    return tuple(sorted(rows, key=lambda row: (*(-n for n in row.priority.sort_key), row.opened_at, row.id)))


def page(*, actor: Actor, after: tuple[datetime, str] | None, limit: int) -> tuple[tuple[str, CaseRow], ...]:
    """At most `limit` readable cases with their keys, in the order of their opening, after that instant and key."""
    rows = visible_to(actor).exclude(state=CaseState.MERGED).order_by("opened_at", "key")
    if after is not None:
        at, key = after
        rows = rows.filter(Q(opened_at__gt=at) | Q(opened_at=at, key__gt=key))
    chosen = Case.objects.filter(pk__in=list(rows.values_list("pk", flat=True)[:limit]))
    found = sorted(_load(chosen, actor), key=lambda loaded: (loaded.case.opened_at, loaded.case.key))
    return tuple((loaded.case.key, _row(loaded)) for loaded in found)


def case(name: str, *, actor: Actor) -> CaseDetail | None:
    """One case by its name (see `access.called`), merged ones included; None when there is none or none to read."""
    found = next(iter(_load(visible_to(actor).filter(called(name, actor)), actor)), None)
    if found is None:
        return None
    row = found.case
    opened = frozenset(members(actor, Action.READ_PROOF).filter(case=row).values_list("proof", flat=True))
    shown = [proof for proof in found.proofs if proof.pk in found.claimed]
    bundles = frozenset(proof.bundle_id for proof in shown if proof.pk in opened)
    facts = seen(row)
    advisory = getattr(row, "advisory", None)
    inner, outer = _pairs_of(opened, neighbours=found.inside)
    return CaseDetail(
        row=_row(found),
        whole=found.whole,
        claims=tuple(_claim(report) for report in found.reports if report.pk in found.credited),
        proofs=tuple(view(proof, trials=found.whole, until=found.until.get(proof.pk)) for proof in shown),
        pairs=inner,
        neighbours=outer,
        opened=bundles,
        logs=log_digests(bundles),
        participants=_participants(row, actor, everyone=can(actor, Action.READ_PARTICIPANTS, facts)),
        journal=journal.entries(f"case/{row.public_id}") if can(actor, Action.READ_JOURNAL, facts) else (),
        advisory_id=advisory.public_id if advisory else None,
        merged_into=_merged_into(found, actor),
    )


def invitations(*, actor: Actor) -> tuple[Invitation, ...]:
    """The cases that the actor may know of and not read yet, those to be answered first before others."""
    cases = visible_to(actor, Action.SEE_CASE).exclude(pk__in=visible_to(actor)).exclude(state=CaseState.MERGED)
    rows = Participant.objects.filter(case__in=cases, party__key__in=actor.parties).select_related("case")
    found = [
        Invitation(
            key=row.case.key,
            roles=tuple(CaseRole(role) for role in row.roles),
            consent=Consent(row.consent),
            embargo=Embargo(row.case.embargo),
            ends_at=row.case.ends_at,
            invited_at=row.invited_at,
            rsvp_by=row.rsvp_by,
        )
        for row in rows.order_by("invited_at", "id")
    ]
    return tuple(sorted(found, key=lambda invitation: (invitation.rsvp_by is None, invitation.rsvp_by or 0)))


def invitation(key: str, *, actor: Actor) -> Invitation | None:
    """One case that the actor may know of and not read yet, or None."""
    return next((found for found in invitations(actor=actor) if found.key == key), None)


def members(actor: Actor, action: Action) -> QuerySet[Membership]:
    """The proofs in their cases with which the actor may do that."""
    found = where(
        actor,
        action,
        case="case__",
        origin="brought_to",
        own="proof__reports__finder",
        published=Q(published_in=F("case")),
    )
    return Membership.objects.filter(pk__in=Membership.objects.filter(found).values("pk"))


def _load(cases: QuerySet[Case], actor: Actor) -> list[_Loaded]:
    attached = Report.objects.filter(state=ReportState.ATTACHED).select_related("finder")
    credited = reports_visible_to(actor, Action.READ_CLAIMS)
    counted = attached.filter(Q(pk__in=reports_visible_to(actor, Action.READ_CASE)) | Q(pk__in=credited))
    reports = Prefetch("proof__reports", queryset=counted.order_by("received_at", "id"))
    named = frozenset(credited.filter(proof__membership__case__in=cases).values_list("pk", flat=True))
    inside = frozenset(cases.filter(where(actor, Action.READ_CASE, published=NO_ROW)).values_list("pk", flat=True))
    claimed = frozenset(members(actor, Action.READ_CLAIMS).filter(case__in=cases).values_list("proof", flat=True))
    sizes = dict(Membership.objects.filter(case__in=cases).values_list("case").annotate(n=Count("id")).order_by())
    proofs: dict[int, list[Proof]] = {}
    until: dict[int, datetime | None] = {}
    shown = members(actor, Action.READ_CASE).filter(case__in=cases).select_related("proof").prefetch_related(reports)
    for member in shown.order_by("proof__id"):
        proofs.setdefault(member.case_id, []).append(member.proof)
        until |= {} if member.case_id in inside else {member.proof_id: member.published_at}
    return [
        _Loaded(
            case=row,
            proofs=tuple(proofs.get(row.pk, ())),
            reports=_in_order(proofs.get(row.pk, ())),
            claimed=claimed,
            credited=named,
            until=until,
            whole=row.pk not in inside or len(proofs.get(row.pk, ())) == sizes.get(row.pk, 0),
            inside=can(actor, Action.READ_FIGURES),
        )
        for row in cases.select_related("merged_into", "advisory").prefetch_related("facts")
    ]


def _in_order(proofs: Sequence[Proof]) -> tuple[Report, ...]:
    reports = [report for proof in proofs for report in proof.reports.all()]
    return tuple(sorted(reports, key=lambda report: (report.received_at, report.pk)))


def _row(found: _Loaded) -> CaseRow:
    row, proofs, reports = found.case, found.proofs, found.reports
    grades = [Grade(proof.grade) for proof in proofs if proof.grade]
    # What a person stated may speak of every proof of the case.
    stated = row.facts.all() if found.whole else ()
    finding = (report.finder.key for report in reports)
    collided = independent_among(finding) if row.collided_at and found.whole else 0
    return CaseRow(
        id=row.address(found.inside),
        title=row.title if found.whole else next((proof.title for proof in proofs), ""),
        package=row.package,
        vulnerable=tuple(dict.fromkeys(proof.vulnerable for proof in proofs)),
        fixed=tuple(dict.fromkeys(proof.fixed for proof in proofs if proof.fixed)),
        weakness=tuple(sorted({weakness for proof in proofs for weakness in proof.weakness})),
        aliases=tuple(sorted({alias for proof in proofs for alias in proof.aliases})),
        function=next((proof.function for proof in proofs if proof.function), None),
        oracle=proofs[0].oracle if proofs else "",
        grade=min(grades) if grades else None,
        confirm=_confirm(proofs),
        priority=priority_of(proofs, len({report.finder_id for report in reports}), stated, collided),
        reports=len(reports),
        finders=tuple(dict.fromkeys(report.finder.name for report in reports if report.pk in found.credited)),
        state=row.state,
        opened_at=row.opened_at,
        published_at=row.published_at,
        tlp=Tlp(row.tlp),
        embargo=Embargo(row.embargo),
        ends_at=row.ends_at,
    )


def _merged_into(found: _Loaded, actor: Actor) -> str | None:
    target = found.case.merged_into
    known = target is not None and visible_to(actor, Action.SEE_CASE).filter(pk=target.pk).exists()
    return target.address(found.inside) if target is not None and known else None


def _participants(case: Case, actor: Actor, *, everyone: bool) -> tuple[ParticipantView, ...]:
    rows = case.participants.select_related("party").order_by("invited_at", "id")
    return tuple(
        ParticipantView(
            party=row.party.key,
            name=row.party.name,
            handle=row.party.handle,
            roles=tuple(CaseRole(role) for role in row.roles),
            consent=Consent(row.consent),
            named=row.named,
            invited_at=row.invited_at,
            rsvp_by=row.rsvp_by,
            answered_at=row.answered_at,
        )
        for row in (rows if everyone else rows.filter(party__key__in=actor.parties))
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


def _pairs_of(ids: frozenset[int], *, neighbours: bool) -> tuple[tuple[PairView, ...], tuple[PairView, ...]]:
    """The pairs among these proofs, and, where asked for, those of one of them with a proof elsewhere."""
    related = ("left__membership__case", "right__membership__case")
    reach = Q(left__in=ids) | Q(right__in=ids) if neighbours else Q(left__in=ids, right__in=ids)
    found = Pair.objects.filter(reach).select_related(*related).order_by("left__bundle_id", "right__bundle_id")
    inside: list[PairView] = []
    outside: list[PairView] = []
    for pair in found:
        (inside if {pair.left_id, pair.right_id} <= ids else outside).append(_pair(pair, ids))
    return tuple(inside), tuple(outside)


def _pair(pair: Pair, ids: frozenset[int]) -> PairView:
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
