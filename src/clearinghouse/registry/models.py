"""One table: finders."""

from __future__ import annotations

from django.db import models


class Finder(models.Model):
    """Somebody who sends reports; `handle` is its name in addresses."""

    name = models.CharField(max_length=200, unique=True)
    handle = models.SlugField(max_length=100, unique=True)
    known_since = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
