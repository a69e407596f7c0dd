"""Take cases for holdout tasks, keep which tasks were made of them, and spend them when an evaluation starts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from clearinghouse.cases.docket import HOUSE
from clearinghouse.cases.models import CaseState, Membership
from clearinghouse.core.errors import Conflict, Refused
from clearinghouse.core.review.holdout import choice_digest, choose, still_fits
from clearinghouse.core.review.states import ReviewState
from clearinghouse.core.visibility import Action
from clearinghouse.journal import services as journal
from clearinghouse.journal.repeating import repeated
from clearinghouse.proofs import blobs
from clearinghouse.registry.models import Party
from clearinghouse.reviews.docket import opened
from clearinghouse.reviews.holdout import asking, candidates, of_bundle, told_by
from clearinghouse.reviews.models import Burn, Evaluation, HoldoutSuite, HoldoutTask

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from clearinghouse.core.review.holdout import Preference
    from clearinghouse.core.review.tasks import Family
    from clearinghouse.core.visibility import Actor
    from clearinghouse.reviews.docket import Docket
    from clearinghouse.reviews.models import Review

_NEEDS = "holdout tasks are chosen between the submission and the end of access"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """A case that was taken, by its opaque key: the bundle that a task is made of, packed, and why it was taken."""

    case: str
    bundle: str
    content: bytes
    preference: Preference
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A holdout task of a suite that was built: its name, digest, family, and the bundle it was made of."""

    name: str
    digest: str
    family: Family
    bundle: str


@repeated
def pick_holdout(
    key: str, *, actor: Actor, at: datetime, most: int | None = None
) -> tuple[tuple[Picked, ...], Mapping[str, int]]:
    """Take cases for holdout tasks, the preferred first, at most so many; and how many each reason left out.

    The lead alone is handed their bundles. Nothing is spent by it.
    """
    with opened(key, actor, Action.LEAD_REVIEW, at=at) as docket:
        review = _ready(docket)
        found = candidates(review, at=at)
        choice = choose([one for one, _ in found], asking(review, at=at), most)
        proofs = {one.case: proof for one, proof in found}
        picked = []
        for taken in choice.taken:
            proof = proofs[taken.case]
            assert proof is not None
            picked.append(
                Picked(
                    case=taken.case, bundle=proof.bundle_id, content=blobs.read(str(proof.archive_id)),
                    preference=taken.preference, why=taken.why,
                )
            )  # fmt: skip
        docket.note("holdout cases taken", cases=len(picked), left_out=dict(choice.left_out))
        return tuple(picked), choice.left_out


@repeated
def keep_holdout(
    key: str,
    digest: str,
    *,
    picked: Sequence[Picked],
    tasks: Sequence[Made],
    projects: Iterable[str] = (),
    actor: Actor,
    at: datetime,
) -> None:
    """Keep that a suite with this digest was made for the review, and of what its holdout tasks are.

    Raises Conflict once an evaluation was started, and for a task of a case that may be used no more.
    """
    reasons = {one.bundle: one for one in picked}
    with opened(key, actor, Action.LEAD_REVIEW, at=at) as docket:
        review = _ready(docket)
        if review.evaluations.exists():
            raise Conflict("an evaluation was started already", advice="its suite stands as it is")
        for task in tasks:
            _check(docket, task.name, task.bundle)
        suite, new = HoldoutSuite.objects.get_or_create(
            review=review,
            digest=digest,
            defaults={
                "choice": choice_of(picked, tasks), "projects": sorted(set(projects)), "at": at, "by": actor.name
            },
        )  # fmt: skip
        if not new:
            return
        for task in tasks:
            why = reasons[task.bundle]
            suite.tasks.create(
                name=task.name, digest=task.digest, family=task.family, bundle=task.bundle, case=why.case,
                preference=why.preference, why=why.why,
            )  # fmt: skip
        docket.note("holdout suite made", suite=digest, choice=suite.choice, tasks=len(tasks))


def choice_of(picked: Sequence[Picked], tasks: Sequence[Made]) -> str:
    """What binds a suite to why its tasks were taken: a SHA-256 in hexadecimal, which tells nothing of them."""
    reasons = {one.bundle: one for one in picked}
    rows = ((one.name, one.bundle, int(reasons[one.bundle].preference), reasons[one.bundle].why) for one in tasks)
    return choice_digest(rows)


def spend(docket: Docket, evaluation: Evaluation, *, needed: bool = False) -> None:
    """Spend every holdout task of the evaluation's suite, within the transaction that starts it.

    From then on all of them count as shown to the submitter's model, whatever becomes of the evaluation. Raises
    Conflict, naming the task, when a case may be used no more or was shown before; Refused for another review's suite
    and, where the suite has holdout tasks (`needed`), for one that was not made by `review holdout build`.
    """
    suites = HoldoutSuite.objects.filter(digest=evaluation.suite_digest)
    suite = suites.filter(review=docket.review).first()
    if suite is None:
        if needed or suites.exists():
            raise Refused(
                "the holdout tasks of this suite were not made for this review",
                advice="`review holdout build` makes some",
            )
        return
    tasks = list(suite.tasks.order_by("id"))
    # Two reviews of one developer that start at once must not both find a case unspent.
    Party.objects.select_for_update().get(pk=docket.review.submitter_id)
    for task in tasks:
        _check(docket, task.name, task.bundle)
    for task in tasks:
        Burn.objects.create(submitter=docket.review.submitter, task=task.digest, evaluation=evaluation, at=docket.at)
    docket.note("holdout tasks spent", evaluation=evaluation.key, tasks=len(tasks))
    _tell_cases(tasks, docket.at)


def refuse_holdout_words(review: Review, report: bytes) -> None:
    """Raises Refused for a report that holds words of a case under embargo; it names the task, and not the word."""
    texts = "\n".join(_texts(json.loads(report))).casefold()
    held = sorted(name for name, words in told_by(review).items() if any(word in texts for word in words))
    if held:
        raise Refused(
            f"the report holds words of {', '.join(held)}",
            advice="make it with `review report`, which names no holdout task",
        )


def _ready(docket: Docket) -> Review:
    review = docket.review
    if docket.state.over or docket.state is ReviewState.DRAFT or review.closed_at is not None:
        raise Conflict(f'the review is "{docket.state}"', advice=_NEEDS)
    return review


def _check(docket: Docket, name: str, bundle: str) -> None:
    """Raises Conflict for a task whose case may be shown no more."""
    found = of_bundle(docket.review, bundle)
    why = still_fits(found, asking(docket.review, at=docket.at)) if found else "its case is gone"
    if why is not None:
        raise Conflict(f"{name}: {why}", advice="have the suite made anew, and the plan signed anew")


def _tell_cases(tasks: Iterable[HoldoutTask], at: datetime) -> None:
    """Who leads a case learns that a task of it was shown to a model, and not to which."""
    told = Membership.objects.filter(proof__bundle_id__in={task.bundle for task in tasks})
    for name in sorted(set(told.exclude(case__state=CaseState.PUBLISHED).values_list("case__public_id", flat=True))):
        journal.append(f"case/{name}", "shown in a model review", actor=HOUSE, at=at, body={})


def _texts(value: Any) -> Iterable[str]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield key
            yield from _texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one)
    elif isinstance(value, str):
        yield value
