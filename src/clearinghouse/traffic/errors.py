"""What the room refuses."""

from __future__ import annotations

from clearinghouse.core.errors import Conflict, UsageError


class KeyReused(UsageError):
    """An idempotency key came back with another request than the one it was first used for."""

    code = "key-reused"


class InProgress(Conflict):
    """The same request is being carried out at this moment; `retry_after` seconds say when to ask again."""

    code = "in-progress"

    def __init__(self, message: str, *, advice: str = "", retry_after: int = 1) -> None:
        super().__init__(message, advice=advice)
        self.retry_after = retry_after
