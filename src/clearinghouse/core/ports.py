"""What the rooms need from the outside world; adapters implement these, `bootstrap` joins the two."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from clearinghouse.core.proof import ProofResult, Trial
    from clearinghouse.core.review.plan import Plan
    from clearinghouse.core.review.records import Record
    from clearinghouse.core.review.report import Report
    from clearinghouse.core.seals import Head


class Clock(Protocol):
    """Tells the time, always with a zone."""

    def __call__(self) -> datetime:
        """The present instant."""
        ...


@dataclass(frozen=True, slots=True)
class Job:
    """A durable piece of work: named steps, run in order, each at least once, each given the job's key.

    A step is idempotent: an interrupted one runs again from its start. Names are stored with queued work, so renaming a
    job or a step strands what is queued under the old name.
    """

    name: str
    steps: Mapping[str, Callable[[str], None]]


class JobQueue(Protocol):
    """Runs jobs durably; the same name and key twice is one job."""

    def enqueue(self, name: str, key: str) -> None:
        """Have job `name` run for `key`, once, soon. Raises UsageError for a job that was never registered."""
        ...


class Prover(Protocol):
    """Runs proofs in a sandbox. `bundle` is the bundle as one archive (.tar, .tar.gz, .tar.zst or .zip), as stored."""

    def prove(self, bundle: bytes) -> ProofResult:
        """Decide the bundle. A bundle that breaks the format gives verdict `invalid`, it does not raise."""
        ...

    def try_on(self, bundle: bytes, version: str) -> Trial:
        """Run the bundle's trigger on another release of its target."""
        ...


@dataclass(frozen=True, slots=True)
class Attestation:
    """A signed statement: the id of the key, and the file as it is handed on (a DSSE envelope)."""

    key_id: str
    content: bytes


class Signer(Protocol):
    """Signs verdicts, seals of the journal, plans and reports of reviews.

    The key is in a process of its own: the one that asks never opens it.
    """

    def key_id(self) -> str:
        """The id of the key, once it was found to be usable. Raises NotFound, Refused or InvalidInput."""
        ...

    def attest(self, result: ProofResult, name: str) -> Attestation:
        """The signed statement of a verdict on the bundle called `name`.

        Raises InvalidInput for a result without a bundle.
        """
        ...

    def seal(self, head: Head) -> Attestation:
        """The signed statement of a seal over the journal."""
        ...

    def plan(self, plan: Plan) -> Attestation:
        """The signed analysis plan of a review; the time in it is that of the signer's own clock."""
        ...

    def record(self, record: Record) -> Attestation:
        """The signed statement of what happened to a review."""
        ...

    def report(self, report: Report, page: str) -> Attestation:
        """The signed report of a review, bound to the page with this SHA-256; the time is the signer's."""
        ...


class Vault(Protocol):
    """Keeps secrets sealed under a key of their own, which is wrapped by the house's key and kept beside them.

    The house's key is in a process of its own. `about` is bound into what is sealed: it opens for nothing else.
    """

    def new_key(self) -> bytes:
        """A new key, wrapped. Raises NotFound, Refused or InvalidInput where the house's key cannot be used."""
        ...

    def seal(self, wrapped: bytes, secret: bytes, about: str) -> bytes:
        """The secret, sealed under that key."""
        ...

    def open(self, wrapped: bytes, sealed: bytes, about: str) -> bytes:
        """The secret. Raises NotVerified for what was not sealed under that key for that purpose."""
        ...


class Runs(Protocol):
    """Reaches processes that were started to evaluate a model."""

    def stop(self, control: Mapping[str, Any]) -> bool:
        """End the process that was recorded so; whether it is certainly no more. A stranger's is left alone."""
        ...
