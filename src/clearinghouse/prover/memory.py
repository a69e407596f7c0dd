"""The memory oracle: how much a run held at its peak, above what importing takes, by the kernel's own count.

With sizes each size is a run of its own, for a control group keeps one peak. What a run held is compared as the cpu
oracle compares time: it must grow faster than its input, or be ten times that of the fixed version and the control.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from clearinghouse.core.growth import SMALLEST, Cost, alike, exceeds, exponent, grows
from clearinghouse.core.proof import Signal
from clearinghouse.prover.sandbox.interface import Ending

if TYPE_CHECKING:
    from clearinghouse.core.manifest import OracleSpec
    from clearinghouse.prover.observation import Facts
    from clearinghouse.prover.sandbox.interface import Outcome

UNMEASURED: Final = "this host does not count how much memory a run holds (cgroup memory is missing)"
_STOPPED = {Ending.WALL_LIMIT, Ending.CPU_LIMIT, Ending.MEMORY_LIMIT}


def peak_of(outcome: Outcome, size: int | None, base: float, limit_mib: int) -> Cost | None:
    """MiB above `base` at this size; a run killed at its limit held at least the limit. None where nothing counts."""
    if not outcome.memory_counted or outcome.memory_kib is None:
        return None
    peak = outcome.memory_kib / 1024
    if outcome.ending is Ending.MEMORY_LIMIT:
        peak = max(peak, float(limit_mib))
    return Cost(size, max(0.0, peak - base), finished=outcome.ending not in _STOPPED)


def judge_memory(spec: OracleSpec, facts: Facts, reference: float | None) -> str | tuple[Signal, str] | None:
    """As oracles.judge says; `reference` in MiB."""
    if facts.peaks is None:
        return Signal.BROKEN, UNMEASURED
    if facts.report.broken is not None:
        return None
    last = facts.peaks[-1]
    if not facts.finished and last.finished:
        return None  # it ended in an error of its own
    if last.size is not None:
        return _by_size(spec, facts.peaks, reference)
    return _by_ratio(spec, last, reference)


def _by_size(spec: OracleSpec, costs: tuple[Cost, ...], reference: float | None) -> str | tuple[Signal, str]:
    last = costs[-1]
    if grows(costs, spec.budget_mib, SMALLEST):
        return "memory grows faster than the input"
    if reference is not None and alike(last.amount, reference):
        return f"{last.amount:.0f} MiB at size {last.size}, nearly as much as the vulnerable release"
    if not last.finished:
        return Signal.BROKEN, f"stopped at size {last.size} with {last.amount:.0f} MiB, before any growth was measured"
    measured = exponent(costs, SMALLEST)
    grown = "too little to measure" if measured is None else f"exponent {measured:.2f}"
    return Signal.SILENT, f"{last.amount:.0f} MiB at size {last.size}, {grown}"


def _by_ratio(spec: OracleSpec, last: Cost, reference: float | None) -> str | tuple[Signal, str] | None:
    if reference is None:
        # The reference runs themselves: they must end by themselves, below the budget.
        if not last.finished or last.amount >= spec.budget_mib:
            return f"{spec.budget_mib:g} MiB or more"
        return Signal.SILENT, f"{last.amount:.0f} MiB"
    # Less than the smallest amount is no measure: ten times nothing is nothing.
    if exceeds(last.amount, spec.budget_mib, max(reference, SMALLEST)):
        return f"{spec.budget_mib:g} MiB or more, and ten times what the fixed version or the control holds"
    if not last.finished:
        return None
    return Signal.SILENT, f"{last.amount:.0f} MiB against {reference:.0f} MiB"
