"""Stored bytes by digest, proofs with their verdicts, logs of runs, and trials on other releases."""

from __future__ import annotations

from django.db import models

from clearinghouse.core.proof import Grade, Signal, Verdict


class Blob(models.Model):
    """Bytes named by the SHA-256 of their plain form; kept compressed (zstd). `size` is that of the plain form."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    size = models.PositiveIntegerField()
    packed = models.BinaryField()

    def __str__(self) -> str:
        return self.sha256


class Proof(models.Model):
    """One bundle, whoever sent it and however often, with its verdict once there is one."""

    bundle_id = models.CharField(max_length=64, unique=True)
    archive = models.ForeignKey(Blob, on_delete=models.PROTECT)
    stored_at = models.DateTimeField()
    # What the manifest claims.
    title = models.CharField(max_length=500)
    summary = models.TextField(blank=True)
    weakness = models.JSONField(default=list)
    aliases = models.JSONField(default=list)
    severity = models.CharField(max_length=300, blank=True)
    package = models.CharField(max_length=300)
    vulnerable = models.CharField(max_length=100)
    fixed = models.CharField(max_length=100, blank=True)
    oracle = models.CharField(max_length=30)
    trigger = models.CharField(max_length=64)  # digest of input, oracle and vulnerable target
    # What running it gave.
    attempts = models.PositiveSmallIntegerField(default=0)
    verdict = models.CharField(max_length=30, blank=True, choices=[(v.value, v.value) for v in Verdict])
    grade = models.CharField(max_length=1, blank=True, choices=[(g.value, g.value) for g in Grade])
    function = models.CharField(max_length=500, blank=True)
    runs = models.PositiveIntegerField(default=0)
    result = models.JSONField(null=True)
    decided_at = models.DateTimeField(null=True)
    # The signed statement of it, where there is a key.
    attestation = models.ForeignKey(Blob, on_delete=models.PROTECT, null=True, related_name="+")
    attested_by = models.CharField(max_length=64, blank=True)  # the key's id
    # How far it went after that.
    match_attempts = models.PositiveSmallIntegerField(default=0)
    matched_at = models.DateTimeField(null=True)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["package", "function", "oracle"], name="proofs_by_place"),
            models.Index(fields=["package", "fixed"], name="proofs_by_fix"),
            models.Index(fields=["trigger"], name="proofs_by_trigger"),
            models.Index(fields=["settled_at"], name="proofs_unsettled"),
        ]

    def __str__(self) -> str:
        return self.bundle_id[:12]


class StatedAlias(models.Model):
    """A name that somebody gave the bug elsewhere (CVE, GHSA): a claim, kept apart so that it can be looked up."""

    proof = models.ForeignKey(Proof, on_delete=models.CASCADE, related_name="stated_aliases")
    alias = models.CharField(max_length=100, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["proof", "alias"], name="proofs_one_alias")]

    def __str__(self) -> str:
        return self.alias


class RunLog(models.Model):
    """The captured output of one run (head and tail), named by the digest of the whole as the matrix gives it."""

    digest = models.CharField(max_length=64, primary_key=True)
    content = models.ForeignKey(Blob, on_delete=models.PROTECT)
    proofs = models.ManyToManyField(Proof, related_name="logs")

    def __str__(self) -> str:
        return self.digest


class Trial(models.Model):
    """What a proof's trigger did on one other release of its target."""

    proof = models.ForeignKey(Proof, on_delete=models.CASCADE, related_name="trials")
    version = models.CharField(max_length=100)
    signal = models.CharField(max_length=10, choices=[(s.value, s.value) for s in Signal])
    n = models.PositiveIntegerField()
    k = models.PositiveIntegerField()
    reason = models.TextField(blank=True)
    function = models.CharField(max_length=500, blank=True)
    tried_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["proof", "version"], name="proofs_one_trial")]

    def __str__(self) -> str:
        return f"{self.proof_id} on {self.version}: {self.signal}"
