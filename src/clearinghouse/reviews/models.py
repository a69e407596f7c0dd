"""Reviews and who takes part in them, what was agreed, evaluations, sealed credentials, tasks that were spent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import F, Q

from clearinghouse.core.review.guards import Access
from clearinghouse.core.review.seats import ReviewRole
from clearinghouse.core.review.states import ReviewState
from clearinghouse.core.review.tasks import Family
from clearinghouse.registry.models import Party, new_key
from clearinghouse.reviews.constraints import ThirtyDaysAfter

if TYPE_CHECKING:
    from collections.abc import Iterable
    from enum import StrEnum

_BEFORE_TWO = [ReviewState.DRAFT, ReviewState.SUBMITTED, ReviewState.DECLINED]
_NOT_FINAL = [state for state in ReviewState if state not in {ReviewState.FINAL, ReviewState.SUPERSEDED}]
_GONE = [ReviewState.WITHDRAWN, ReviewState.EXPIRED]


def _choices(words: Iterable[StrEnum]) -> list[tuple[str, str]]:
    return [(word.value, word.value) for word in words]


class TermsText(models.Model):
    """A text of terms that somebody accepted, by the SHA-256 of its UTF-8 bytes; never changed."""

    digest = models.CharField(max_length=64, primary_key=True)
    text = models.TextField()
    stored_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.digest


class Review(models.Model):
    """One model offered for review. `key` is its only address; it tells neither an order nor a time.

    `closed_at` is set once, when access ended, whatever ended it; `destroyed_at` once everything that was held is gone.
    `comment` is the developer's, word for word. `report` is the JSON that both people said yes to, `statement` the
    signed record of that, `receipt` the signed record of a destruction. `wrapped_key` opens what is sealed; without it
    nobody can.
    """

    key = models.CharField(max_length=32, unique=True, default=new_key, editable=False)
    submitter = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="reviews")
    state = models.CharField(max_length=20, choices=_choices(ReviewState), default=ReviewState.DRAFT)
    opened_at = models.DateTimeField()
    model = models.CharField(max_length=200, blank=True)
    version = models.CharField(max_length=100, blank=True)
    card = models.JSONField(default=dict)
    access = models.CharField(max_length=16, choices=_choices(Access), default=Access.ENDPOINT)
    partners_at = models.DateTimeField(null=True)
    public_at = models.DateTimeField(null=True)
    terms = models.ForeignKey(TermsText, on_delete=models.PROTECT, null=True, related_name="reviews")
    terms_by = models.CharField(max_length=200, blank=True)
    submitted_at = models.DateTimeField(null=True)
    opens_at = models.DateTimeField(null=True)
    closes_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    budget = models.JSONField(null=True)
    access_tested_at = models.DateTimeField(null=True)
    plan = models.CharField(max_length=64, blank=True)
    accepted_lead = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, related_name="+")
    accepted_second = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, related_name="+")
    report = models.TextField(blank=True)
    report_digest = models.CharField(max_length=64, blank=True)
    reported_at = models.DateTimeField(null=True)
    comment = models.TextField(blank=True)
    commented_at = models.DateTimeField(null=True)
    comment_by = models.DateTimeField(null=True)
    final_lead = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, related_name="+")
    final_second = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, related_name="+")
    final_at = models.DateTimeField(null=True)
    statement = models.BinaryField(null=True)
    successor = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="predecessors")
    ended_at = models.DateTimeField(null=True)
    because = models.TextField(blank=True)
    destroyed_at = models.DateTimeField(null=True)
    destroyed = models.JSONField(null=True)
    receipt = models.BinaryField(null=True)
    reminded_at = models.DateTimeField(null=True)
    wrapped_key = models.BinaryField(null=True)

    class Meta:
        indexes = [models.Index(fields=["state", "closes_at"], name="reviews_by_end")]
        constraints = [
            models.CheckConstraint(
                condition=Q(closes_at__isnull=True) | Q(closes_at__lte=ThirtyDaysAfter(F("opens_at"))),
                name="reviews_thirty_days",
            ),
            models.CheckConstraint(
                condition=Q(closes_at__isnull=True) | Q(opens_at__isnull=False, closes_at__gte=F("opens_at")),
                name="reviews_open_before_closed",
            ),
            models.CheckConstraint(
                condition=Q(closes_at__isnull=True) | Q(partners_at__isnull=True) | Q(closes_at__lte=F("partners_at")),
                name="reviews_before_partners",
            ),
            models.CheckConstraint(
                condition=Q(closes_at__isnull=True) | Q(public_at__isnull=True) | Q(closes_at__lte=F("public_at")),
                name="reviews_before_public",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[*_BEFORE_TWO, *_GONE])
                | (
                    Q(accepted_lead__isnull=False, accepted_second__isnull=False)
                    & ~Q(accepted_lead=F("accepted_second"))
                ),
                name="reviews_accepted_by_two",
            ),
            models.CheckConstraint(
                condition=Q(state__in=_NOT_FINAL)
                | (Q(final_lead__isnull=False, final_second__isnull=False) & ~Q(final_lead=F("final_second"))),
                name="reviews_final_by_two",
            ),
        ]

    def __str__(self) -> str:
        return self.key


class Appointment(models.Model):
    """A party takes part in a review, in one role: these rows are the list of who may see it, and there is no other."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="appointments")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="appointments")
    role = models.CharField(max_length=12, choices=_choices(ReviewRole))
    appointed_by = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["review", "party"], name="reviews_one_seat"),
            models.UniqueConstraint(
                fields=["review", "role"],
                condition=Q(role__in=[ReviewRole.LEAD, ReviewRole.SECOND, ReviewRole.SUBMITTER]),
                name="reviews_one_of_each",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.party_id} is {self.role} in {self.review_id}"


class Yes(models.Model):
    """One person's yes to a step, in the form (SHA-256 of what it was shown) that stood then."""

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="yeses")
    step = models.CharField(max_length=12)
    form = models.CharField(max_length=64)
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["review", "step", "form", "party"], name="reviews_one_yes")]

    def __str__(self) -> str:
        return f"{self.party_id}: {self.step} {self.review_id}"


class EvaluationState(models.TextChoices):
    """Where a run of agents over a suite stands."""

    RUNNING = "running", "running"
    PAUSED = "paused", "paused"
    FINISHED = "finished", "finished"
    CANCELLED = "cancelled", "cancelled"


class Evaluation(models.Model):
    """One run of agents over a suite. `control` says how its process is reached; `stopped_at` that it is no more.

    With an `order` a worker carries it out: the one at `place` (a machine and the folder of its evaluations), which
    started a process for it `take` times. `signed_plan` is what that process is held to, `sealed_key` the key of all
    that it keeps, sealed under the review's. `progress` is how far it is.
    """

    key = models.CharField(max_length=32, unique=True, default=new_key, editable=False)
    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="evaluations")
    state = models.CharField(max_length=10, choices=EvaluationState.choices, default=EvaluationState.RUNNING)
    suite = models.CharField(max_length=200)
    suite_digest = models.CharField(max_length=64)
    plan = models.CharField(max_length=64)
    control = models.JSONField(null=True)
    started_at = models.DateTimeField()
    started_by = models.CharField(max_length=200)
    ended_at = models.DateTimeField(null=True)
    stopped_at = models.DateTimeField(null=True)
    order = models.JSONField(null=True)
    signed_plan = models.BinaryField(null=True)
    sealed_key = models.BinaryField(null=True)
    place = models.CharField(max_length=500, blank=True)
    take = models.PositiveIntegerField(default=0)
    progress = models.JSONField(default=dict)

    class Meta:
        indexes = [models.Index(fields=["state", "stopped_at"], name="reviews_to_stop")]

    def __str__(self) -> str:
        return f"{self.key}: {self.state}"


class Credential(models.Model):
    """How the submitter's endpoint is reached, sealed under the review's key; `sealed` is None once it was revoked."""

    review = models.OneToOneField(Review, on_delete=models.PROTECT, related_name="credential")
    sealed = models.BinaryField(null=True)
    put_at = models.DateTimeField()
    put_by = models.CharField(max_length=200)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(revoked_at__isnull=True) | Q(sealed__isnull=True), name="reviews_revoked_is_gone"
            )
        ]

    def __str__(self) -> str:
        return f"credential of {self.review_id}"


class Release(models.Model):
    """A credential was handed to one evaluation, once for each process that carries it out (`take`)."""

    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="releases")
    take = models.PositiveIntegerField(default=0)
    released_at = models.DateTimeField()
    released_to = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["evaluation", "take"], name="reviews_one_release")]

    def __str__(self) -> str:
        return f"released to {self.evaluation_id}"


class Burn(models.Model):
    """A task from a case under embargo was shown to a submitter's model: it is holdout for that submitter no more."""

    submitter = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="burns")
    task = models.CharField(max_length=64)  # its digest
    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="burns")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["submitter", "task"], name="reviews_burnt_once")]

    def __str__(self) -> str:
        return f"{self.task} for {self.submitter_id}"


class HoldoutSuite(models.Model):
    """A private suite made for one review: its digest, and that of why its holdout tasks were taken.

    `projects` are those of the public tasks beside them: packages that a report may name.
    """

    review = models.ForeignKey(Review, on_delete=models.PROTECT, related_name="holdout_suites")
    digest = models.CharField(max_length=64)
    choice = models.CharField(max_length=64)
    projects = models.JSONField(default=list)
    at = models.DateTimeField()
    by = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["review", "digest"], name="reviews_one_holdout_suite")]

    def __str__(self) -> str:
        return f"{self.digest[:12]} for {self.review_id}"


class HoldoutTask(models.Model):
    """One holdout task of such a suite. It outlives the review's files: by it a spent task is known again.

    `name` is all that anybody outside the house learns of it. `bundle` is the id of the proof that it was made of,
    wherever that is by now; `case` the key of the case that the proof was in when it was taken.
    """

    suite = models.ForeignKey(HoldoutSuite, on_delete=models.PROTECT, related_name="tasks")
    name = models.CharField(max_length=20)
    digest = models.CharField(max_length=64, db_index=True)
    family = models.CharField(max_length=20, choices=_choices(Family))
    bundle = models.CharField(max_length=64, db_index=True)
    case = models.CharField(max_length=32)
    preference = models.PositiveSmallIntegerField()
    why = models.CharField(max_length=200)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["suite", "name"], name="reviews_one_holdout_name")]

    def __str__(self) -> str:
        return f"{self.name} of {self.suite_id}"
