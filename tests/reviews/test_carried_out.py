"""A worker carries an evaluation out: sealed, paused, gone on with, ended; and the credential is nowhere."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from clearinghouse.adapters.clock import now
from clearinghouse.adapters.runs import LocalRuns
from clearinghouse.adapters.signing import envelope, keys
from clearinghouse.adapters.signing.process import ProcessSigner
from clearinghouse.bootstrap import wiring
from clearinghouse.bootstrap.evaluations import Evaluations
from clearinghouse.bootstrap.settings import Settings
from clearinghouse.core.errors import NotFound, Refused
from clearinghouse.core.review.records import Destruction
from clearinghouse.core.review.samples import Outcome
from clearinghouse.evaluation.sealed import Sealed
from clearinghouse.evaluation.store import Folder
from clearinghouse.intake.models import Report
from clearinghouse.journal import queries as journal
from clearinghouse.reviews import queries, services
from clearinghouse.reviews.models import Evaluation
from clearinghouse.reviews.services.ordering import work_folder
from tests.evaluation.endpoint import Endpoint
from tests.reviews import carried
from tests.reviews.factories import table
from tests.reviews.test_ending import everything_stored

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.reviews.factories import Table

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.sandbox, pytest.mark.timeout(200)]


@pytest.fixture
def settings() -> Iterator[Settings]:
    home = Path(tempfile.mkdtemp(prefix="house-"))  # short: a socket lies below it
    found = Settings(home=home)
    keys.make(found.key_file)
    yield found
    shutil.rmtree(home)


def test_a_run_is_paused_gone_on_with_sealed_and_destroyed_and_its_credential_is_nowhere(
    settings: Settings, socket_enabled: None
) -> None:
    made = table()
    made.at = now()
    gate = threading.Event()
    asked = threading.Event()

    def script(messages: list[dict[str, Any]]) -> Any:
        asked.set()
        gate.wait(60)
        return carried.answers(messages)

    with Endpoint(script) as endpoint:
        signer = ProcessSigner(settings.key_file)
        key = carried.started(made, signer, settings.root / "suite", url=endpoint.url)
        host = endpoint.url.split("/")[2]
        evaluations = Evaluations(settings, made.vault, LocalRuns(), now, carried.COMMAND, hand_in=str)

        def row() -> Evaluation:
            return Evaluation.objects.get(key=key)

        carried.look_until(evaluations, asked.is_set)
        pid = (row().control or {})["pid"]
        for name in ("cmdline", "environ"):
            held = Path(f"/proc/{pid}/{name}").read_bytes()
            assert carried.KEY.encode() not in held
            assert host.encode() not in held
        services.pause(made.key, actor=made.people["ada"], at=now())
        carried.look_until(evaluations, lambda: row().progress["doing"] == carried.FINISHING)
        gate.set()
        carried.look_until(evaluations, lambda: not evaluations.look())
        assert 0 < row().progress["done"] < 4, "those under way were made and judged, no other was begun"
        assert row().state == "paused"
        services.resume(made.key, actor=made.people["ada"], at=now())
        carried.look_until(evaluations, lambda: row().state == "finished")
        _check_finished(made, settings, key, host)
        _withdrawn_while_it_runs(made, settings, evaluations, signer, asked)


def _check_finished(made: Table, settings: Settings, key: str, host: str) -> None:
    row = Evaluation.objects.get(key=key)
    assert (row.progress["done"], row.progress["total"], row.progress["outcomes"]) == (4, 4, {"pass": 4})
    assert (row.take, made.kinds().count("credential released")) == (2, 2)
    folder = opened(made, settings, key)
    samples = folder.samples()
    assert len(samples) == 4
    assert {one.outcome for one in samples} == {Outcome.PASS}
    assert carried.SAID.encode() in folder.content("logs", str(samples[0].log), ".json")
    with pytest.raises(Refused, match="is sealed"):
        Folder.open(folder.path)
    assert not work_folder(settings.evaluations, key).exists()
    for word in (carried.KEY, host):
        assert word not in everything_stored()
    words = (carried.KEY, host, carried.SAID, carried.MODEL, "xyzzy")
    stored = [path for path in settings.root.rglob("*") if path.is_file()]
    assert len(stored) > 12
    for path in stored:
        content = path.read_bytes()
        assert not [word for word in words if word.encode() in content], path
    seen = queries.review(made.key, actor=made.people["dev"])
    assert seen is not None
    assert [(one.done, one.total, one.doing, one.outcomes) for one in seen.evaluations] == [(4, 4, "", {})]


def opened(made: Table, settings: Settings, key: str) -> Folder:
    review, data_key, _ = services.files_key(key, vault=made.vault, actor=made.people["ada"], at=now())
    assert review == made.key
    return Folder.open(settings.evaluations / key, Sealed(data_key))


def _withdrawn_while_it_runs(
    made: Table, settings: Settings, evaluations: Evaluations, signer: ProcessSigner, asked: threading.Event
) -> None:
    """All processes of the run are ended, its files are gone, nothing opens what somebody may have copied of them."""
    asked.clear()
    plan = signer.plan(carried.plan()).content
    order = services.Order(suite=str(settings.root / "suite"), signed_plan=plan, vault=made.vault)
    ada = made.people["ada"]
    key = services.start(made.key, "words", carried.Suite().digest, actor=ada, at=now(), order=order)
    carried.look_until(evaluations, asked.is_set)
    control = Evaluation.objects.get(key=key).control or {}
    assert len(members(control["pid"])) >= 2, "the run and its engine"
    work = work_folder(settings.evaluations, key)
    assert (work.stat().st_mode & 0o777) == 0o700
    keys_kept = bytes(Evaluation.objects.get(key=key).sealed_key or b"")
    services.withdraw(made.key, actor=made.people["dev"], at=now())
    made.at = now()
    said = made.effect(settings.evaluations, signer)
    assert f"evaluation {key}: stopped" in said
    assert members(control["pid"]) == []
    carried.look_until(evaluations, lambda: not evaluations.look())
    assert not work.exists()
    assert [path.name for path in settings.evaluations.iterdir()] in ([], ["work"])
    assert keys_kept.decode("latin-1") not in everything_stored()
    record = envelope.verify_record(
        bytes(made.review.receipt or b""), keys.load_public(keys.public_file(settings.key_file))
    )
    assert isinstance(record, Destruction)
    assert record.key_destroyed
    assert record.files[0] > 8
    with pytest.raises(NotFound):
        opened(made, settings, key)


def members(group: int) -> list[str]:
    """The command lines of the living processes of a group."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[2]) == group and fields[0] != "Z":
                found.append(stat.parent.name)
    return found


def test_what_a_model_comes_upon_becomes_a_report_once_and_the_review_notes_it(
    settings: Settings, socket_enabled: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COMES_UPON", "yes")
    made = table()
    made.at = now()
    handed: list[bytes] = []

    def hand_in(bundle: bytes) -> str:
        handed.append(bundle)
        return wiring.hand_in_finding(bundle)

    with Endpoint(carried.answers) as endpoint:
        key = carried.started(made, ProcessSigner(settings.key_file), settings.root / "suite", url=endpoint.url)
        evaluations = Evaluations(settings, made.vault, LocalRuns(), now, carried.COMMAND, hand_in=hand_in)
        try:
            carried.look_until(evaluations, lambda: Evaluation.objects.get(key=key).state == "finished")
        finally:
            evaluations.stop()
    assert len(handed) == 1
    report = Report.objects.get()
    assert (report.finder.name, report.proof is not None) == (wiring.REVIEWS, True)
    assert hand_in(handed[0]) == report.public_id
    noted = [entry for entry in journal.entries(f"review/{made.key}") if entry.kind == "finding handed in"]
    assert [entry.body["report"] for entry in noted] == [report.public_id]
