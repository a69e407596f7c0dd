"""A job queue in memory: runs jobs when asked to, in order; promises what the durable one does, but durability."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from clearinghouse.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from clearinghouse.core.ports import Job

MAX_ROUNDS = 12  # a job that failed this often is left alone; above the attempts that jobs themselves allow


class MemoryQueue:
    """Keeps jobs until `run_all`. The same name and key twice is one job, unless it failed meanwhile."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._jobs = {job.name: job for job in jobs}
        self._waiting: deque[tuple[str, str]] = deque()
        self._rounds: dict[tuple[str, str], int] = {}
        self._busy: set[tuple[str, str]] = set()  # waiting, running or done
        self.failures: list[tuple[str, str, Exception]] = []

    def enqueue(self, name: str, key: str) -> None:
        """Have the job run in the next `run_all`. Raises UsageError for a job that was never registered."""
        if name not in self._jobs:
            raise UsageError(f"no job is called {name!r}", advice=f"there are: {', '.join(sorted(self._jobs))}")
        if (name, key) in self._busy or self._rounds.get((name, key), 0) >= MAX_ROUNDS:
            return
        self._busy.add((name, key))
        self._waiting.append((name, key))

    def run_all(self) -> int:
        """Run what waits, and what that enqueues, to the end; how many ended well. Failures are kept in `failures`."""
        done = 0
        while self._waiting:
            name, key = self._waiting.popleft()
            self._rounds[name, key] = self._rounds.get((name, key), 0) + 1
            try:
                for step in self._jobs[name].steps.values():
                    step(key)
            except Exception as error:  # noqa: BLE001  # a job may fail in any way; the queue must not
                self.failures.append((name, key, error))
                self._busy.discard((name, key))
            else:
                done += 1
        return done
