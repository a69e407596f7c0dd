"""What evaluators do in the window: plan, start, pause, resume, close; be handed the credential, once a run."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from clearinghouse.core.errors import Conflict, InvalidInput, NotFound, Refused
from clearinghouse.core.review.guards import Access
from clearinghouse.core.review.states import ReviewStep
from clearinghouse.core.visibility import Action
from clearinghouse.journal.repeating import repeated
from clearinghouse.reviews.docket import opened
from clearinghouse.reviews.models import Credential, Evaluation, EvaluationState, Release
from clearinghouse.reviews.services.ending import LIVE, end_access
from clearinghouse.reviews.services.holdout import spend
from clearinghouse.reviews.services.ordering import give

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from clearinghouse.core.ports import Vault
    from clearinghouse.core.visibility import Actor
    from clearinghouse.reviews.docket import Docket
    from clearinghouse.reviews.services.ordering import Order

_DIGEST = re.compile(r"[0-9a-f]{64}")
_SECRET = ("base_url", "api_key")
MAX_SECRET = 4096  # characters of an address or a key


@repeated
def put_credential(key: str, *, base_url: str, api_key: str, vault: Vault, actor: Actor, at: datetime) -> None:
    """Seal how the submitter's endpoint is reached, in place of what was there. Errors and journal repeat none of it.

    Raises Conflict where the model is not reached by an endpoint, or access is over.
    """
    if not base_url.startswith(("https://", "http://")) or not api_key or max(len(base_url), len(api_key)) > MAX_SECRET:
        raise InvalidInput("no usable endpoint", advice="give an address, https://…, and the key that opens it")
    secret = json.dumps({"base_url": base_url, "api_key": api_key}).encode()
    fresh = vault.new_key()  # before the database is held: it is a process of its own
    with opened(key, actor, Action.OFFER_MODEL, at=at) as docket:
        review = docket.review
        if Access(review.access) is not Access.ENDPOINT:
            raise Conflict(f"access by {review.access} needs no credential", advice="change the submission first")
        if docket.state.over or review.closed_at is not None:
            raise Conflict("access is over", advice="nothing is kept any more")
        review.wrapped_key = bytes(review.wrapped_key) if review.wrapped_key else fresh
        review.save(update_fields=["wrapped_key"])
        sealed = vault.seal(review.wrapped_key, secret, about(review.key))
        Credential.objects.update_or_create(
            review=review, defaults={"sealed": sealed, "put_at": at, "put_by": actor.name, "revoked_at": None}
        )
        docket.note("credential put")


@repeated
def revoke_credential(key: str, *, actor: Actor, at: datetime) -> None:
    """Take the credential back; the submitter may put another one. Raises NotFound when there is none."""
    with opened(key, actor, Action.OFFER_MODEL, at=at) as docket:
        rows = Credential.objects.filter(review=docket.review, revoked_at__isnull=True)
        if not rows.update(sealed=None, revoked_at=at):
            raise NotFound("there is no credential", advice="nothing is kept")
        docket.note("credential revoked")


def about(key: str) -> str:
    """What a credential of that review is bound to."""
    return f"credential of review {key}"


@repeated
def release(evaluation: str, *, vault: Vault, actor: Actor, at: datetime) -> dict[str, str]:
    """The credential (`base_url`, `api_key`) for one running evaluation, once; noted without it.

    The caller hands it on by a pipe and forgets it. Raises NotFound for no such evaluation, Conflict when it was
    handed out before, when the evaluation does not run, when the window is not open, and when there is none.
    """
    row = Evaluation.objects.select_related("review").filter(key=evaluation).first()
    if row is None:
        raise NotFound(f"no evaluation {evaluation}")
    with opened(row.review.key, actor, Action.RUN_EVALUATION, at=at) as docket:
        row.refresh_from_db()
        sealed, wrapped = released(docket, row)
    return credential_in(vault.open(wrapped, sealed, about(row.review.key)))


def released(docket: Docket, row: Evaluation) -> tuple[bytes, bytes]:
    """The sealed credential and the review's wrapped key, for the evaluation's present process, once; noted.

    Raises Conflict as `release`.
    """
    review, at = docket.review, docket.at
    credential = Credential.objects.filter(review=review, sealed__isnull=False).first()
    open_now = review.closes_at is not None and at < review.closes_at and review.closed_at is None
    if row.state != EvaluationState.RUNNING or not open_now:
        raise Conflict("no credential for what does not run in an open window", advice="start an evaluation")
    if credential is None or review.wrapped_key is None:
        raise Conflict("there is no credential", advice="the submitter puts one")
    if Release.objects.filter(evaluation=row, take=row.take).exists():
        raise Conflict("this evaluation was handed the credential already", advice="start another evaluation")
    Release.objects.create(evaluation=row, take=row.take, released_at=at, released_to=docket.actor.name)
    docket.note("credential released", evaluation=row.key, **({"take": row.take} if row.take else {}))
    return bytes(credential.sealed or b""), bytes(review.wrapped_key)


def credential_in(secret: bytes) -> dict[str, str]:
    """The parts of an opened credential."""
    found = json.loads(secret)
    return {name: str(found[name]) for name in _SECRET}


@repeated
def set_plan(key: str, digest: str, *, actor: Actor, at: datetime) -> None:
    """Keep the SHA-256 of the signed analysis plan. Raises Conflict once a first evaluation was started."""
    with opened(key, actor, Action.LEAD_REVIEW, at=at) as docket:
        if docket.review.evaluations.exists() or docket.state.over:
            raise Conflict("the plan was needed before the first sample", advice="it stands as it is")
        docket.review.plan = _digest(digest, "plan")
        docket.review.save(update_fields=["plan"])
        docket.note("plan set", plan=digest)


@repeated
def start(  # what an evaluation is
    key: str,
    suite: str,
    suite_digest: str,
    *,
    actor: Actor,
    at: datetime,
    holdout: bool = False,
    order: Order | None = None,
    plan: str = "",
) -> str:
    """Start an evaluation on a suite; its key. With an order a worker carries it out; else `note_control` tells how.

    Holdout tasks of the suite are spent by it; `holdout` says that it has some. Raises Conflict or Refused where one
    may not be shown; see `spend`; and Refused where `plan`, if it is said, is not the digest of the review's plan.
    """
    fresh = order.vault.new_key() if order else b""  # before the database is held: it is a process of its own
    with opened(key, actor, Action.RUN_EVALUATION, at=at) as docket:
        review = docket.review
        if plan not in {"", review.plan}:
            raise Refused("this is not the review's plan", advice="give the one whose digest `review set-plan` kept")
        docket.take(ReviewStep.START, suite=suite[:200], digest=_digest(suite_digest, "suite"))
        if order is not None and review.wrapped_key is None:
            review.wrapped_key = fresh
        review.save()
        row = review.evaluations.create(
            suite=suite[:200], suite_digest=suite_digest, plan=review.plan, started_at=at, started_by=actor.name
        )
        spend(docket, row, needed=holdout)
        if order is not None:
            give(row, order)
        return row.key


@repeated
def note_control(evaluation: str, control: Mapping[str, Any], *, actor: Actor, at: datetime) -> None:
    """Keep how the evaluation's process is reached (`adapters.runs`), so that it can be ended. Raises Conflict."""
    with _evaluation(evaluation, actor, at) as row:
        if row.state not in LIVE:
            raise Conflict("this evaluation runs no more", advice="end its process")
        row.control = dict(control)
        row.save(update_fields=["control"])


@repeated
def finish(evaluation: str, *, actor: Actor, at: datetime) -> None:
    """Say that an evaluation came to its end by itself. One that was cancelled stays so."""
    with _evaluation(evaluation, actor, at) as row:
        if row.state in LIVE:
            row.state, row.ended_at, row.stopped_at = EvaluationState.FINISHED, at, at
            row.save(update_fields=["state", "ended_at", "stopped_at"])


@repeated
def pause(key: str, *, actor: Actor, at: datetime) -> None:
    """Ask the model nothing for a while; the window goes on."""
    with opened(key, actor, Action.RUN_EVALUATION, at=at) as docket:
        docket.take(ReviewStep.PAUSE)
        docket.review.save()
        docket.review.evaluations.filter(state=EvaluationState.RUNNING).update(state=EvaluationState.PAUSED)


@repeated
def resume(key: str, *, actor: Actor, at: datetime) -> None:
    """Go on after a pause. Raises Conflict when the window is over."""
    with opened(key, actor, Action.RUN_EVALUATION, at=at) as docket:
        docket.take(ReviewStep.RESUME)
        docket.review.save()
        docket.review.evaluations.filter(state=EvaluationState.PAUSED).update(state=EvaluationState.RUNNING)


@repeated
def close(key: str, *, actor: Actor, at: datetime) -> None:
    """End access before the window does: enough was measured."""
    with opened(key, actor, Action.LEAD_REVIEW, at=at) as docket:
        docket.take(ReviewStep.CLOSE)
        docket.review.save()
        end_access(docket, "enough was measured")


@contextmanager
def _evaluation(key: str, actor: Actor, at: datetime) -> Iterator[Evaluation]:
    """The evaluation of that key, under its review's lock, for who may run one. Raises NotFound."""
    row = Evaluation.objects.select_related("review__submitter").filter(key=key).first()
    if row is None:
        raise NotFound(f"no evaluation {key}")
    with opened(row.review.key, actor, Action.RUN_EVALUATION, at=at):
        row.refresh_from_db()
        yield row


def _digest(text: str, what: str) -> str:
    if not _DIGEST.fullmatch(text):
        raise InvalidInput(f"{what}: no SHA-256", advice="give 64 hexadecimal digits")
    return text
