"""Cases and who takes part in them, their proofs, why any two of these are one bug or not, and what a person added."""

from __future__ import annotations

from django.db import models

from clearinghouse.core.matching import Relation
from clearinghouse.core.protocol.consent import Consent
from clearinghouse.core.protocol.embargo import Embargo
from clearinghouse.core.roles import Tlp
from clearinghouse.proofs.models import Proof
from clearinghouse.registry.models import Party, new_key


class CaseState(models.TextChoices):
    """Where a case stands."""

    OPEN = "open", "open"
    PUBLISHED = "published", "published"
    MERGED = "merged", "merged"  # `merged_into` says where its proofs went


class Case(models.Model):
    """One bug. The title is the claim of its first proof.

    `key` is its opaque address before publication, `public_id` what it is called inside and afterwards. `ends_at` is
    the instant at which the embargo in force ends; None where none is agreed.
    """

    public_id = models.CharField(max_length=20, unique=True)
    key = models.CharField(max_length=32, unique=True, default=new_key, editable=False)
    opened_at = models.DateTimeField()
    package = models.CharField(max_length=300)
    title = models.CharField(max_length=500)
    state = models.CharField(max_length=12, choices=CaseState.choices, default=CaseState.OPEN)
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="absorbed")
    priority = models.JSONField(null=True)
    published_at = models.DateTimeField(null=True)
    tlp = models.CharField(max_length=12, choices=[(t.value, t.value) for t in Tlp], default=Tlp.AMBER)
    embargo = models.CharField(max_length=10, choices=[(e.value, e.value) for e in Embargo], default=Embargo.NONE)
    ends_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["package", "state"], name="cases_by_package")]

    def __str__(self) -> str:
        return self.public_id

    def address(self, inside: bool) -> str:
        """What the case is called: by its number inside the house and once published, by its key before."""
        return self.public_id if inside or self.state == CaseState.PUBLISHED else self.key


class Participant(models.Model):
    """A party takes part in a case: the rows of a case are the list of who may see it, and there is no other.

    A signature extends to what was brought to the case in the sense of `Membership.brought_to`: `covers` holds these
    origins. What is brought later to a covered origin is covered too; what a merge adds is not, until the participant
    signs again. So a merge by itself opens nothing that was brought to the other side while an embargo is in force.
    `named` says that a person was named individually, as TLP:RED asks.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="participants")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="participations")
    roles = models.JSONField(default=list)  # of core.roles.CaseRole, sorted
    consent = models.CharField(max_length=12, choices=[(c.value, c.value) for c in Consent], default=Consent.NO_EMBARGO)
    covers = models.ManyToManyField(Case, related_name="+")
    named = models.BooleanField(default=False)
    invited_at = models.DateTimeField()
    invited_by = models.CharField(max_length=200)
    rsvp_by = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "party"], name="cases_one_participation")]

    def __str__(self) -> str:
        return f"{self.party_id} in {self.case_id}: {', '.join(self.roles)}, {self.consent}"


class Membership(models.Model):
    """A proof's place: each in exactly one case. `brought_to` stays the case it came to before any merge."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="memberships")
    brought_to = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
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
