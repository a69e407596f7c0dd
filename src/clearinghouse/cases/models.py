"""Cases, the proofs that belong to them, why any two of these are one bug or not, and what a person added."""

from __future__ import annotations

from django.db import models

from clearinghouse.core.matching import Relation
from clearinghouse.proofs.models import Proof


class CaseState(models.TextChoices):
    """Where a case stands."""

    OPEN = "open", "open"
    PUBLISHED = "published", "published"
    MERGED = "merged", "merged"  # `merged_into` says where its proofs went


class Case(models.Model):
    """One bug. The title is the claim of its first proof."""

    public_id = models.CharField(max_length=20, unique=True)
    opened_at = models.DateTimeField()
    package = models.CharField(max_length=300)
    title = models.CharField(max_length=500)
    state = models.CharField(max_length=12, choices=CaseState.choices, default=CaseState.OPEN)
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="absorbed")
    priority = models.JSONField(null=True)
    published_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["package", "state"], name="cases_by_package")]

    def __str__(self) -> str:
        return self.public_id


class Membership(models.Model):
    """A proof's place: each in exactly one case."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="memberships")
    proof = models.OneToOneField(Proof, on_delete=models.PROTECT, related_name="membership")
    since = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.proof_id} in {self.case_id}"


class Pair(models.Model):
    """What the evidence says of two proofs (left's bundle id sorts first), as last judged."""

    left = models.ForeignKey(Proof, on_delete=models.CASCADE, related_name="pairs_left")
    right = models.ForeignKey(Proof, on_delete=models.CASCADE, related_name="pairs_right")
    relation = models.CharField(max_length=15, choices=[(r.value, r.value) for r in Relation])
    matcher = models.CharField(max_length=60)
    evidence = models.JSONField()
    judged_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["left", "right", "matcher"], name="cases_one_judgement")]

    def __str__(self) -> str:
        return f"{self.left_id}/{self.right_id}: {self.relation}"


class CaseFact(models.Model):
    """An input of the priority that a person stated, with the reason."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="facts")
    name = models.CharField(max_length=40)
    value = models.CharField(max_length=40)
    source = models.CharField(max_length=200)
    evidence = models.TextField()
    stated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "name"], name="cases_one_fact")]

    def __str__(self) -> str:
        return f"{self.case_id} {self.name}={self.value}"


class PackageLock(models.Model):
    """Whoever decides about a package's cases holds this row, so that two deciders never open two cases for one bug."""

    package = models.CharField(max_length=300, primary_key=True)

    def __str__(self) -> str:
        return self.package


class YearCounter(models.Model):
    """The last case number given out in a year."""

    year = models.PositiveSmallIntegerField(primary_key=True)
    last = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.year}: {self.last}"
