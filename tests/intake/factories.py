"""A small clearinghouse for tests: the real rooms and the queue in memory, with a prover that plants bugs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from clearinghouse.adapters.jobs.memory import MemoryQueue
from clearinghouse.bootstrap import wiring
from clearinghouse.intake.services import Receipt, submit
from tests.proofs.factories import Sketch, archive
from tests.proofs.simulator import Bug, Simulator

START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@dataclass
class Ticking:
    """A clock that moves a second at each look."""

    at: datetime = START

    def __call__(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


@dataclass
class House:
    """Everything between a submission and its answer."""

    prover: Simulator
    clock: Ticking = field(default_factory=Ticking)

    def __post_init__(self) -> None:
        self.queue = MemoryQueue(wiring.jobs(self.prover, self.clock))

    def send(self, content: bytes | Sketch, finder: str = "Lab One", name: str = "report") -> Receipt:
        raw = archive(content) if isinstance(content, Sketch) else content
        return submit(raw, finder=finder, name=name, clock=self.clock, queue=self.queue)

    def work(self) -> None:
        """As the worker does: offer what is undone until nothing changes; failures of jobs are errors of the test."""
        while undone := wiring.undone():
            for name, key in undone:
                self.queue.enqueue(name, key)
            if not self.queue.run_all():
                break
        if self.queue.failures:
            raise self.queue.failures[0][2]


def house(**bugs: Bug) -> House:
    return House(Simulator(dict(bugs)))
