"""Searches the smallest fix within a budget: whole files first, then hunks, then the paragraphs of long hunks."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from clearinghouse.core.hunks import Hunk, pieces
from clearinghouse.core.reduction import drive, reduce_set
from clearinghouse.prover.isolate.lab import Outcome, Trying

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    Attempt = Callable[[Sequence[Hunk]], Trying]
    Hear = Callable[["Tried"], None]

_LANES = 2


class Stopped(Exception):
    """The budget is used up, or the caller said stop."""


@dataclass(frozen=True, slots=True)
class Budget:
    """At most so many seconds, and so many runs; None for no bound."""

    seconds: float | None = None
    runs: int | None = None


@dataclass(frozen=True, slots=True)
class Tried:
    """One candidate in the record: `step` is "files", "hunks", "paragraphs" or "check"."""

    step: str
    hunks: frozenset[Hunk]
    trying: Trying


@dataclass(slots=True)
class Search:
    """Looks for a smallest fix by `attempt`, and keeps what was tried, in order, and the best that passed.

    No candidate is tried twice. `stop` may be set from another thread.
    """

    attempt: Attempt
    budget: Budget
    hear: Hear = lambda _: None
    stop: threading.Event = field(default_factory=threading.Event)
    tried: list[Tried] = field(default_factory=list)
    best: tuple[Hunk, ...] | None = None
    everything: tuple[Hunk, ...] = ()
    runs: int = 0
    _known: dict[frozenset[Hunk], Trying] = field(default_factory=dict)
    _began: float = field(default_factory=time.monotonic)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def seconds(self) -> float:
        """Since the search began."""
        return time.monotonic() - self._began

    def whole(self, hunks: Sequence[Hunk]) -> Trying:
        """Try everything at once: what does not pass so cannot be reduced."""
        self.everything = tuple(hunks)
        trying = self._try("files", self.everything)
        if trying.outcome is Outcome.SILENT:
            self.best = self.everything
        return trying

    def reduce(self) -> tuple[Hunk, ...]:
        """The smallest fix found in the best set so far. Raises Stopped; `best` holds what was reached."""
        assert self.best is not None
        files: dict[str, list[Hunk]] = {}
        for hunk in self.best:
            files.setdefault(hunk.path, []).append(hunk)
        self._reduce("files", [tuple(group) for group in files.values()])
        self._reduce("hunks", [(hunk,) for hunk in self.best])
        cut = [(piece,) for hunk in self.best for piece in pieces(hunk)]
        if len(cut) > len(self.best):
            self._reduce("paragraphs", cut)
        return self.best

    def refute(self, hunks: Sequence[Hunk]) -> None:
        """Note that a set which passed here failed elsewhere: it counts as failed, and the one before is the best."""
        key = frozenset(hunks)
        self._known[key] = replace(self._known[key], outcome=Outcome.ERROR, reason="did not stand up to verification")
        passed = [item.hunks for item in self.tried if self._known[item.hunks].outcome is Outcome.SILENT]
        larger = [known for known in passed if len(known) > len(key)]
        least = min(larger, key=len, default=frozenset(self.everything))
        self.best = tuple(sorted(least, key=lambda hunk: (hunk.path, hunk.start, hunk.start_new)))

    def _reduce(self, step: str, groups: Sequence[tuple[Hunk, ...]]) -> None:
        def first_passing(batch: tuple[tuple[tuple[Hunk, ...], ...], ...]) -> int | None:
            candidates = [tuple(hunk for group in candidate for hunk in group) for candidate in batch]
            hit = self._first(step, candidates)
            if hit is not None:
                self.best = candidates[hit]
            return hit

        drive(reduce_set(groups), first_passing)

    def _first(self, step: str, candidates: Sequence[tuple[Hunk, ...]]) -> int | None:
        """The index of the first that passes. A few are tried at once; the answer does not depend on how many."""
        with ThreadPoolExecutor(_LANES) as lanes:
            under_way: dict[int, Future[Trying]] = {}
            try:
                for index in range(len(candidates)):
                    for ahead in range(index, min(index + _LANES, len(candidates))):
                        if ahead not in under_way:
                            under_way[ahead] = lanes.submit(self._try, step, candidates[ahead])
                    if under_way[index].result().outcome is Outcome.SILENT:
                        return index
            finally:
                for future in under_way.values():
                    future.cancel()
        return None

    def _try(self, step: str, hunks: tuple[Hunk, ...]) -> Trying:
        key = frozenset(hunks)
        with self._lock:
            known = self._known.get(key)
            if known is not None:
                return known
            self._check()
        trying = self.attempt(hunks)
        with self._lock:
            self._known[key] = trying
            self.runs += trying.runs
            entry = Tried(step, key, trying)
            self.tried.append(entry)
        self.hear(entry)
        return trying

    def _check(self) -> None:
        late = self.budget.seconds is not None and self.seconds >= self.budget.seconds
        many = self.budget.runs is not None and self.runs >= self.budget.runs
        if late or many or self.stop.is_set():
            raise Stopped
