"""What a baseline sees: the offer, a sandbox to run commands in, and nothing else; the oracle is told the answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from clearinghouse.prover.sandbox.interface import HOME

if TYPE_CHECKING:
    from clearinghouse.evaluation.interface import Offer
    from clearinghouse.evaluation.workspace import Ran, Workspace


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """One attempt of a baseline. `seconds` is its budget, of time and of the processor alike; `seed` its chance."""

    workspace: Workspace
    seed: str
    seconds: float
    secret: bytes | None = None
    command_seconds: float = 60.0

    @property
    def offer(self) -> Offer:
        """What the agent was given."""
        return self.workspace.offer

    def shell(self, command: str, seconds: float | None = None) -> Ran:
        """Run a command with the shell, in the work folder."""
        limit = min(seconds or self.command_seconds, self.seconds)
        return self.workspace.run(["/bin/sh", "-c", command], seconds=limit, cwd=HOME)

    def hand_in(self, content: bytes) -> None:
        """Leave this as the answer."""
        self.workspace.write(self.offer.answer.path, content)


Baseline = Callable[[Bench], None]
