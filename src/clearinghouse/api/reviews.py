"""Model reviews: list them, read one, hand in, decide, comment, end. Credentials are put at the machine, not here."""

from __future__ import annotations

import json
import re
from dataclasses import asdict

from django.http import HttpRequest
from ninja import Router

from clearinghouse.api import cursors
from clearinghouse.api.cursors import Cursor, Limit
from clearinghouse.api.operations import Reply, actor_in, reads, writes
from clearinghouse.api.review_schemas import (
    Evaluation,
    Moved,
    NewComment,
    NewFinal,
    NewReason,
    NewReleases,
    NewReview,
    NewSeat,
    NewSuccessor,
    NewTerms,
    NewWithdrawal,
    NewYes,
    Nothing,
    Opened,
    Review,
    ReviewItem,
    ReviewPage,
    Seat,
    Submission,
)
from clearinghouse.bootstrap import wiring
from clearinghouse.core.errors import NotFound
from clearinghouse.core.review.window import Planned
from clearinghouse.core.roles import Scope
from clearinghouse.reviews import queries, services

router = Router(tags=["reviews"])
_KEY = re.compile(r"[0-9a-f]{32}")


@reads(router, "/reviews", scope=Scope.REVIEWS_READ, gives=ReviewPage)
def list_reviews(request: HttpRequest, cursor: Cursor = None, limit: Limit = cursors.PAGE_SIZE) -> Reply:
    """List the reviews that you take part in, in the order in which they were opened."""
    mark = cursors.read(cursor, of="reviews", parts=2) if cursor else None
    after = (cursors.instant(mark[0]), mark[1]) if mark else None
    rows = queries.page(actor=actor_in(request), after=after, limit=limit + 1)
    following = None
    if len(rows) > limit:
        last = rows[limit - 1]
        following = cursors.after((last.opened_at.isoformat(), last.key), of="reviews")
    items = [ReviewItem(**asdict(row)) for row in rows[:limit]]
    return cursors.page(request, ReviewPage(items=items, next=following), following)


@reads(router, "/reviews/{review}", scope=Scope.REVIEWS_READ, gives=Review)
def get_review(request: HttpRequest, review: str) -> Review:
    """Read a review, as far as your part in it lets you."""
    found = queries.review(_checked(review), actor=actor_in(request))
    if found is None:
        raise NotFound("no review")
    return Review(
        **asdict(found.row),
        people=[Seat(role=role, party=handle) for role, handle in found.people],
        submission=Submission(**asdict(found.submission)) if found.submission else None,
        evaluations=[Evaluation(**asdict(one)) for one in found.evaluations],
        plan=found.plan,
        report=json.loads(found.report) if found.report else None,
        report_digest=found.report_digest,
    )


@writes(router, "/reviews", scope=Scope.REVIEWS_WRITE, gives=Opened)
def open_review(request: HttpRequest, sent: NewReview) -> Reply:
    """Begin a submission for an organisation of yours: a draft that only it and the coordinators know of."""
    key = services.open_review(
        sent.organisation,
        model=sent.model,
        version=sent.version,
        card=sent.card,
        access=sent.access,
        planned=Planned(partners=sent.partners_at, public=sent.public_at),
        actor=actor_in(request),
        at=wiring.clock(),
    )
    return Reply(Opened(review=key), status=201)


@writes(router, "/reviews/{review}/submission", scope=Scope.REVIEWS_WRITE, gives=Moved)
def submit_review(request: HttpRequest, review: str, sent: NewTerms) -> Reply:
    """Hand a submission in, under the terms that you read."""
    services.submit(_checked(review), terms=sent.terms, actor=actor_in(request), at=wiring.clock())
    return _moved("submitted")


@writes(router, "/reviews/{review}/releases", scope=Scope.REVIEWS_WRITE, gives=Moved)
def plan_release(request: HttpRequest, review: str, sent: NewReleases) -> Reply:
    """Say when the model goes to others. Earlier than before ends access earlier; later changes no window."""
    planned = Planned(partners=sent.partners_at, public=sent.public_at)
    services.plan_release(_checked(review), planned, actor=actor_in(request), at=wiring.clock())
    return _moved("planned")


@writes(router, "/reviews/{review}/appointments", scope=Scope.REVIEWS_WRITE, gives=Moved)
def appoint(request: HttpRequest, review: str, sent: NewSeat) -> Reply:
    """Give a party its seat; for coordinators."""
    services.appoint(_checked(review), sent.party, sent.role, actor=actor_in(request), at=wiring.clock())
    return _moved("appointed")


@writes(router, "/reviews/{review}/acceptance", scope=Scope.REVIEWS_WRITE, gives=Moved)
def accept_review(request: HttpRequest, review: str, sent: NewYes) -> Reply:
    """Say yes to a submission: the lead with the frame, the second person to the same. Two people accept."""
    budget = {name: amount for name, amount in (("tokens", sent.tokens), ("hours", sent.hours)) if amount}
    state = services.accept(
        _checked(review),
        actor=actor_in(request),
        at=wiring.clock(),
        opens=sent.opens,
        budget=budget or None,
        access_tested=sent.access_tested,
    )
    return _moved(state)


@writes(router, "/reviews/{review}/refusal", scope=Scope.REVIEWS_WRITE, gives=Moved)
def decline_review(request: HttpRequest, review: str, sent: NewReason) -> Reply:
    """Do not take a submission; what it held is destroyed."""
    services.decline(_checked(review), because=sent.because, actor=actor_in(request), at=wiring.clock())
    return _moved("declined")


@writes(router, "/reviews/{review}/pause", scope=Scope.REVIEWS_WRITE, gives=Moved)
def pause_review(request: HttpRequest, review: str, sent: Nothing) -> Reply:  # noqa: ARG001  # an empty object
    """Ask the model nothing for a while; the window goes on."""
    services.pause(_checked(review), actor=actor_in(request), at=wiring.clock())
    return _moved("paused")


@writes(router, "/reviews/{review}/resumption", scope=Scope.REVIEWS_WRITE, gives=Moved)
def resume_review(request: HttpRequest, review: str, sent: Nothing) -> Reply:  # noqa: ARG001  # an empty object
    """Go on after a pause."""
    services.resume(_checked(review), actor=actor_in(request), at=wiring.clock())
    return _moved("running")


@writes(router, "/reviews/{review}/closing", scope=Scope.REVIEWS_WRITE, gives=Moved)
def close_review(request: HttpRequest, review: str, sent: Nothing) -> Reply:  # noqa: ARG001  # an empty object
    """End access before the window does."""
    services.close(_checked(review), actor=actor_in(request), at=wiring.clock())
    return _moved("analysis")


@writes(router, "/reviews/{review}/sharing", scope=Scope.REVIEWS_WRITE, gives=Moved)
def share_review(request: HttpRequest, review: str, sent: Nothing) -> Reply:  # noqa: ARG001  # an empty object
    """Show the draft to the developer, who has five working days for a comment."""
    services.share(_checked(review), actor=actor_in(request), at=wiring.clock())
    return _moved("developer comment")


@writes(router, "/reviews/{review}/comment", scope=Scope.REVIEWS_WRITE, gives=Moved)
def comment_review(request: HttpRequest, review: str, sent: NewComment) -> Reply:
    """Comment on the draft report, in time; it is kept word for word."""
    services.comment(_checked(review), sent.text, actor=actor_in(request), at=wiring.clock())
    return _moved("developer comment")


@writes(router, "/reviews/{review}/final", scope=Scope.REVIEWS_WRITE, gives=Moved)
def finalise_review(request: HttpRequest, review: str, sent: NewFinal) -> Reply:
    """Say yes to the report; with the second person's yes it is final."""
    state = services.finalise(_checked(review), report=sent.report, actor=actor_in(request), at=wiring.clock())
    return _moved(state)


@writes(router, "/reviews/{review}/successor", scope=Scope.REVIEWS_WRITE, gives=Moved)
def supersede_review(request: HttpRequest, review: str, sent: NewSuccessor) -> Reply:
    """Say that another final report of the same developer stands in this one's place."""
    services.supersede(_checked(review), sent.review, actor=actor_in(request), at=wiring.clock())
    return _moved("superseded")


@writes(router, "/reviews/{review}/withdrawal", scope=Scope.REVIEWS_WRITE, gives=Moved)
def withdraw_review(request: HttpRequest, review: str, sent: NewWithdrawal) -> Reply:
    """End the review without a report; what it held is destroyed, and a signed receipt follows."""
    services.withdraw(_checked(review), actor=actor_in(request), at=wiring.clock(), because=sent.because or "")
    return _moved("withdrawn")


def _moved(state: str) -> Reply:
    return Reply(Moved(state=state), status=201)


def _checked(review: str) -> str:
    if not _KEY.fullmatch(review):
        raise NotFound("no review")
    return review
