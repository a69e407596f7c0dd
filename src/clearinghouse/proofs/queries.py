"""Read proofs, verdicts, trials and logs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import F, Q

from clearinghouse.core.matching import ProofFacts
from clearinghouse.core.priority import ProvenFact
from clearinghouse.core.proof import Grade, Input, MatrixRow, ProofResult, Signal, Trial, Variant, Verdict
from clearinghouse.core.visibility import Action, can
from clearinghouse.proofs import blobs, models
from clearinghouse.registry.access import where

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from django.db.models import QuerySet

    from clearinghouse.core.visibility import Actor


@dataclass(frozen=True, slots=True)
class ProofView:
    """A proof as pages show it. What the manifest says is a claim; `result` is what running it gave, or None."""

    bundle_id: str
    stored_at: datetime
    title: str
    summary: str
    weakness: tuple[str, ...]
    aliases: tuple[str, ...]
    severity: str
    package: str
    vulnerable: str
    fixed: str | None
    oracle: str
    verdict: Verdict | None
    grade: Grade | None
    function: str | None
    runs: int
    decided_at: datetime | None
    result: ProofResult | None
    trials: tuple[Trial, ...]
    attested_by: str | None = None  # the id of the key that signed the verdict

    @property
    def short_id(self) -> str:
        """The first 12 digits, enough for people."""
        return self.bundle_id[:12]

    @property
    def matrix(self) -> tuple[MatrixRow, ...]:
        """Every row that was run; empty until decided."""
        return self.result.matrix if self.result else ()

    @property
    def confirm(self) -> tuple[str, ...]:
        """What a person must confirm before anything leaves the house."""
        return self.result.confirm if self.result else ()


def visible_to(actor: Actor) -> QuerySet[models.Proof]:
    """The proofs whose bundle, logs and signed verdict the actor may read: its own, and those its cases open to it."""
    origin = "membership__brought_to"
    found = where(
        actor,
        Action.READ_PROOF,
        case="membership__case__",
        origin=origin,
        own="reports__finder",
        published=Q(membership__published_in=F("membership__case")),
    )
    return models.Proof.objects.filter(pk__in=models.Proof.objects.filter(found).values("pk"))


def proof(bundle_id: str, *, actor: Actor) -> ProofView | None:
    """One proof by its full id, or None when there is none or none to see."""
    row = visible_to(actor).filter(bundle_id=bundle_id).first()
    return view(row, trials=can(actor, Action.READ_JOURNAL)) if row else None


def attestation(bundle_id: str, *, actor: Actor) -> bytes | None:
    """The signed statement of a verdict as it is handed on, or None when there is none to see."""
    row = visible_to(actor).filter(bundle_id=bundle_id).exclude(attestation=None).first()
    return blobs.read(str(row.attestation_id)) if row else None


def log_text(digest: str, *, actor: Actor) -> str | None:
    """The captured output of one run (head and tail), or None when there is none to see."""
    row = models.RunLog.objects.filter(digest=digest, proofs__in=visible_to(actor)).first()
    return blobs.read(row.content_id).decode("utf-8", "replace") if row else None


def log_digests(bundle_ids: Iterable[str]) -> frozenset[str]:
    """Which logs are kept for these proofs."""
    rows = models.RunLog.objects.filter(proofs__bundle_id__in=list(bundle_ids))
    return frozenset(rows.values_list("digest", flat=True))


def unsettled() -> tuple[str, ...]:
    """Bundle ids of proofs that still need work: not decided, not matched, or their reports not answered."""
    rows = models.Proof.objects.filter(settled_at=None).order_by("id")
    return tuple(rows.values_list("bundle_id", flat=True))


def view(row: models.Proof, *, trials: bool = True, until: datetime | None = None) -> ProofView:
    """A row as a value; without its `trials` for who sees this proof only: their releases are other proofs' claims.

    Those tried after `until`, where one is given, are left out for the same reason.
    """
    return ProofView(
        bundle_id=row.bundle_id,
        stored_at=row.stored_at,
        title=row.title,
        summary=row.summary,
        weakness=tuple(row.weakness),
        aliases=tuple(row.aliases),
        severity=row.severity,
        package=row.package,
        vulnerable=row.vulnerable,
        fixed=row.fixed or None,
        oracle=row.oracle,
        verdict=Verdict(row.verdict) if row.verdict else None,
        grade=Grade(row.grade) if row.grade else None,
        function=row.function or None,
        runs=row.runs,
        decided_at=row.decided_at,
        result=ProofResult.from_json(row.result) if row.result else None,
        trials=tuple(
            Trial(t.version, Signal(t.signal), t.n, t.k, t.reason, t.function or None)
            for t in row.trials.order_by("version")
            if trials and (until is None or t.tried_at <= until)
        ),
        attested_by=row.attested_by or None,
    )


def proven_fact(row: models.Proof) -> ProvenFact:
    """What the priority may know of a proof."""
    return ProvenFact(row.bundle_id, Grade(row.grade) if row.grade else None, row.oracle)


def matching_facts(row: models.Proof) -> ProofFacts:
    """What matching may know of a proof: its own matrix and its trials."""
    ran: dict[str, Signal] = {}
    result = ProofResult.from_json(row.result or {})
    for line in result.matrix:
        if line.input is Input.TRIGGER and line.variant in {Variant.VULNERABLE, Variant.FIXED, Variant.OTHER}:
            ran[line.version] = _signal(line)
    places: dict[str, str] = {}
    for trial in row.trials.all():
        ran.setdefault(trial.version, Signal(trial.signal))
        if trial.function:
            places[trial.version] = trial.function
    return ProofFacts(
        id=row.bundle_id,
        package=row.package,
        vulnerable=row.vulnerable,
        fixed=row.fixed or None,
        function=row.function or None,
        oracle=row.oracle,
        trigger=row.trigger,
        aliases=tuple(row.aliases),
        ran=ran,
        places=places,
    )


def _signal(line: MatrixRow) -> Signal:
    if line.k:
        return Signal.FIRED
    return Signal.BROKEN if line.broken or not line.n else Signal.SILENT
