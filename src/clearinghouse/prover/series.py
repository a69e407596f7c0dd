"""Gathers the runs of one row of the matrix."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from clearinghouse.core.proof import MatrixRow, Signal
from clearinghouse.prover.memory import UNMEASURED
from clearinghouse.prover.oracles import costs_of
from clearinghouse.prover.sandbox.interface import Ending

if TYPE_CHECKING:
    from clearinghouse.core.proof import Input, Variant
    from clearinghouse.prover.observation import Observation


@dataclass(slots=True)
class Series:
    """All runs of one input on one variant."""

    variant: Variant
    input: Input
    version: str
    seen: list[Observation] = field(default_factory=list)
    place: str | None = None  # where a predicate's bug lies, compared with the fixed release

    def add(self, observation: Observation) -> None:
        """Add one run."""
        self.seen.append(observation)

    @property
    def disagrees(self) -> bool:
        """Whether runs forked from a warm start came to something else than those started cold."""
        warm = {item.signal for item in self.seen if item.facts.warm}
        return bool(warm) and warm != {item.signal for item in self.seen if not item.facts.warm}

    def drop_warm(self) -> int:
        """Forget the runs that were forked from a warm start; how many there were."""
        cold = [item for item in self.seen if not item.facts.warm]
        lost = len(self.seen) - len(cold)
        self.seen = cold
        return lost

    @property
    def n(self) -> int:
        """Runs."""
        return len(self.seen)

    @property
    def k(self) -> int:
        """Runs that fired."""
        return sum(item.signal is Signal.FIRED for item in self.seen)

    @property
    def broken(self) -> int:
        """Runs that said nothing usable."""
        return sum(item.signal is Signal.BROKEN for item in self.seen)

    @property
    def cpu(self) -> float:
        """The largest CPU seconds of a run."""
        return max((item.cpu_seconds for item in self.seen), default=0.0)

    @property
    def cost(self) -> float:
        """The largest cost of a run, in the measure of its oracle: CPU seconds, or MiB."""
        return max((costs[-1].amount for item in self.seen if (costs := costs_of(item.facts))), default=0.0)

    @property
    def unmeasured(self) -> bool:
        """Whether this host could not measure what the oracle asks for."""
        return any(item.signature == UNMEASURED for item in self.seen)

    @property
    def not_started(self) -> str | None:
        """Why the sandbox could not start a run, or None."""
        return next((i.facts.outcome.detail for i in self.seen if i.facts.outcome.ending is Ending.NOT_STARTED), None)

    @property
    def refused(self) -> str | None:
        """What a step reached for that steps may not have, or None."""
        return next((item.facts.report.broken for item in self.seen if item.facts.report.refused), None)

    @property
    def fired_function(self) -> str | None:
        """The function that most of the fired runs were attributed to."""
        named = Counter(item.function for item in self.seen if item.function)
        return min(named, key=lambda name: (-named[name], name)) if named else None

    @property
    def attributed(self) -> str | None:
        """The function to match findings by: the one found by comparing releases, else the one at the effect."""
        return self.place or self.fired_function

    @property
    def doubt(self) -> str | None:
        """Why no fired run could be attributed, or None when one could."""
        fired = [item for item in self.seen if item.signal is Signal.FIRED]
        if not fired or any(item.doubt is None for item in fired):
            return None
        return fired[0].doubt

    @property
    def suspicion(self) -> str | None:
        """What a run showed that must not be, whoever brought the effect about; or None."""
        return next((item.facts.report.doubts[0] for item in self.seen if item.facts.report.doubts), None)

    @property
    def logs(self) -> dict[str, str]:
        """Captured output by digest."""
        return {item.log_digest: item.log for item in self.seen}

    def largest_cost(self) -> float | None:
        """The cost at the largest size that a run went through; the least where several did. None without sizes."""
        ends = [costs[-1] for item in self.seen if (costs := costs_of(item.facts)) and costs[-1].size]
        largest = max((end.size or 0 for end in ends), default=0)
        return min((end.amount for end in ends if end.size == largest), default=None)

    def largest_sizes(self) -> tuple[int, ...]:
        """The sizes that the longest run went through, for the fixed side to go through the same."""
        runs = [tuple(cost.size for cost in costs_of(item.facts) if cost.size) for item in self.seen]
        return max(runs, key=len, default=())

    def row(self) -> MatrixRow:
        """The row as it is stored. The signature is that of what matters most: fired, else broken, else silent."""
        order = [Signal.FIRED, Signal.BROKEN, Signal.SILENT]
        first = min(self.seen, key=lambda item: order.index(item.signal))
        memory = [i.facts.outcome.memory_kib for i in self.seen if i.facts.outcome.memory_kib is not None]
        return MatrixRow(
            variant=self.variant,
            input=self.input,
            version=self.version,
            n=self.n,
            k=self.k,
            broken=self.broken,
            signature=first.signature,
            cpu_ms=round(1000 * statistics.median(item.cpu_seconds for item in self.seen)),
            wall_ms=round(1000 * statistics.median(item.facts.outcome.wall_seconds for item in self.seen)),
            memory_kib=max(memory) if memory else None,
            logs=tuple(item.log_digest for item in self.seen),
        )
