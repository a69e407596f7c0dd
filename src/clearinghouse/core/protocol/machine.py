"""What a state machine of the protocol is: a table of (state, step, next state); what is not in it is refused."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Generic, TypeVar

from clearinghouse.core.errors import Conflict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

State = TypeVar("State", bound=StrEnum)
Step = TypeVar("Step", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Machine(Generic[State, Step]):
    """One machine. `subject` is what it is about ("the embargo"), `table` gives the next state by state and step."""

    subject: str
    start: State
    table: Mapping[tuple[State, Step], State]

    def after(self, state: State, *steps: Step) -> State:
        """The state after these steps; raises Conflict at the first that the table does not allow."""
        for step in steps:
            if (state, step) not in self.table:
                raise Conflict(f'{self.subject} is "{state}": "{step}" is not possible now', advice=self._advice(state))
            state = self.table[state, step]
        return state

    def allows(self, state: State, step: Step) -> bool:
        """Whether the table has this step in this state."""
        return (state, step) in self.table

    def steps(self, state: State) -> tuple[Step, ...]:
        """What is possible in `state`, in the table's order; nothing where it ends."""
        return tuple(step for origin, step in self.table if origin is state)

    def states(self) -> frozenset[State]:
        """Every state that the table can reach, its start included."""
        return frozenset({self.start, *self.table.values()})

    def _advice(self, state: State) -> str:
        possible = self.steps(state)
        return f"possible now: {', '.join(possible)}" if possible else "nothing follows this state"


def machine(subject: str, start: State, rows: Iterable[tuple[State, Step, State]]) -> Machine[State, Step]:
    """A machine from its rows (from, step, to); raises ValueError when two rows disagree or say the same."""
    table: dict[tuple[State, Step], State] = {}
    for state, step, following in rows:
        if (state, step) in table:
            raise ValueError(f"{subject}: two rows for {step} in {state}")
        table[state, step] = following
    return Machine(subject, start, MappingProxyType(table))
