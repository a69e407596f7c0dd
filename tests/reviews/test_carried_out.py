"""A worker carries an evaluation out: sealed, paused, gone on with, ended; and the credential is nowhere."""

from __future__ import annotations

import shutil
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from clearinghouse.adapters.clock import now
from clearinghouse.adapters.runs import LocalRuns
from clearinghouse.adapters.signing import keys
from clearinghouse.adapters.signing.process import ProcessSigner
from clearinghouse.bootstrap.evaluations import Evaluations, work_folder
from clearinghouse.bootstrap.settings import Settings
from clearinghouse.core.review.samples import Outcome
from clearinghouse.evaluation.sealed import Sealed
from clearinghouse.evaluation.store import Folder
from clearinghouse.reviews import services
from clearinghouse.reviews.models import Evaluation
from tests.evaluation.endpoint import Endpoint
from tests.reviews import carried
from tests.reviews.factories import table
from tests.reviews.test_ending import everything_stored

if TYPE_CHECKING:
    from collections.abc import Iterator

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
        evaluations = Evaluations(settings, made.vault, LocalRuns(), now, carried.COMMAND)

        def row() -> Evaluation:
            return Evaluation.objects.get(key=key)

        carried.look_until(evaluations, asked.is_set)
        pid = (row().control or {})["pid"]
        for name in ("cmdline", "environ"):
            held = Path(f"/proc/{pid}/{name}").read_bytes()
            assert carried.KEY.encode() not in held
            assert host.encode() not in held
        services.pause(made.key, actor=made.people["ada"], at=now())
        evaluations.look()
        gate.set()
        carried.look_until(evaluations, lambda: not evaluations.look())
        assert 0 < row().progress["done"] < 4, "those under way were made and judged, no other was begun"
        done = row().progress["done"]
        services.resume(made.key, actor=made.people["ada"], at=now())
        carried.look_until(evaluations, lambda: row().state == "finished")
    assert row().progress["done"] == row().progress["total"] == 4
    assert (row().take, made.kinds().count("credential released")) == (2, 2)
    assert done
    review, data_key, _ = services.files_key(key, vault=made.vault, actor=made.people["ada"], at=now())
    assert review == made.key
    folder = Folder.open(settings.evaluations / key, Sealed(data_key))
    samples = folder.samples()
    assert len(samples) == 4
    assert {one.outcome for one in samples} == {Outcome.PASS}
    assert carried.SAID.encode() in folder.content("logs", str(samples[0].log), ".json")
    assert not work_folder(settings, key).exists()
    for word in (carried.KEY, host):
        assert word not in everything_stored()
    words = (carried.KEY, host, carried.SAID, carried.MODEL, "xyzzy")
    for path in settings.root.rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not [word for word in words if word.encode() in content], path
