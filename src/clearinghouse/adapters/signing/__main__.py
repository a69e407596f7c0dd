"""The signer's process, `python -m clearinghouse.adapters.signing KEY`: reads what to state, signs it or refuses, ends.

Standard input holds a verdict, `{"name": …, "result": …}`, as `ProofResult.as_json` has it, or a seal of the journal,
`{"seal": …}`, as `Head.as_json` has it, or a record of a review, `{"final": …}` or `{"destruction": …}`, or the plan or
the report of one, `{"plan": …}` or `{"report": …, "page": …}`, which get this process's time, or `null` to ask for the
key's id alone. Standard output gets `{"key_id": …, "envelope": …}`, `{"key_id": …}` alone, or
`{"error": {code, message, advice}}`. It starts no program, runs no foreign code and opens no connection.
"""

from __future__ import annotations

import json
import resource
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from clearinghouse.adapters.signing import alone, envelope, keys  # noqa: F401  # `alone` first
from clearinghouse.core.errors import ClearinghouseError, InvalidInput
from clearinghouse.core.proof import ProofResult
from clearinghouse.core.review.plan import Plan, SignedPlan
from clearinghouse.core.review.records import Destruction, Final, Record
from clearinghouse.core.seals import Head
from clearinghouse.core.typed_json import members, read, strict_loads
from clearinghouse.formats.intoto import Attested
from clearinghouse.formats.intoto_review import SignedReport

if TYPE_CHECKING:
    from clearinghouse.adapters.signing.envelope import Stated

_ARGUMENTS = 2
_RECORDS: dict[str, type[Final | Destruction]] = {"final": Final, "destruction": Destruction}


def answer(key: Path, request: bytes) -> dict[str, Any]:
    """What a request is answered with. Raises what `keys.load_private` raises, and InvalidInput for a bad request."""
    signer = keys.load_private(key)
    try:
        document = strict_loads(request)
        if document is None:
            return {"key_id": signer.public_key.keyid}
        statement = _statement(document)
    except ValueError as error:
        raise InvalidInput(f"not a verdict, a seal, a plan or a report: {error}") from None
    return {"key_id": signer.public_key.keyid, "envelope": envelope.sign(statement, signer).decode("ascii")}


def _statement(document: Any) -> Stated:
    if isinstance(document, dict) and "plan" in document:
        return SignedPlan(read(Plan, members(document, {"plan"}, "the request")["plan"], "plan"), _now())
    if isinstance(document, dict) and "seal" in document:
        return read(Head, members(document, {"seal"}, "the request")["seal"], "seal")
    for name, kind in _RECORDS.items():
        if isinstance(document, dict) and name in document:
            record: Record = read(kind, members(document, {name}, "the request")[name], name)
            return record
    if isinstance(document, dict) and "report" in document:
        return read(SignedReport, members(document, {"report", "page"}, "the request") | {"signed_at": _now()})
    members(document, {"name", "result"}, "the request")
    return Attested(document["name"], ProofResult.from_json(document["result"]))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def main() -> int:
    """Answer one request; the exit code is that of the error."""
    if len(sys.argv) != _ARGUMENTS:
        return 2
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a crash must not write the key to disk
    try:
        print(json.dumps(answer(Path(sys.argv[1]), sys.stdin.buffer.read())))  # noqa: T201  # the answer
    except ClearinghouseError as error:
        print(json.dumps({"error": {"code": error.code, "message": error.message, "advice": error.advice}}))  # noqa: T201
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
