"""A review with people around it: a developer, a lead, a second person, an evaluator, an observer, a coordinator."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from clearinghouse.adapters.runs import LocalRuns
from clearinghouse.adapters.vault import sealing
from clearinghouse.core.review.guards import CARD_FIELDS
from clearinghouse.core.review.seats import ReviewRole
from clearinghouse.core.review.states import ReviewState
from clearinghouse.core.review.window import Planned
from clearinghouse.core.roles import OrganisationKind, SiteRole
from clearinghouse.core.visibility import LOCAL, Actor
from clearinghouse.journal import queries as journal
from clearinghouse.registry.queries import actor_of
from clearinghouse.reviews import services
from clearinghouse.reviews.models import Review
from clearinghouse.reviews.terms import terms_now
from tests.registry.factories import organisation, person

if TYPE_CHECKING:
    from pathlib import Path

    from clearinghouse.core.ports import Signer

NOW = datetime(2026, 6, 1, 9, tzinfo=UTC)  # a Monday
DAY = timedelta(days=1)
HEX = "ab" * 32
BUDGET = {"tokens": 1_000_000}
ADDRESS, SECRET = "https://models.lab.example/v1", "sk-planted-7f3a9c"
PEOPLE = {"ada": ReviewRole.LEAD, "ben": ReviewRole.SECOND, "eve": ReviewRole.EVALUATOR}


class MemoryVault:
    """The vault without its process, with a house key of its own."""

    def __init__(self) -> None:
        self._house = bytes(range(32))

    def new_key(self) -> bytes:
        return sealing.new_key(self._house)

    def seal(self, wrapped: bytes, secret: bytes, about: str) -> bytes:
        return sealing.seal(self._house, wrapped, secret, about)

    def open(self, wrapped: bytes, sealed: bytes, about: str) -> bytes:
        return sealing.unseal(self._house, wrapped, sealed, about)


@dataclass
class Table:
    """One review and the people at its table, by their handles."""

    people: dict[str, Actor]
    key: str = ""
    at: datetime = NOW
    vault: MemoryVault = field(default_factory=MemoryVault)

    @property
    def review(self) -> Review:
        return Review.objects.get(key=self.key)

    @property
    def state(self) -> ReviewState:
        return ReviewState(self.review.state)

    def later(self, days: float) -> datetime:
        self.at += timedelta(days=days)
        return self.at

    def strike(self) -> tuple[str, ...]:
        return services.strike(at=self.at)

    def effect(self, folder: Path, signer: Signer | None = None) -> tuple[str, ...]:
        return services.effect(at=self.at, runs=LocalRuns(), folder=folder, signer=signer)

    def kinds(self) -> list[str]:
        return [entry.kind for entry in journal.entries(f"review/{self.key}")]

    def offered(self, **planned: datetime) -> Table:
        """Opened and written, with the credential."""
        dev = self.people["dev"]
        self.key = services.open_review(
            "model-lab",
            model="Planted-Model",
            version="9",
            card=dict.fromkeys(CARD_FIELDS, "planted words"),
            planned=Planned(**(planned or {"public": self.at + 60 * DAY})),
            actor=dev,
            at=self.at,
        )
        services.put_credential(self.key, base_url=ADDRESS, api_key=SECRET, vault=self.vault, actor=dev, at=self.at)
        return self

    def submitted(self, **planned: datetime) -> Table:
        self.offered(**planned)
        services.submit(self.key, terms=terms_now().digest, actor=self.people["dev"], at=self.at)
        for name, role in PEOPLE.items():
            services.appoint(self.key, name, role, actor=LOCAL, at=self.at)
        services.appoint(self.key, "agency", ReviewRole.OBSERVER, actor=LOCAL, at=self.at)
        return self

    def accepted(self, **planned: datetime) -> Table:
        self.submitted(**planned)
        services.set_plan(self.key, HEX, actor=self.people["ada"], at=self.at)
        services.accept(
            self.key, actor=self.people["ada"], at=self.at, opens=self.at, budget=BUDGET, access_tested=True
        )
        services.accept(self.key, actor=self.people["ben"], at=self.at)
        return self

    def running(self, **planned: datetime) -> str:
        """An evaluation that was started in the open window; its key."""
        self.accepted(**planned)
        self.strike()
        return services.start(self.key, "open", HEX, actor=self.people["eve"], at=self.at)

    def shared(self) -> str:
        """A draft that was shown to the developer; its digest."""
        self.running()
        services.close(self.key, actor=self.people["ada"], at=self.at)
        digest = services.draft(self.key, b'{"figures": "planted figures"}', actor=self.people["ada"], at=self.at)
        services.share(self.key, actor=self.people["ada"], at=self.at)
        return digest

    def final(self) -> str:
        digest = self.shared()
        services.comment(self.key, "We see it so.\n", actor=self.people["dev"], at=self.at)
        for name in ("ada", "ben"):
            services.finalise(self.key, report=digest, actor=self.people[name], at=self.at)
        return digest


def table() -> Table:
    """People and no review yet."""
    lab = organisation("Model Lab", OrganisationKind.LAB)
    people = {"dev": actor_of(person("Dev", of=lab)), "other": actor_of(person("Other", of=organisation("Other Lab")))}
    for name in PEOPLE:
        people[name] = actor_of(person(name.title(), site=[SiteRole.EVALUATOR]))
    people["agency"] = actor_of(person("Agent", of=organisation("Agency", OrganisationKind.AGENCY)))
    people["coordinator"] = actor_of(person("Cora", site=[SiteRole.COORDINATOR]))
    return Table(people)
