"""What the choice of holdout tasks sees: cases that may give one, what is spent for a submitter, what it knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q

from clearinghouse.cases.access import seen
from clearinghouse.cases.models import Case, CaseState, Membership, Participant
from clearinghouse.cases.review_use import usable
from clearinghouse.core.proof import Verdict
from clearinghouse.core.review.guards import Access
from clearinghouse.core.review.holdout import FRESH, Asking, Candidate, Preference, cutoff_of, reaches
from clearinghouse.core.review.tasks import Family
from clearinghouse.core.review.use import ReviewUse
from clearinghouse.core.roles import Tlp
from clearinghouse.core.visibility import Action, can
from clearinghouse.intake.models import Report
from clearinghouse.registry.models import Membership as Belonging
from clearinghouse.registry.queries import actor_of
from clearinghouse.reviews.access import visible_to
from clearinghouse.reviews.models import Burn, HoldoutSuite, HoldoutTask, Review

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from django.db.models import QuerySet

    from clearinghouse.core.visibility import Actor
    from clearinghouse.proofs.models import Proof
    from clearinghouse.registry.models import Party
    from clearinghouse.reviews.models import Evaluation

_SHORTEST = 8  # characters of a text that is looked for
_STANDS = {Verdict.PROVEN: True, Verdict.REPRODUCED: False}  # and whether a release has the fix


@dataclass(frozen=True, slots=True)
class HoldoutView:
    """One holdout task as who runs the review sees it; `spent_at`: when it was shown to the submitter's model."""

    name: str
    family: Family
    preference: Preference
    why: str
    case: str
    suite: str
    spent_at: datetime | None


def holdout(key: str, *, actor: Actor) -> tuple[HoldoutView, ...] | None:
    """The holdout tasks made for a review, suite by suite; None where the actor may not read samples."""
    found = visible_to(actor, Action.READ_SAMPLES).filter(key=key).first()
    if found is None:
        return None
    rows = HoldoutTask.objects.filter(suite__review=found).select_related("suite").order_by("id")
    spent = dict(Burn.objects.filter(submitter=found.submitter).values_list("task", "at"))
    return tuple(
        HoldoutView(
            row.name, Family(row.family), Preference(row.preference), row.why, row.case, row.suite.digest,
            spent.get(row.digest),
        )
        for row in rows
    )  # fmt: skip


def suite_folder(evaluations: Path, review: str) -> Path:
    """Where the private suite of a review lies, by the review's key."""
    return evaluations / f"suite-{review}"


def asking(review: Review, *, at: datetime) -> Asking:
    """What the choice must know of a review."""
    return Asking(access=Access(review.access), cutoff=cutoff_of(review.card.get("knowledge_cutoff", "")), at=at)


def candidates(review: Review, *, at: datetime) -> list[tuple[Candidate, Proof | None]]:
    """Every case that could give a task, with the proof that it would be made of: newly public, or let out by people.

    A case about which the house said nothing is not among them, so that nobody learns that it is there.
    """
    fresh = Q(state=CaseState.PUBLISHED, published_at__gte=at - FRESH)
    let = Q(state=CaseState.OPEN, review_answers__party__isnull=True, review_answers__isnull=False)
    rows = Case.objects.filter(fresh | let).distinct().order_by("pk")
    spent, own = _spent(review.submitter), _people(review.submitter)
    return [_candidate(case, review.submitter, spent, own) for case in rows]


def of_bundle(review: Review, bundle: str) -> Candidate | None:
    """The case that a proof is in by now, as if that were its only proof; None where it is in none."""
    found = Membership.objects.select_related("case").filter(proof__bundle_id=bundle).first()
    if found is None:
        return None
    return _candidate(found.case, review.submitter, _spent(review.submitter), _people(review.submitter), bundle)[0]


def recalled(evaluation: Evaluation) -> tuple[str, ...]:
    """The holdout tasks of an evaluation, by name, that nobody lets be shown any more; whoever knows them by now."""
    suite = HoldoutSuite.objects.filter(review=evaluation.review, digest=evaluation.suite_digest).first()
    tasks = list(suite.tasks.order_by("id")) if suite else []
    let: set[str] = set()
    access = Access(evaluation.review.access)
    for case in Case.objects.filter(memberships__proof__bundle_id__in={one.bundle for one in tasks}).distinct():
        public, use, places = _open(case)
        if public or reaches(use, access):
            let.update(places.values_list("proof__bundle_id", flat=True))
    return tuple(one.name for one in tasks if one.bundle not in let)


def told_by(review: Review) -> dict[str, frozenset[str]]:
    """Words that must not be in a report, by the holdout task that they are of; of public cases there are none."""
    found = {}
    for task in HoldoutTask.objects.filter(suite__review=review).select_related("suite"):
        place = Membership.objects.select_related("case", "proof").filter(proof__bundle_id=task.bundle).first()
        if place is None or place.case.state == CaseState.PUBLISHED:
            continue
        case, proof = place.case, place.proof
        words = {case.key, case.public_id, case.title, task.case, task.bundle, task.digest, proof.title, proof.function}
        words |= {*proof.aliases, *proof.summary.splitlines()}
        words |= {case.package} - set(task.suite.projects)
        found[task.name] = frozenset(word.strip().casefold() for word in words if len(word.strip()) >= _SHORTEST)
    return found


def _candidate(
    case: Case, submitter: Party, spent: frozenset[str], people: tuple[Actor, ...], only: str = ""
) -> tuple[Candidate, Proof | None]:
    public, use, places = _open(case)
    proof = _best(places.filter(proof__bundle_id=only) if only else places)
    bundles = set(case.memberships.values_list("proof__bundle_id", flat=True))
    made = Candidate(
        case=case.key,
        project=case.package,
        disclosed=case.published_at if public else None,
        proven=proof is not None,
        fixed=proof is not None and _STANDS[Verdict(proof.verdict)],
        use=use,
        burnt=bool(bundles & spent),
        known=_knows(case, submitter, people, public=public),
    )
    return made, proof


def _open(case: Case) -> tuple[bool, ReviewUse, QuerySet[Membership]]:
    """Whether a case is public, what it may be used for if it is not, and the proofs that this is about."""
    if case.state == CaseState.PUBLISHED and case.tlp == Tlp.CLEAR:
        return True, ReviewUse.NO, case.memberships.filter(published_in=case)
    return False, *usable(case)


def _best(places: QuerySet[Membership]) -> Proof | None:
    """The proof that stands best: proven goes before reproduced, then the one that came first."""
    rows = places.filter(proof__verdict__in=[str(one) for one in _STANDS]).select_related("proof").order_by("proof_id")
    return next(iter(sorted((row.proof for row in rows), key=lambda one: not _STANDS[Verdict(one.verdict)])), None)


def _spent(submitter: Party) -> frozenset[str]:
    """The proofs of which a task was shown to any model of that submitter, in whatever review."""
    digests = Burn.objects.filter(submitter=submitter).values("task")
    return frozenset(HoldoutTask.objects.filter(digest__in=digests).values_list("bundle", flat=True))


def _people(submitter: Party) -> tuple[Actor, ...]:
    """On whose behalf somebody of the submitter can ask."""
    rows = Belonging.objects.filter(organisation__party=submitter).select_related("person__party")
    return tuple(actor_of(row.person) for row in rows.order_by("pk"))


def _knows(case: Case, submitter: Party, people: Iterable[Actor], *, public: bool) -> bool:
    """Whether the submitter, or one of its people, takes part, brought a proof, or may read what is not public."""
    acting = tuple(people)
    parties = {submitter.key}.union(*(one.parties for one in acting))
    if Participant.objects.filter(case=case, party__key__in=parties).exists():
        return True
    if Report.objects.filter(proof__membership__case=case, finder__key__in=parties).exists():
        return True
    facts = seen(case)
    return not public and any(can(one, Action.READ_CASE, facts) for one in acting)
