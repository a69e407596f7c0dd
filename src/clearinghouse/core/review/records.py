"""What is signed about a review itself: that two people made its report final, and that what it held was destroyed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Final:
    """Lead and second person, by their handles, said yes to the report with that SHA-256; instants are RFC 3339.

    `comment` is the SHA-256 of the developer's comment, empty where it made none.
    """

    review: str
    report: str
    comment: str
    terms: str
    lead: str
    second: str
    at: str

    def as_json(self) -> dict[str, Any]:
        """The record as JSON values."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Destruction:
    """What a review held is gone: its key, credentials, and so many files of so many evaluations.

    `why` is the state that asked for it. `asked` and `done` are RFC 3339; `files` is by evaluation.
    """

    review: str
    why: str
    key_destroyed: bool
    credentials: int
    evaluations: tuple[str, ...]
    files: tuple[int, ...]
    asked: str
    done: str

    def as_json(self) -> dict[str, Any]:
        """The record as JSON values."""
        return asdict(self)


Record = Final | Destruction
