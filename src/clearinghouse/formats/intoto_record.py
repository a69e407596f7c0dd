"""Records of a review (final, destruction) as in-toto Statements v1: what the signer signs of a review itself."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

from clearinghouse.core.errors import InvalidInput
from clearinghouse.core.review.records import Destruction, Final, Record
from clearinghouse.core.typed_json import canonical, members, read, strict_loads
from clearinghouse.formats.intoto import STATEMENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Mapping

# Names and no addresses: nothing is to be fetched there. Another shape of the predicate gets another number.
FINAL_TYPE = "urn:openclearinghouse:review-final:1"
DESTRUCTION_TYPE = "urn:openclearinghouse:review-destruction:1"
_NAMES = ("_type", "subject", "predicateType", "predicate")


def write_record(record: Record) -> bytes:
    """The statement in its one spelling. Its subject is the report, or the review by the digest of its key."""
    return canonical(_statement(record))


def read_record(payload: bytes) -> Record:
    """The record in a payload. Raises InvalidInput, naming the place, on all but what `write_record` writes."""
    try:
        return _read(payload)
    except ValueError as error:
        raise InvalidInput(f"not a record of a review: {error}") from None


def _read(payload: bytes) -> Record:
    statement = members(strict_loads(payload), set(_NAMES), "the statement")
    kinds: dict[Any, type[Final | Destruction]] = {FINAL_TYPE: Final, DESTRUCTION_TYPE: Destruction}
    kind = kinds.get(statement["predicateType"])
    if kind is None:
        raise ValueError(f"predicateType: must be one of {', '.join(map(repr, kinds))}")
    record: Record = read(kind, statement["predicate"], "predicate")
    if write_record(record) != payload:
        raise ValueError("not as this program writes it")
    return record


def _statement(record: Record) -> Mapping[str, Any]:
    if isinstance(record, Final):
        name, digest, kind = f"review-{record.review}-report", record.report, FINAL_TYPE
    else:
        name, digest, kind = f"review-{record.review}", sha256(record.review.encode()).hexdigest(), DESTRUCTION_TYPE
    predicate = {key: list(value) if isinstance(value, tuple) else value for key, value in record.as_json().items()}
    return dict(
        zip(_NAMES, (STATEMENT_TYPE, [{"name": name, "digest": {"sha256": digest}}], kind, predicate), strict=True)
    )
