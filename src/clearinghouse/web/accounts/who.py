"""Who signed in, for pages that are shown to nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404

if TYPE_CHECKING:
    from django.http import HttpRequest


def person_of(request: HttpRequest) -> Any:
    """The person who signed in. Raises Http404 for anybody else."""
    if not request.user.is_authenticated:
        raise Http404
    return request.user
