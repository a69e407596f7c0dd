"""Seals of the journal as in-toto Statements v1: the second kind of statement that the signer knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from clearinghouse.core.errors import InvalidInput
from clearinghouse.core.seals import Head
from clearinghouse.core.typed_json import canonical, members, read, strict_loads
from clearinghouse.formats.intoto import STATEMENT_TYPE

if TYPE_CHECKING:
    from collections.abc import Mapping

# A name and no address: nothing is to be fetched there. Another shape of the predicate gets another number.
PREDICATE_TYPE = "urn:openclearinghouse:journal-seal:1"


def write_seal(head: Head) -> bytes:
    """The statement in its one spelling: the subject is the seal by its hash, the predicate all that it says."""
    return canonical(_statement(head))


def read_seal(payload: bytes) -> Head:
    """The seal in a payload. Raises InvalidInput, naming the place, on all but what `write_seal` writes."""
    try:
        return _read(payload)
    except ValueError as error:
        raise InvalidInput(f"not a statement about a seal: {error}") from None


def _read(payload: bytes) -> Head:
    statement = members(strict_loads(payload), set(_NAMES), "the statement")
    if statement["predicateType"] != PREDICATE_TYPE:
        raise ValueError(f"predicateType: must be {PREDICATE_TYPE!r}")
    head = read(Head, statement["predicate"], "predicate")
    if write_seal(head) != payload:
        raise ValueError("not as this program writes it")
    return head


_NAMES = ("_type", "subject", "predicateType", "predicate")


def _statement(head: Head) -> Mapping[str, Any]:
    subject = [{"name": f"journal-seal-{head.number}", "digest": {"sha256": head.hash}}]
    return dict(zip(_NAMES, (STATEMENT_TYPE, subject, PREDICATE_TYPE, head.as_json()), strict=True))
