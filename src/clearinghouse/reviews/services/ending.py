"""The end of access, and of everything that a review held; parts of verbs, within their transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from clearinghouse.reviews.models import Credential, EvaluationState, Review

if TYPE_CHECKING:
    from clearinghouse.reviews.docket import Docket

LIVE = [EvaluationState.RUNNING, EvaluationState.PAUSED]


def end_access(docket: Docket, because: str) -> bool:
    """Nobody asks the model any more: evaluations are cancelled, the credential is gone. Once; whether it was now.

    Their processes are ended after the transaction, by `clock.effect`.
    """
    review, at = docket.review, docket.at
    if not Review.objects.filter(pk=review.pk, closed_at__isnull=True).update(closed_at=at):
        return False
    review.closed_at = at
    live = review.evaluations.filter(state__in=LIVE)
    cancelled = list(live.order_by("id").values_list("key", flat=True))
    live.update(state=EvaluationState.CANCELLED, ended_at=at)
    revoked = Credential.objects.filter(review=review, revoked_at__isnull=True).update(sealed=None, revoked_at=at)
    docket.note("access ended", because=because, evaluations_cancelled=cancelled, credentials_revoked=revoked)
    return True


def begin_destruction(docket: Docket) -> None:
    """Whatever only the tables hold is gone with this transaction, the key first; files follow in `clock.effect`."""
    review = docket.review
    end_access(docket, f"the review is {review.state}")
    review.ended_at = docket.at
    review.destroyed = {"key": review.wrapped_key is not None, "credentials": int(hasattr(review, "credential"))}
    review.wrapped_key = None
    review.evaluations.update(signed_plan=None, sealed_key=None, progress={})
    review.model = review.version = review.report = review.report_digest = review.comment = ""
    review.card, review.budget = {}, None
    review.save()
    docket.note("destruction began", key_destroyed=review.destroyed["key"])
