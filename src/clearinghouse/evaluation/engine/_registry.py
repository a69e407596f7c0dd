"""What the evaluation engine finds of ours by entry point: the sandbox of proofs, the baselines, the keys' way in."""

from __future__ import annotations

from inspect_ai.agent import as_solver, react
from inspect_ai.hooks import hooks
from inspect_ai.model import ModelAPI, modelapi
from inspect_ai.solver import Solver, solver
from inspect_ai.tool import bash
from inspect_ai.util import sandboxenv

from clearinghouse.evaluation.engine.adapter import BaselineSolver, Listener, ProofSandbox, StillModel


@sandboxenv(name="clearinghouse")
def clearinghouse() -> type[ProofSandbox]:
    """The sandbox of proofs, for agents."""
    return ProofSandbox


@modelapi(name="clearinghouse")
def still() -> type[ModelAPI]:
    """The model of attempts that need none."""
    return StillModel


@solver
def baseline(name: str) -> Solver:
    """An agent of ours that needs no model, by its name without `baseline/`."""
    return BaselineSolver(name)


@solver
def model_agent(command_seconds: int = 120) -> Solver:
    """A model with a shell in the sandbox, until it submits or a budget ends."""
    return as_solver(react(tools=[bash(timeout=command_seconds)]))


@hooks(name="clearinghouse", description="hands over what agents hand in, and keys where they are wanted")
def listener() -> type[Listener]:
    """One listener for everything."""
    return Listener
