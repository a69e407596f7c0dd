"""Store a bundle, note an attempt, keep a verdict, its attestation, a trial: each once, however often it is asked."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.db import transaction

from clearinghouse.core.proof import ProofResult, Verdict
from clearinghouse.core.storable import storable, storable_json
from clearinghouse.journal import services as journal
from clearinghouse.journal.repeating import repeated
from clearinghouse.proofs import blobs
from clearinghouse.proofs.models import Blob, Proof, RunLog, StatedAlias
from clearinghouse.proofs.models import Trial as TrialRow
from clearinghouse.prover.bundle import Bundle, pack

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from clearinghouse.core.manifest import Manifest
    from clearinghouse.core.ports import Attestation
    from clearinghouse.core.proof import Trial

PROVER = "prover"  # the actor of what no person did


def store(bundle: Bundle, *, at: datetime) -> Proof:
    """The proof row of a bundle, made on first sight. Call inside the transaction of the report that brought it."""
    claim, target = bundle.manifest.claim, bundle.manifest.target
    known = Proof.objects.select_for_update().filter(bundle_id=bundle.id).first()
    if known is not None:
        return known
    fields = {
        "archive": blobs.keep(pack(bundle.files)),
        "stored_at": at,
        "title": storable(claim.title, 500),
        "summary": storable(claim.summary),
        "weakness": list(claim.weakness),
        "aliases": [storable(alias, 100) for alias in claim.aliases],
        "severity": claim.severity or "",
        "package": storable(target.package),
        "vulnerable": target.vulnerable,
        "fixed": target.fixed or "",
        "oracle": str(bundle.manifest.oracle.name),
        "trigger": trigger_digest(bundle),
    }
    # Two may bring it at the same moment: the second waits for the first, and finds the proof.
    proof, new = Proof.objects.select_for_update().get_or_create(bundle_id=bundle.id, defaults=fields)
    if not new:
        return proof
    StatedAlias.objects.bulk_create(StatedAlias(proof=proof, alias=alias) for alias in dict.fromkeys(proof.aliases))
    body = {"bundle": bundle.id, "package": proof.package, "vulnerable": proof.vulnerable, "fixed": proof.fixed}
    journal.append(chain_of(bundle.id), "proof stored", actor=PROVER, at=at, body=body)
    return proof


def trigger_digest(bundle: Bundle) -> str:
    """SHA-256 of everything that decides what the vulnerable side does: input, files, oracle, target; not the claim."""
    manifest: Manifest = bundle.manifest
    target = dataclasses.replace(manifest.target, fixed=None)
    files = {
        path: hashlib.sha256(content).hexdigest() for path, content in bundle.files.items() if path.startswith("files/")
    }
    parts: list[Any] = [target, manifest.runtime, manifest.run, manifest.oracle, files]
    if manifest.build is not None:
        parts.append(manifest.build)
    return hashlib.sha256(json.dumps(parts, default=_plain, sort_keys=True).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return dict(value) if isinstance(value, Mapping) else str(value)


@repeated
def note_attempt(bundle_id: str) -> int:
    """Count one more attempt to prove, committed before it starts: an attempt that kills its worker is counted too."""
    with transaction.atomic():
        proof = Proof.objects.select_for_update().get(bundle_id=bundle_id)
        proof.attempts += 1
        proof.save(update_fields=["attempts"])
    return proof.attempts


def archive_of(bundle_id: str) -> bytes:
    """The stored bundle as one tar."""
    return blobs.read(Proof.objects.values_list("archive_id", flat=True).get(bundle_id=bundle_id))


def is_decided(bundle_id: str) -> bool:
    """Whether a verdict is stored already."""
    return Proof.objects.exclude(verdict="").filter(bundle_id=bundle_id).exists()


@repeated
def keep_verdict(bundle_id: str, result: ProofResult, *, at: datetime) -> bool:
    """Store the verdict unless there is one; False when there was."""
    with transaction.atomic():
        proof = Proof.objects.select_for_update().get(bundle_id=bundle_id)
        if proof.verdict:
            return False
        proof.verdict = result.verdict
        proof.grade = result.grade or ""
        proof.function = storable(result.function or "", 500)
        proof.runs = sum(row.n for row in result.matrix)
        proof.result = storable_json(json.loads(json.dumps(result.as_json())))
        proof.decided_at = at
        proof.save()
        for digest, text in sorted(result.logs.items()):  # in one order, whoever else keeps the same
            _keep_log(proof, digest, blobs.keep(text.encode("utf-8", "replace")))
        body = {
            "verdict": result.verdict,
            "grade": result.grade,
            "function": result.function,
            "reasons": list(result.reasons),
            "result": hashlib.sha256(json.dumps(proof.result, sort_keys=True).encode()).hexdigest(),
            "prover": result.environment.prover,
        }
        journal.append(chain_of(bundle_id), "proof decided", actor=PROVER, at=at, body=body)
    return True


def unattested(bundle_id: str) -> ProofResult | None:
    """The stored verdict, if it can be attested (a bundle was read) and is not yet."""
    row = Proof.objects.filter(bundle_id=bundle_id, attestation=None).exclude(verdict="").first()
    result = ProofResult.from_json(row.result or {}) if row else None
    return result if result is not None and result.id is not None else None


@repeated
def keep_attestation(bundle_id: str, attestation: Attestation, *, at: datetime) -> bool:
    """Store the signed statement of the verdict unless there is one; False when there was."""
    with transaction.atomic():
        proof = Proof.objects.select_for_update().get(bundle_id=bundle_id)
        if proof.attestation_id is not None:
            return False
        proof.attestation = blobs.keep(attestation.content)
        proof.attested_by = attestation.key_id
        proof.save(update_fields=["attestation", "attested_by"])
        body = {"key": attestation.key_id, "attestation": proof.attestation_id}
        journal.append(chain_of(bundle_id), "proof attested", actor=PROVER, at=at, body=body)
    return True


def _keep_log(proof: Proof, digest: str, content: Blob) -> None:
    log, _ = RunLog.objects.get_or_create(digest=digest, defaults={"content": content})
    log.proofs.add(proof)


@repeated
def keep_trial(bundle_id: str, trial: Trial, *, at: datetime) -> bool:
    """Store a trial unless that release was tried; False when it was."""
    with transaction.atomic():
        proof = Proof.objects.get(bundle_id=bundle_id)
        _, new = TrialRow.objects.get_or_create(
            proof=proof,
            version=trial.version,
            defaults={
                "signal": trial.signal,
                "n": trial.n,
                "k": trial.k,
                "reason": storable(trial.reason),
                "function": storable(trial.function or "", 500),
                "tried_at": at,
            },
        )
        if new:
            body = {
                "version": trial.version,
                "signal": trial.signal,
                "n": trial.n,
                "k": trial.k,
                "reason": trial.reason,
            }
            journal.append(chain_of(bundle_id), "proof tried", actor=PROVER, at=at, body=body)
    return new


def forget_unrun(bundle_ids: Iterable[str]) -> int:
    """Drop trials that never ran, for want of the network say, and may now; how many. The journal keeps them."""
    return TrialRow.objects.filter(proof__bundle_id__in=list(bundle_ids), n=0).delete()[0]


def supporting(bundle_id: str) -> bool:
    """Whether the stored verdict supports the claim."""
    verdict = Proof.objects.values_list("verdict", flat=True).get(bundle_id=bundle_id)
    return bool(verdict) and Verdict(verdict).supports_the_claim


def chain_of(bundle_id: str) -> str:
    """The journal chain of a proof."""
    return f"proof/{bundle_id}"
