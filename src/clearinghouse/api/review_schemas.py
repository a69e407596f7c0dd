"""The shapes of model reviews: what the API gives of them, and what is sent."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StrictBool, StrictInt, StringConstraints

from clearinghouse.api.case_inputs import Instant, Party, Reason
from clearinghouse.api.schemas import Given, Taken
from clearinghouse.core.review.guards import Access
from clearinghouse.core.review.seats import ReviewRole

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Amount = Annotated[StrictInt, Field(gt=0, lt=1 << 50)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=50_000)]


class ReviewItem(Given):
    """A review as one line: what everybody with a part in it may know. It says nothing about the model's release."""

    key: str
    model: str
    version: str
    state: str
    opened_at: datetime
    opens_at: datetime | None
    closes_at: datetime | None = Field(description="when access ends; it is never set later")
    closed_at: datetime | None
    ended_at: datetime | None
    destroyed_at: datetime | None
    roles: list[str] = Field(description="your own")


class ReviewPage(Given):
    """A part of a list, and the cursor of what follows it."""

    items: list[ReviewItem]
    next: str | None = None


class Seat(Given):
    """Who takes part, as what."""

    role: str
    party: str


class Submission(Given):
    """What the developer handed in, and what was agreed with it. A credential is never shown."""

    card: dict[str, str]
    access: str
    partners_at: datetime | None
    public_at: datetime | None
    terms: str
    submitted_at: datetime | None
    credential: bool = Field(description="one is kept")
    budget: dict[str, int]
    comment: str
    comment_by: datetime | None
    because: str


class Evaluation(Given):
    """One run of agents over a suite: so many samples of all are judged.

    The suite's name, what is being done, what broke off and the counts by outcome are for those who may see samples.
    """

    key: str
    state: str
    suite: str
    started_at: datetime
    ended_at: datetime | None
    done: int
    total: int
    doing: str
    trouble: str
    outcomes: dict[str, int]


class Review(ReviewItem):
    """One review; what you may not see is null or empty."""

    people: list[Seat]
    submission: Submission | None
    evaluations: list[Evaluation]
    plan: str
    report: dict[str, Any] | None
    report_digest: str


class Moved(Given):
    """Where the review stands now."""

    state: str


class Opened(Given):
    """The review that was begun."""

    review: str


class NewReview(Taken):
    """A model that an organisation offers, as far as it is written down yet; dates of its planned releases."""

    organisation: Party
    model: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    version: Annotated[str, StringConstraints(max_length=100)] = ""
    card: dict[str, Annotated[str, StringConstraints(max_length=20_000)]] = Field(default_factory=dict)
    access: Access = Access.ENDPOINT
    partners_at: Instant | None = None
    public_at: Instant | None = None


class NewReleases(Taken):
    """When the model is planned to go to others; what is left out is not known."""

    partners_at: Instant | None = None
    public_at: Instant | None = None


class NewSuccessor(Taken):
    """The final review of the same developer that stands in this one's place."""

    review: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]


class NewTerms(Taken):
    """The terms that are accepted, by the SHA-256 of their text."""

    terms: Digest


class NewSeat(Taken):
    """Who is to take part, as what."""

    party: Party
    role: ReviewRole


class NewYes(Taken):
    """A yes to a submission; the lead gives the frame, the second person nothing."""

    opens: Instant | None = None
    tokens: Amount | None = None
    hours: Amount | None = None
    access_tested: StrictBool = False


class NewReason(Taken):
    """Why."""

    because: Reason


class NewWithdrawal(Taken):
    """A reason, which nobody asks for."""

    because: Reason | None = None


class NewComment(Taken):
    """The developer's comment, kept word for word."""

    text: Words


class NewFinal(Taken):
    """The report that is said yes to, by its SHA-256."""

    report: Digest


class Nothing(Taken):
    """Nothing has to be said."""
