"""Which proofs are one case: gathers what was executed, asks the pure rule, and writes down what changed and why."""

from __future__ import annotations

from dataclasses import asdict
from itertools import combinations
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q

from clearinghouse.cases import rearranging, rulings, services
from clearinghouse.cases.models import Case, CaseState, Membership, Pair
from clearinghouse.core.matching import (
    EXECUTION,
    Judgement,
    ProofFacts,
    Relation,
    fixes_of,
    judge,
    missing_trials,
    partition,
)
from clearinghouse.journal import services as journal
from clearinghouse.journal.repeating import repeated
from clearinghouse.proofs import services as proofs
from clearinghouse.proofs.models import Proof
from clearinghouse.proofs.queries import matching_facts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

MATCHER = "matcher"  # the actor of what no person did
MAX_NEIGHBOURS = 50  # pairs kept with look-alikes of other groups, to show why they are apart


def candidates(bundle_id: str) -> list[ProofFacts]:
    """The proof with every matched proof that it must be told from or joined with."""
    proof = Proof.objects.get(bundle_id=bundle_id)
    return [matching_facts(row) for row in _group(proof)]


@repeated
def begin(bundle_id: str) -> int:
    """Count one more attempt to match, and at the first forget the trials of look-alikes that never ran: both or none.

    Apart, one that was killed in between would leave them standing for good, and the proofs in cases of their own.
    """
    with transaction.atomic():
        attempt = services.note_match_attempt(bundle_id)
        if attempt == 1:
            proofs.forget_unrun(facts.id for facts in candidates(bundle_id))
    return attempt


@repeated
def decide(bundle_id: str, *, at: datetime) -> bool:
    """Partition the proof's group into cases and note what changed; False when something must be executed first."""
    with transaction.atomic():
        proof = Proof.objects.get(bundle_id=bundle_id)
        services.hold_package(proof.package)
        proof = Proof.objects.select_for_update().get(pk=proof.pk)
        if proof.matched_at:
            return True
        rows = {row.bundle_id: row for row in _group(proof)}
        facts = {row.bundle_id: matching_facts(row) for row in rows.values()}
        if missing_trials(facts.values()):
            return False
        neighbours = {row.bundle_id: row for row in _neighbours(proof, rows.values())}
        judgements = _judge_group(facts)
        _keep_pairs(rows, judgements, at=at)
        beside = {key: judge(facts[bundle_id], matching_facts(row), frozenset()) for key, row in neighbours.items()}
        _keep_pairs({**rows, **neighbours}, {_key(bundle_id, key): found for key, found in beside.items()}, at=at)
        touched: set[int] = set()
        for cluster in partition(facts.values(), rulings.of(rows.values())):
            touched |= _place([rows[member] for member in cluster], judgements, at=at)
        # The proof's own case is ranked once its reports are answered.
        own = Membership.objects.get(proof=proof).case_id
        for case in Case.objects.select_for_update().filter(pk__in=touched - {own}).order_by("pk"):
            services.rank(case, at=at)
        proof.matched_at = at
        proof.save(update_fields=["matched_at"])
    return True


def _group(proof: Proof) -> list[Proof]:
    """The proof and the matched ones to tell it from or join it with: whoever shares a hint, and theirs in turn.

    The same as `core.matching.group_of`, by look-ups in the index.
    """
    rows, newest = {proof.pk: proof}, [proof]
    while newest:
        shares = Q(function__in={row.function for row in newest} - {""})
        shares |= Q(trigger__in={row.trigger for row in newest} - {""})
        shares |= Q(stated_aliases__alias__in={alias for row in newest for alias in row.aliases})
        found = Proof.objects.filter(shares, package=proof.package, oracle=proof.oracle, matched_at__isnull=False)
        found |= Proof.objects.filter(pk__in=rulings.ruled_the_same(newest), package=proof.package)
        newest = list(found.exclude(pk__in=rows).distinct().prefetch_related("trials").order_by("id"))
        rows.update({row.pk: row for row in newest})
    return list(rows.values())


def _neighbours(proof: Proof, group: Iterable[Proof]) -> list[Proof]:
    """Matched proofs of the same package that share an alias or a release but no hint: looked at, never merged."""
    shares = Q(vulnerable=proof.vulnerable) | Q(stated_aliases__alias__in=proof.aliases)
    if proof.fixed:
        shares |= Q(fixed=proof.fixed)
    found = Proof.objects.filter(shares, package=proof.package, matched_at__isnull=False)
    apart = found.exclude(pk__in=[member.pk for member in group]).distinct()
    return list(apart.prefetch_related("trials").order_by("id")[:MAX_NEIGHBOURS])


def _key(a: str, b: str) -> tuple[str, str]:
    return (a, b) if a < b else (b, a)


def _judge_group(facts: Mapping[str, ProofFacts]) -> dict[tuple[str, str], Judgement]:
    fixes = fixes_of(facts.values())
    return {(a, b): judge(facts[a], facts[b], fixes) for a, b in combinations(sorted(facts), 2)}


def _keep_pairs(rows: Mapping[str, Proof], judgements: Mapping[tuple[str, str], Judgement], *, at: datetime) -> None:
    for (a, b), judgement in judgements.items():
        fields = {
            "relation": judgement.relation,
            "evidence": [asdict(line) for line in judgement.evidence],
            "judged_at": at,
        }
        Pair.objects.update_or_create(left=rows[a], right=rows[b], matcher=EXECUTION, defaults=fields)


def _place(members: Sequence[Proof], judgements: Mapping[tuple[str, str], Judgement], *, at: datetime) -> set[int]:
    """Put one cluster into one case; the keys of the cases that won or lost a proof by it."""
    touched = set()
    # Locked: nobody publishes, assesses or merges a case while its proofs move.
    cases = Case.objects.select_for_update().filter(memberships__proof__in=members).order_by("pk")
    held = {case.pk: case for case in cases}
    present = {m.proof_id: held[m.case_id] for m in Membership.objects.filter(proof__in=members)}
    home = _home(members, present)
    case = home or rearranging.open_case(members, by=MATCHER, at=at)
    left: dict[int, Case] = {}
    for member in members:
        before = present.get(member.pk)
        if before is not None and before.pk == case.pk:
            continue
        touched |= {case.pk} | ({before.pk} if before else set())
        defaults = {"case": case, "since": at} | ({"brought_to": case} if before is None else {})
        Membership.objects.update_or_create(proof=member, defaults=defaults)
        _note_joined(case, member, members, judgements, before, at=at)
        if before is not None:
            left[before.pk] = before
    for before in left.values():
        went = [member.bundle_id for member in members if present.get(member.pk) == before]
        if home is None:
            rearranging.split(before, case, went, by=MATCHER, at=at)
        else:
            rearranging.merged(before, case, went, by=MATCHER, at=at)
    return touched


def _home(members: Sequence[Proof], present: Mapping[int, Case]) -> Case | None:
    """The case that the cluster stays in: a published one before others, then the oldest.

    When a case splits, it goes with its first proof; the others get a case of their own.
    """
    inside = {member.pk for member in members}
    for case in sorted(set(present.values()), key=lambda case: (case.state != CaseState.PUBLISHED, case.pk)):
        first = case.memberships.order_by("proof_id").values_list("proof_id", flat=True).first()
        if first in inside:
            return case
    return None


def _note_joined(
    case: Case,
    member: Proof,
    members: Iterable[Proof],
    judgements: Mapping[tuple[str, str], Judgement],
    before: Case | None,
    *,
    at: datetime,
) -> None:
    evidence = [
        {"with": other.bundle_id, "relation": found.relation, "evidence": [asdict(line) for line in found.evidence]}
        for other in members
        if other.pk != member.pk
        and (found := judgements[_key(member.bundle_id, other.bundle_id)]).relation is Relation.SAME
    ]
    body = {"bundle": member.bundle_id, "matcher": EXECUTION, "because": evidence}
    if before is not None:
        body["from"] = before.public_id
        _note(before, "proof left", {"bundle": member.bundle_id, "to": case.public_id}, at=at)
    _note(case, "proof joined", body, at=at)


def _note(case: Case, kind: str, body: Mapping[str, object], *, at: datetime) -> None:
    journal.append(f"case/{case.public_id}", kind, actor=MATCHER, at=at, body=body)
