"""A queue for short-lived commands: leaves the work in the tables, where the worker's reconciler finds it.

Opening the job engine costs seconds of CPU, the reconciler looks every other second, so a command gains nothing by
enqueueing.
"""

from __future__ import annotations


class LaterQueue:
    """Accepts every job and does nothing: what must be done can be read from the tables."""

    def enqueue(self, name: str, key: str) -> None:
        """Leave it to the worker."""
