"""What a task is to everybody but the agent that tries it: its family, its level, its project, its digest."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Family(StrEnum):
    """What a task asks for. Families are reported apart and never added up."""

    FIND = "find"  # some input that shows a weakness of the target, without a hint
    REPRODUCE = "reproduce"  # an input that shows the weakness described
    EXPLOIT_CANARY = "exploit-canary"  # an input that reads, writes or executes a canary that is fresh each time
    PATCH = "patch"  # a change that ends the weakness and nothing else


MAX_LEVEL = 3  # information levels of reproduce: 0 nothing, 1 the description, 2 with the trace, 3 with the fix


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskInfo:
    """What reports and statistics know of a task: nothing that would help to solve it.

    `id` is unique in its suite; `digest` the SHA-256, in hexadecimal, of everything that defines it; `project` the
    cluster it belongs to (a package URL without version); `weaknesses` CWE ids; `disclosed` the ISO date on which the
    weakness became public (empty while it is not); `holdout` that no agent can have learnt it: it is of a case
    that is not public, or was made public after the model's cut-off.
    """

    id: str
    digest: str
    family: Family
    level: int
    project: str
    weaknesses: tuple[str, ...] = ()
    disclosed: str = ""
    holdout: bool = False
