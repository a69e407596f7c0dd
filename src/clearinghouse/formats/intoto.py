"""Verdicts as in-toto Statements v1: what is said of which bundle, in the one spelling that is signed.

The subject's digest is the bundle id: the SHA-256 of what `sha256sum` prints for the bundle's files in the byte order
of their paths. in-toto calls that very computation `dirHash`; it stands there under both names.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any

from clearinghouse.core.errors import InvalidInput
from clearinghouse.core.proof import ProofResult
from clearinghouse.core.typed_json import canonical, members, strict_loads

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
# A name and no address: nothing is to be fetched there. Another shape of the predicate gets another number.
PREDICATE_TYPE = "urn:openclearinghouse:verdict:1"

_ID = re.compile(r"[0-9a-f]{64}")
_MAX_NAME = 255
_NAME = f"a name is 1 to {_MAX_NAME} printable characters"
_STATEMENT = {"_type", "subject", "predicateType", "predicate"}
_PREDICATE = {
    "verdict", "grade", "confirm", "reasons", "function", "matrix", "environment", "environment_digest",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Attested:
    """What a statement says: `name` is what its maker called the bundle, `result` the verdict on the bundle's id."""

    name: str
    result: ProofResult

    @property
    def bundle_id(self) -> str:
        """The id of the bundle that the verdict is about."""
        assert self.result.id is not None, "a statement has a subject"
        return self.result.id


def environment_digest(environment: dict[str, Any]) -> str:
    """SHA-256, in hexadecimal, of an environment's canonical JSON."""
    return hashlib.sha256(canonical(environment)).hexdigest()


def write_statement(attested: Attested) -> bytes:
    """The statement in its one spelling. Raises InvalidInput for a result without a bundle, or a name that is none."""
    document = attested.result.as_json()
    identity = document.pop("id")
    if identity is None or not _ID.fullmatch(identity):
        raise InvalidInput(f"a verdict on {identity!r} has no subject", advice="only what was a bundle can be attested")
    if not _is_name(attested.name):
        raise InvalidInput(f"{attested.name!r} is no name for a bundle", advice=_NAME)
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": attested.name, "digest": {"sha256": identity, "dirHash": identity}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            **document,
            "environment_digest": {"sha256": environment_digest(document["environment"])},
        },
    }
    try:
        return canonical(statement)
    except ValueError as error:
        raise InvalidInput(f"the verdict cannot be written as JSON: {error}") from None


def read_statement(payload: bytes) -> Attested:
    """The statement in a payload. Raises InvalidInput, naming the place, on all but what `write_statement` writes."""
    try:
        return _read(payload)
    except ValueError as error:
        raise InvalidInput(f"not a statement about a verdict: {error}") from None


def _read(payload: bytes) -> Attested:
    statement = strict_loads(payload)
    members(statement, _STATEMENT, "the statement")
    _equal(statement["_type"], STATEMENT_TYPE, "_type")
    _equal(statement["predicateType"], PREDICATE_TYPE, "predicateType")
    subjects, predicate = statement["subject"], statement["predicate"]
    if not isinstance(subjects, list) or len(subjects) != 1:
        raise ValueError("subject: must be a list of one bundle")
    members(subjects[0], {"name", "digest"}, "subject[0]")
    name, digest = subjects[0]["name"], subjects[0]["digest"]
    if not _is_name(name):
        raise ValueError(f"subject[0].name: {_NAME}")
    members(digest, {"sha256", "dirHash"}, "subject[0].digest")
    identity = digest["sha256"]
    if not isinstance(identity, str) or not _ID.fullmatch(identity) or digest["dirHash"] != identity:
        raise ValueError("subject[0].digest: must be a bundle id, the same under both names")
    members(predicate, _PREDICATE, "predicate")
    stated = {key: value for key, value in predicate.items() if key != "environment_digest"}
    result = ProofResult.from_json({"id": identity, **stated})
    _equal(predicate["environment_digest"], {"sha256": environment_digest(stated["environment"])}, "environment_digest")
    if canonical(statement) != payload:
        raise ValueError("not in its canonical spelling")
    return Attested(name, result)


def _is_name(name: object) -> bool:
    return isinstance(name, str) and 0 < len(name) <= _MAX_NAME and name.isprintable()


def _equal(value: object, expected: object, place: str) -> None:
    if value != expected:
        raise ValueError(f"{place}: must be {expected!r}")
