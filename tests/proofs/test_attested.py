"""A house with a key signs each verdict as it is reached, once; one without a key works as ever."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from clearinghouse.adapters.jobs.memory import MemoryQueue
from clearinghouse.adapters.signing import envelope, keys
from clearinghouse.adapters.signing.process import ProcessSigner
from clearinghouse.bootstrap import wiring
from clearinghouse.bootstrap.settings import Settings
from clearinghouse.core.errors import NotFound, Refused
from clearinghouse.core.proof import Verdict
from clearinghouse.core.visibility import LOCAL, PUBLIC
from clearinghouse.intake import queries as reports
from clearinghouse.journal import queries as journal
from clearinghouse.proofs import queries, services
from tests.intake.factories import House, house
from tests.proofs.factories import Sketch
from tests.proofs.simulator import Bug
from tests.web.factories import local, stranger, text

if TYPE_CHECKING:
    from pathlib import Path

    from clearinghouse.core.ports import Signer

pytestmark = pytest.mark.django_db


def signing(key: Path | None) -> House:
    """A house whose worker signs with the key, or with none."""
    clearing = house(alpha=Bug("gizmo.core:load"))
    signer: Signer | None = ProcessSigner(key) if key else None
    clearing.queue = MemoryQueue(wiring.jobs(clearing.prover, clearing.clock, signer))
    return clearing


def the_proof() -> queries.ProofView:
    (row,) = reports.reports(actor=LOCAL)
    detail = reports.report(row.id, actor=LOCAL)
    assert detail is not None
    assert detail.proof is not None
    return detail.proof


def test_each_verdict_is_signed_and_the_file_says_what_is_stored(tmp_path: Path) -> None:
    made = keys.make(tmp_path / "k")
    clearing = signing(tmp_path / "k")
    clearing.send(Sketch("alpha"))
    clearing.work()
    proof = the_proof()
    assert proof.attested_by == made.keyid
    content = queries.attestation(proof.bundle_id, actor=LOCAL)
    assert content is not None
    attested = envelope.verify(content, made)
    assert (attested.bundle_id, attested.result) == (proof.bundle_id, proof.result)
    assert queries.attestation(proof.bundle_id, actor=PUBLIC) is None
    kinds = [entry.kind for entry in journal.entries(services.chain_of(proof.bundle_id))]
    assert kinds.index("proof attested") == kinds.index("proof decided") + 1


def test_a_step_that_is_repeated_signs_nothing_twice(tmp_path: Path) -> None:
    keys.make(tmp_path / "k")
    clearing = signing(tmp_path / "k")
    clearing.send(Sketch("alpha"))
    clearing.work()
    bundle = the_proof().bundle_id
    before = queries.attestation(bundle, actor=LOCAL)
    assert services.unattested(bundle) is None
    other = ProcessSigner(tmp_path / "other")  # would raise: there is no such key
    assert clearing.queue.run_all() == 0
    wiring.jobs(clearing.prover, clearing.clock, other)[0].steps["run"](bundle)
    assert queries.attestation(bundle, actor=LOCAL) == before


def test_a_verdict_is_kept_when_the_key_is_gone_and_signed_once_it_is_back(tmp_path: Path) -> None:
    clearing = signing(tmp_path / "k")
    clearing.send(Sketch("alpha"))
    with pytest.raises(NotFound, match="there is no key"):
        clearing.work()
    proof = the_proof()
    assert (proof.verdict, proof.attested_by) == (Verdict.PROVEN, None)
    keys.make(tmp_path / "k")
    clearing.queue.failures.clear()
    clearing.work()
    assert the_proof().attested_by is not None


def test_a_house_without_a_key_signs_nothing() -> None:
    clearing = signing(None)
    clearing.send(Sketch("alpha"))
    clearing.work()
    proof = the_proof()
    assert (proof.verdict, proof.attested_by) == (Verdict.PROVEN, None)
    text(local(), f"/attestations/{proof.bundle_id}.intoto.json", 404)


def test_the_coordinator_downloads_it_from_the_report_and_nobody_else(tmp_path: Path) -> None:
    made = keys.make(tmp_path / "k")
    clearing = signing(tmp_path / "k")
    report = clearing.send(Sketch("alpha")).id
    clearing.work()
    (link,) = re.findall(r'href="(/attestations/[^"]+)"', text(local(), f"/reports/{report}"))
    answer = local().get(link)
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{link.split("/")[-1]}"'
    assert envelope.verify(answer.content, made).result.verdict is Verdict.PROVEN
    text(stranger(), link, 404)


def test_the_worker_takes_the_key_that_is_set_or_was_made_and_tells_what_is_wrong_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def settings(**given: Path) -> None:
        monkeypatch.setattr(wiring, "settings", lambda: Settings(home=tmp_path, **given))  # type: ignore[arg-type]

    settings()
    assert wiring.signer() is None
    made = keys.make(tmp_path / "keys" / "signing.key")
    found = wiring.signer()
    assert found is not None
    assert found.key_id() == made.keyid
    settings(signing_key=tmp_path / "nowhere")
    with pytest.raises(NotFound):
        wiring.signer()
    (tmp_path / "keys" / "signing.key").chmod(0o644)
    settings()
    with pytest.raises(Refused):
        wiring.signer()
