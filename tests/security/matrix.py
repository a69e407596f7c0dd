"""Reads the table of who may see what where (`matrix.toml`), and asks the server about one cell of it."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clearinghouse.core.protocol.embargo import Embargo
from clearinghouse.core.roles import Tlp

if TYPE_CHECKING:
    from collections.abc import Iterator

    from django.http import HttpResponse

    from tests.security.world import World

TABLE = Path(__file__).with_name("matrix.toml")
LABELS = (Tlp.RED, Tlp.AMBER_STRICT, Tlp.AMBER, Tlp.GREEN, Tlp.CLEAR)
PHASES = ("held", "open", "published")
# A state of the embargo machine is one of the phases; published cases are under none.
EMBARGOES = {
    "held": (Embargo.ACTIVE, Embargo.REVISE),
    "open": (Embargo.NONE, Embargo.PROPOSED, Embargo.EXITED),
    "published": (Embargo.NONE, Embargo.PROPOSED, Embargo.EXITED),
}

# Ids of things that do not exist, and parts of addresses that stand for nothing of the case.
NONESUCH = {
    "case": "0" * 32,
    "case_id": "0" * 32,
    "chain": "case/CLH-2026-09999",
    "report": "R-aaaaaaaaaaaa",
    "report_id": "R-aaaaaaaaaaaa",
    "bundle": "0" * 64,
    "bundle_id": "0" * 64,
    "digest": "0" * 64,
    "handle": "nonesuch",
    "party": "0" * 32,
    "proposal": "0" * 32,
    "review": "0" * 32,
}
ANY = {
    "proposal": "0" * 32,
    "name": "clearinghouse.css",
    "number": "1",
    "review": "0" * 32,
    "pk": "1",
    "key": "x",
    "member": "x",
    "secret": "x",
    "uidb36": "x",
}


@dataclass(frozen=True, slots=True)
class State:
    """What a case can be in, as far as it matters to who may see it."""

    phase: str
    label: Tlp
    embargo: Embargo

    @property
    def column(self) -> int:
        """Its place in a row of a grid."""
        return PHASES.index(self.phase) * len(LABELS) + LABELS.index(self.label)

    def __str__(self) -> str:
        return f"{self.phase} {self.label} {self.embargo}"


@dataclass(frozen=True, slots=True)
class Row:
    """One address or operation: what it shows, by the name of a grid, and how that is told from its answer."""

    call: str
    shows: str
    needle: str = ""
    absent: bool = False  # what may not be seen is left out; otherwise the whole answer is that of the unknown
    public: bool = False  # asked for without a token, too
    invites: bool = False  # whoever is invited gets the invitation here
    scope: str | None = None
    body: dict[str, Any] | None = None  # what is sent

    @property
    def method(self) -> str:
        """GET, for a page."""
        return self.call.partition(" ")[0] if " " in self.call else "GET"

    @property
    def path(self) -> str:
        """With the names of its parts in braces."""
        return self.call.rpartition(" ")[2]


STATES = tuple(State(phase, label, embargo) for phase in PHASES for label in LABELS for embargo in EMBARGOES[phase])


@cache
def table() -> dict[str, Any]:
    """The rows, and the grids that they follow."""
    found: dict[str, Any] = tomllib.loads(TABLE.read_text())
    grids = [tomllib.loads(TABLE.with_name(f"grids_{name}.toml").read_text()) for name in ("read", "write")]
    return {**found, "grids": {**grids[0], **grids[1]}}


def rows(section: str) -> list[Row]:
    """The rows of `pages` or `operations`."""
    return [Row(call=call, **row) for call, row in table()[section].items()]


def grid(name: str) -> dict[str, str]:
    """A grid as {viewer: fifteen letters}."""
    lines = [line for line in table()["grids"][name].splitlines() if line[:1].strip()]
    return {line[:18].strip(): re.sub(r"\s", "", line[18:]) for line in lines}


def cells(name: str, viewer: str) -> str:
    """The letters of one viewer: by state, or one for all where a grid does not depend on states."""
    found = grid(name)[viewer]
    return found * len(PHASES) * len(LABELS) if len(found) == 1 else found


def filled(world: World, path: str, *, unknown: bool = False, reads: bool = False) -> str:
    """The path with the case, report, and so on that are asked about; or with such as do not exist.

    The review is named where it is only read: what is done to one stands in tests/reviews/test_doors.py.
    """
    real = {
        "case": world.case.key,
        "case_id": world.case.key,
        "chain": f"case/{world.case.public_id}",
        "report_id": world.report.public_id,
        "bundle_id": world.proof.bundle_id,
        "handle": "org-vendor",
        "report": world.report.public_id,
        "bundle": world.proof.bundle_id,
        "digest": world.log,
        "party": world.people["named vendor"].party.key,
        "proposal": world.proposal,
        "other": world.other.key,
        **({"review": world.review.key} if reads else {}),
    }
    values = {**real, **NONESUCH} if unknown else real
    return re.sub(r"\{(\w+)\}", lambda match: {**ANY, **values}[match[1]], path)


def shown(world: World, row: Row, answer: HttpResponse) -> bool:
    """Whether the answer gives what the row is about."""
    if answer.status_code >= 300:
        return False
    text = answer.content.decode()
    wanted = {
        "case": (world.case.key, world.case.public_id),
        "report": (world.report.public_id,),
        "bundle": (world.proof.bundle_id,),
        "review": (world.review.key,),
    }
    return not row.needle or any(word in text for word in wanted.get(row.needle, (row.needle,)))


def one_of_each() -> Iterator[State]:
    """A state for each phase and label."""
    for phase in PHASES:
        for label in LABELS:
            yield State(phase, label, EMBARGOES[phase][0])
