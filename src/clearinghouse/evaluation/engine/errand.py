"""What the server's worker tells the process of one run, by a pipe, and how that process ends."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from clearinghouse.core.review.plan import Plan
from clearinghouse.evaluation.engine.orders import Credentials, Prices

FINISHED: Final = 0
BROKE_OFF: Final = 70
PAUSED: Final = 75  # the attempts under way were made and judged, none was begun
PAUSE: Final = b"pause\n"
GO_ON: Final = b"go on\n"
LEAVE_OUT: Final = b"leave out "  # and the names of all tasks of which no further attempt is begun, one space between


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """One run on a server. `folder` and `suite` are paths, `state` the sandbox's folder, `ends` a Unix time.

    `data_key` seals what is kept; `credentials` open the endpoint. Both come by a pipe and stay in memory.
    """

    suite: str
    folder: str
    state: str
    plan: Plan
    data_key: bytes
    ends: float
    credentials: Credentials
    prices: Prices | None = None
    width: int = 2
    left_out: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Errand({self.folder})"

    def as_line(self) -> bytes:
        """One line of JSON."""
        value: dict[str, Any] = {one.name: getattr(self, one.name) for one in fields(self)}
        value |= {
            "plan": self.plan.as_json(),
            "data_key": b64encode(self.data_key).decode("ascii"),
            "credentials": list(self.credentials),
            "prices": self.prices and asdict(self.prices),
        }
        return json.dumps(value).encode() + b"\n"

    @staticmethod
    def from_line(line: bytes) -> Errand:
        """What `as_line` wrote. Raises ValueError, KeyError or TypeError for anything else."""
        value: dict[str, Any] = json.loads(line)
        value |= {
            "plan": Plan.from_json(value["plan"]),
            "data_key": b64decode(value["data_key"]),
            "left_out": tuple(value["left_out"]),
            "credentials": Credentials(*value["credentials"]),
            "prices": Prices(**value["prices"]) if value["prices"] else None,
        }
        return Errand(**value)
