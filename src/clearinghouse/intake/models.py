"""Reports as they came, and the findings in them."""

from __future__ import annotations

from django.db import models

from clearinghouse.core.proof import Grade
from clearinghouse.core.report import ReportKind, ReportState
from clearinghouse.proofs.models import Blob, Proof
from clearinghouse.registry.models import Party


class Report(models.Model):
    """One thing that one finder sent once. Its bytes never change; `state` moves by `core.report`'s table.

    `published_at` says when the publication of its proof's case took it along; None for what was attached later.
    """

    public_id = models.CharField(max_length=20, unique=True)
    finder = models.ForeignKey(Party, on_delete=models.PROTECT, related_name="reports")
    received_at = models.DateTimeField()
    name = models.CharField(max_length=255)
    kind = models.CharField(max_length=10, choices=[(k.value, k.value) for k in ReportKind])
    content = models.ForeignKey(Blob, on_delete=models.PROTECT)
    title = models.CharField(max_length=500)
    state = models.CharField(max_length=20, choices=[(s.value, s.value) for s in ReportState])
    reasons = models.JSONField(default=list)
    proof = models.ForeignKey(Proof, on_delete=models.PROTECT, null=True, related_name="reports")
    closed_at = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["finder", "content"], name="intake_one_report")]
        indexes = [models.Index(fields=["state"], name="intake_by_state")]

    def __str__(self) -> str:
        return self.public_id

    @property
    def is_attached(self) -> bool:
        """Whether it is part of its proof's case."""
        return self.state == ReportState.ATTACHED


class Finding(models.Model):
    """One claimed weakness at one place, as the report words it."""

    report = models.ForeignKey(Report, on_delete=models.CASCADE, related_name="findings")
    ordinal = models.PositiveIntegerField()
    title = models.CharField(max_length=500)
    rule = models.CharField(max_length=200, blank=True)
    location = models.CharField(max_length=500, blank=True)
    grade = models.CharField(max_length=1, default=Grade.D, choices=[(g.value, g.value) for g in Grade])

    class Meta:
        constraints = [models.UniqueConstraint(fields=["report", "ordinal"], name="intake_one_finding")]

    def __str__(self) -> str:
        return f"{self.report_id}/{self.ordinal}"
