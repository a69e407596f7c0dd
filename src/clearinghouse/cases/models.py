"""Cases and who takes part in them, their proofs, why any two of these are one bug or not, and what a person added."""

from __future__ import annotations

from django.db import models

from clearinghouse.core.matching import Relation
from clearinghouse.core.protocol.case_facts import Fact
from clearinghouse.core.protocol.consent import Consent
from clearinghouse.core.protocol.embargo import Embargo
from clearinghouse.core.protocol.embargo_terms import Preset
from clearinghouse.core.protocol.report_management import Management
from clearinghouse.core.protocol.vendor_path import VendorPath
from clearinghouse.core.review.use import ReviewUse
from clearinghouse.core.roles import Tlp
from clearinghouse.proofs.models import Proof
from clearinghouse.registry.models import Party, choices, new_key


class CaseState(models.TextChoices):
    """Where a case stands."""

    OPEN = "open", "open"
    PUBLISHED = "published", "published"
    MERGED = "merged", "merged"  # `merged_into` says where its proofs went


class Case(models.Model):
    """One bug. The title is the claim of its first proof.

    `key` is its opaque address before publication, `public_id` what it is called inside and afterwards. `terms` are
    those of the embargo in force (`core.protocol.embargo_terms`), `ends_at` the instant at which it ends by them; None
    where none is agreed. `goes_without` says that somebody decided on no embargo, `collided_at` when an independent
    finder came upon what was under embargo.
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
    tlp = models.CharField(max_length=12, choices=choices(Tlp), default=Tlp.AMBER)
    embargo = models.CharField(max_length=10, choices=choices(Embargo), default=Embargo.NONE)
    terms = models.JSONField(null=True)
    ends_at = models.DateTimeField(null=True)
    goes_without = models.BooleanField(default=False)
    collided_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["package", "state"], name="cases_by_package"),
            models.Index(fields=["embargo", "ends_at"], name="cases_by_end"),
        ]

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
    consent = models.CharField(max_length=12, choices=choices(Consent), default=Consent.NO_EMBARGO)
    covers = models.ManyToManyField(Case, related_name="+")
    named = models.BooleanField(default=False)
    management = models.CharField(max_length=10, choices=choices(Management), default=Management.START)
    invited_at = models.DateTimeField()
    invited_by = models.CharField(max_length=200)
    rsvp_by = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "party"], name="cases_one_participation")]

    def __str__(self) -> str:
        return f"{self.party_id} in {self.case_id}: {', '.join(self.roles)}, {self.consent}"


class ProposalState(models.TextChoices):
    """What became of proposed terms."""

    OPEN = "open", "open"
    AGREED = "agreed", "agreed"  # they hold, or held until others did
    REJECTED = "rejected", "rejected"
    SETTLED = "settled", "settled"  # overtaken: by the same end, by an earlier rejection, by the end of the embargo


class EmbargoProposal(models.Model):
    """Terms that somebody wants for a case's embargo. `party` is None where the clearinghouse itself proposes.

    `standing`: nobody proposed them for this case, they are the party's published default.
    """

    key = models.CharField(max_length=32, unique=True, default=new_key, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="proposals")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, related_name="embargo_proposals")
    terms = models.JSONField()
    preset = models.CharField(max_length=20, blank=True, choices=choices(Preset))
    because = models.TextField(blank=True)
    standing = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=ProposalState.choices, default=ProposalState.OPEN)
    proposed_at = models.DateTimeField()
    proposed_by = models.CharField(max_length=200)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=200, blank=True)

    def __str__(self) -> str:
        return f"{self.key} for {self.case_id}: {self.state}"


class Opinion(models.Model):
    """What one participant says of proposed terms; a yes is its signature under them, should they come to hold."""

    proposal = models.ForeignKey(EmbargoProposal, on_delete=models.CASCADE, related_name="opinions")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="opinions")
    yes = models.BooleanField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["proposal", "party"], name="cases_one_opinion")]

    def __str__(self) -> str:
        return f"{self.party_id} on {self.proposal_id}: {self.yes}"


class StatusFact(models.Model):
    """One of the six facts of a case, from when it was known; `cause` is the fact that forced it, "" for none."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="status")
    fact = models.CharField(max_length=20, choices=choices(Fact))
    cause = models.CharField(max_length=20, blank=True, choices=choices(Fact))
    at = models.DateTimeField()
    stated_by = models.CharField(max_length=200)
    because = models.TextField(blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "fact"], name="cases_one_status_fact")]

    def __str__(self) -> str:
        return f"{self.case_id}: {self.fact}"


class VendorLine(models.Model):
    """A release line that a vendor supports ("" where it has but one), and how far its fix is."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="lines")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="lines")
    line = models.CharField(max_length=100, blank=True)
    path = models.CharField(max_length=3, choices=choices(VendorPath), default=VendorPath.UNAWARE)
    aware_at = models.DateTimeField(null=True)
    fixed_at = models.DateTimeField(null=True)
    deployed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "party", "line"], name="cases_one_line")]

    def __str__(self) -> str:
        return f"{self.party_id} {self.line}: {self.path}"


class Deployment(models.Model):
    """What an operator declares for what it runs: whether the fix is there; it counts by `weight`."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="deployments")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="deployments")
    deployed = models.BooleanField()
    weight = models.PositiveIntegerField(default=1)
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["case", "party"], name="cases_one_deployment")]

    def __str__(self) -> str:
        return f"{self.party_id} in {self.case_id}: {self.deployed}"


class ReviewAnswer(models.Model):
    """Whether somebody lets tasks for model reviews be made of a case: the latest word of each; the journal has all.

    `party` is None where the clearinghouse itself answers. It speaks of what was in the case `at` that instant: proofs
    that came later are not meant.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="review_answers")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, related_name="+")
    use = models.CharField(max_length=10, choices=choices(ReviewUse))
    at = models.DateTimeField()
    by = models.CharField(max_length=200)
    because = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "party"], name="cases_one_review_answer"),
            models.UniqueConstraint(
                fields=["case"], condition=models.Q(party__isnull=True), name="cases_one_review_answer_of_the_house"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.party_id} on {self.case_id}: {self.use}"


class Message(models.Model):
    """Something said in a case, as plain text. `brought_to` stays the case it was said in before any merge."""

    key = models.CharField(max_length=32, unique=True, default=new_key, editable=False)
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="messages")
    brought_to = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    party = models.ForeignKey(Party, on_delete=models.PROTECT, null=True, related_name="messages")
    author = models.CharField(max_length=200)
    text = models.TextField()
    tlp = models.CharField(max_length=12, choices=choices(Tlp))
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["case", "id"], name="cases_by_thread")]

    def __str__(self) -> str:
        return f"{self.author} in {self.case_id}"


class Membership(models.Model):
    """A proof's place: each in exactly one case. `brought_to` stays the case it came to before any merge.

    `published_in` is the case whose publication took it along, at `published_at`: only while that is the case it is in
    does it belong to what was published.
    """

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="memberships")
    brought_to = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    proof = models.OneToOneField(Proof, on_delete=models.PROTECT, related_name="membership")
    since = models.DateTimeField()
    published_in = models.ForeignKey(Case, on_delete=models.PROTECT, null=True, related_name="+")
    published_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.proof_id} in {self.case_id}"


class Pair(models.Model):
    """What the evidence says of two proofs (left's bundle id sorts first), as last judged."""

    left = models.ForeignKey(Proof, on_delete=models.CASCADE, related_name="pairs_left")
    right = models.ForeignKey(Proof, on_delete=models.CASCADE, related_name="pairs_right")
    relation = models.CharField(max_length=15, choices=choices(Relation))
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
