"""Requests made under a key of the client's, with what they were answered, and how often each client asked."""

from __future__ import annotations

from django.db import models


class Call(models.Model):
    """One request under an idempotency key; `claim` names the attempt that carries it out, `status` is its answer."""

    owner = models.CharField(max_length=64)
    key = models.CharField(max_length=64)
    request = models.CharField(max_length=64)
    claim = models.CharField(max_length=32)
    claimed_at = models.DateTimeField()
    status = models.PositiveSmallIntegerField(null=True)
    body = models.TextField(blank=True)
    headers = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["owner", "key"], name="traffic_one_call")]
        indexes = [models.Index(fields=["claimed_at"], name="traffic_by_age")]

    def __str__(self) -> str:
        return f"{self.owner[:8]}/{self.key[:8]}"


class Window(models.Model):
    """How often one client asked since `opened_at` (seconds since 1970), within a window of fixed length."""

    client = models.CharField(max_length=80)
    opened_at = models.BigIntegerField()
    count = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["client", "opened_at"], name="traffic_one_window")]
        indexes = [models.Index(fields=["opened_at"], name="traffic_by_window")]

    def __str__(self) -> str:
        return f"{self.client} since {self.opened_at}: {self.count}"
