"""One table: what was published."""

from __future__ import annotations

from django.db import models

from clearinghouse.cases.models import Case


class Advisory(models.Model):
    """The published document of a case, as written."""

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="advisory")
    public_id = models.CharField(max_length=30, unique=True)
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=200)
    confirmed_by = models.CharField(max_length=200, blank=True)
    text = models.TextField()

    def __str__(self) -> str:
        return self.public_id
