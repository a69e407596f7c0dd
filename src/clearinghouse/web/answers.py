"""How pages answer: a template with what every page shows, JSON of our values, one page of a long list."""

from __future__ import annotations

import dataclasses
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from django.template.loader import render_to_string

from clearinghouse import __version__
from clearinghouse.core.visibility import LOCAL, PUBLIC, Action, Actor, can

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpRequest

PAGE_SIZE = 100  # rows of a list on one page


@dataclasses.dataclass(frozen=True, slots=True)
class Page:
    """One page of a list; `number` counts from 1, `before` and `after` are None at the ends."""

    rows: Sequence[Any]
    number: int
    pages: int
    total: int

    @property
    def before(self) -> int | None:
        """The page before this one."""
        return self.number - 1 if self.number > 1 else None

    @property
    def after(self) -> int | None:
        """The page after this one."""
        return self.number + 1 if self.number < self.pages else None


def actor_of(request: HttpRequest) -> Actor:
    """On whose behalf the page is shown; the public where no middleware said otherwise."""
    found = getattr(request, "actor", PUBLIC)
    return found if isinstance(found, Actor) else PUBLIC


def html(request: HttpRequest, template: str, status: int = 200, **values: Any) -> HttpResponse:
    """A page. Templates escape everything; they get `here` (the part of the site) and what `shared` has on top."""
    return HttpResponse(render_to_string(template, {"here": "", **values, **shared(request)}), status=status)


def shared(request: HttpRequest) -> dict[str, Any]:
    """What every page's frame is told, whoever renders it: `actor`, what it may do, and the name it signed in under.

    `coordinates`: it works in the house, and reads unpublished cases; `audits`: it reads the newest of the journal;
    `local`: it sits at this machine.
    """
    actor = actor_of(request)
    return {
        "actor": actor,
        "coordinates": can(actor, Action.READ_FIGURES),
        "audits": can(actor, Action.READ_SYSTEM_JOURNAL),
        "local": actor is LOCAL,
        "signed_in": signed_in(request),
        "version": __version__,
    }


def signed_in(request: HttpRequest) -> str:
    """The name of the person who signed in, empty for anybody else."""
    person = getattr(request, "user", None)
    return person.party.name if person is not None and person.is_authenticated else ""


def as_json(value: Any) -> HttpResponse:
    """A value of ours as indented JSON: dataclasses as objects, instants as RFC 3339, sets sorted."""
    text = json.dumps(value, default=_plain, indent=2, ensure_ascii=False)
    return HttpResponse(text + "\n", content_type="application/json")


def one_page(request: HttpRequest, rows: Sequence[Any]) -> Page:
    """The part of `rows` that `?page=` asks for; what is no page number gets the nearest one."""
    pages = max(1, -(-len(rows) // PAGE_SIZE))
    asked = request.GET.get("page", "1")
    number = min(max(int(asked), 1), pages) if asked.isascii() and asked.isdigit() and len(asked) < 9 else 1  # noqa: PLR2004
    return Page(rows[(number - 1) * PAGE_SIZE : number * PAGE_SIZE], number, pages, len(rows))


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
