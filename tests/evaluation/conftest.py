"""The prover's own fixtures, shared."""

from __future__ import annotations

from tests.prover.conftest import prover_sandbox, prover_state, runtime

__all__ = ["prover_sandbox", "prover_state", "runtime"]
