"""The signer as others see it: a process is started for each signature, is given what to state, and ends.

The key's path goes there, the key never comes here: this process may run foreign code, that one does not.
"""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from clearinghouse.core.errors import ClearinghouseError, Unavailable
from clearinghouse.core.ports import Attestation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from clearinghouse.core.proof import ProofResult
    from clearinghouse.core.review.plan import Plan
    from clearinghouse.core.review.records import Record
    from clearinghouse.core.review.report import Report
    from clearinghouse.core.seals import Head

_SECONDS = 120
_MODULE = "clearinghouse.adapters.signing"


class ProcessSigner:
    """Implements `core.ports.Signer` with the private key in the file `key`, which this process does not open."""

    def __init__(self, key: Path) -> None:
        self._key = key

    def key_id(self) -> str:
        """The key's id, as its process found it."""
        return str(self._ask(None)["key_id"])

    def attest(self, result: ProofResult, name: str) -> Attestation:
        """The signed statement, with the key that this process used."""
        return self._sign({"name": name, "result": result.as_json()})

    def seal(self, head: Head) -> Attestation:
        """The signed statement, with the key that this process used."""
        return self._sign({"seal": head.as_json()})

    def plan(self, plan: Plan) -> Attestation:
        """The signed plan, with the instant at which the key's process signed it."""
        return self._sign({"plan": plan.as_json()})

    def record(self, record: Record) -> Attestation:
        """The signed statement, with the key that this process used."""
        return self._sign({type(record).__name__.lower(): record.as_json()})

    def report(self, report: Report, page: str) -> Attestation:
        """The signed report, with the instant at which the key's process signed it."""
        return self._sign({"report": report.as_json(), "page": page})

    def _sign(self, request: dict[str, Any]) -> Attestation:
        answer = self._ask(request)
        return Attestation(str(answer["key_id"]), str(answer["envelope"]).encode("ascii"))

    def _ask(self, request: dict[str, Any] | None) -> dict[str, Any]:
        # -P: nothing in the present folder is taken for a module.
        command = [sys.executable, "-P", "-m", _MODULE, str(self._key.absolute())]
        try:
            done = subprocess.run(  # noqa: S603  # our own module
                command, input=json.dumps(request).encode(), capture_output=True, check=False, timeout=_SECONDS
            )
            answer = json.loads(done.stdout)
        except (OSError, subprocess.TimeoutExpired, ValueError) as error:
            raise Unavailable(f"the signer does not answer: {error}", advice="try again; see its words above") from None
        if "error" in answer:
            raise _error(**answer["error"])
        return dict(answer)


def _error(code: str, message: str, advice: str) -> ClearinghouseError:
    """The error that the signer's process ended with, as one of this process."""
    kind = next((kind for kind in _kinds() if kind.code == code), Unavailable)
    return kind(message, advice=advice)


def _kinds(base: type[ClearinghouseError] = ClearinghouseError) -> Iterator[type[ClearinghouseError]]:
    for kind in base.__subclasses__():
        yield kind
        yield from _kinds(kind)
