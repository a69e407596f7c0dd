"""What goes wrong between a client and the API, before any room is asked; each has its HTTP status."""

from __future__ import annotations

from typing import ClassVar

from clearinghouse.core.errors import ClearinghouseError, InvalidInput, Refused, UsageError


class RequestError(UsageError):
    """A request that cannot be answered as it is; `status` is the HTTP status, `headers` go with the answer."""

    status: ClassVar[int] = 400
    code = "bad-request"

    def __init__(self, message: str, *, advice: str = "", headers: dict[str, str] | None = None) -> None:
        super().__init__(message, advice=advice)
        self.headers = headers or {}


class BrokenOff(RequestError):
    """The body ended before all of it was there."""

    def __init__(self) -> None:
        super().__init__("the body broke off", advice="send it again under the same Idempotency-Key")


class Unauthenticated(ClearinghouseError):
    """No token, or none that is valid."""

    code = "unauthenticated"
    exit_code = 77


class OutOfScope(Refused):
    """The token is valid, and was not made for this."""

    code = "out-of-scope"


class MethodNotAllowed(RequestError):
    """The address exists, the method does not."""

    status = 405
    code = "method-not-allowed"


class PreconditionFailed(RequestError):
    """The object is no longer what the client read."""

    status = 412
    code = "precondition-failed"


class TooLarge(RequestError):
    """The body is larger than anything that is taken here."""

    status = 413
    code = "too-large"


class UnsupportedMediaType(RequestError):
    """The body is of a type that is not taken here."""

    status = 415
    code = "media-type"


class RateLimited(RequestError):
    """The client asks more often than it may."""

    status = 429
    code = "rate-limited"


class KeyMissing(RequestError):
    """A POST without an Idempotency-Key, or with one that is none."""

    code = "key-missing"


class InvalidFields(InvalidInput):
    """Fields of a request break their rules; `fields` lists each with its place."""

    code = "invalid-fields"

    def __init__(self, fields: tuple[tuple[str, str], ...]) -> None:
        told = "; ".join(f"{place}: {words}" for place, words in fields)
        super().__init__(told, advice="correct these fields; the description of the API has their rules")
        self.fields = fields
