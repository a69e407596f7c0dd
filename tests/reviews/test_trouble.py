"""A run that cannot go on pauses its review and says why; nothing is handed to what was not signed, or is no more."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from clearinghouse.adapters.runs import LocalRuns
from clearinghouse.adapters.signing import envelope, keys
from clearinghouse.bootstrap.evaluations import Evaluations
from clearinghouse.bootstrap.settings import Settings
from clearinghouse.core.errors import Conflict, Refused
from clearinghouse.core.review.plan import SignedPlan
from clearinghouse.evaluation.engine.errand import Errand
from clearinghouse.reviews import queries, services
from clearinghouse.reviews.models import Evaluation, Release
from clearinghouse.reviews.services import carrying
from tests.reviews import carried
from tests.reviews.factories import ADDRESS, DAY, table

if TYPE_CHECKING:
    from pathlib import Path

    from tests.reviews.factories import Table

pytestmark = pytest.mark.django_db
WORDS = "the endpoint does not answer"
SAYS = '{"trouble": "the endpoint does not answer"}'
TELLS = f"import os, sys; sys.stdin.readline(); print({SAYS!r}, flush=True); os._exit(70)"
DIES = "import os, sys; sys.stdin.readline(); os.kill(os.getpid(), 9)"
ASKS = "import os, sys; sys.stdin.readline(); sys.stdin.readline(); os._exit(75)"


class Signer:
    """Signs plans without a process."""

    def __init__(self, key: Path) -> None:
        self._key = key

    def plan(self, plan: Any) -> Any:
        content = envelope.sign(SignedPlan(plan, "2026-05-01T00:00:00Z"), keys.load_private(self._key))
        return type("Signed", (), {"content": content})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = Settings(home=tmp_path / "home")
    keys.make(found.key_file)
    return found


def started(made: Table, settings: Settings, key: Path | None = None) -> str:
    signer: Any = Signer(key or settings.key_file)
    return carried.started(made, signer, settings.root / "suite", url=ADDRESS)


def worker(made: Table, settings: Settings, program: str) -> Evaluations:
    return Evaluations(settings, made.vault, LocalRuns(), lambda: made.at, (sys.executable, "-c", program), hand_in=str)


def until(evaluations: Evaluations, key: str, state: str) -> Evaluation:
    over = time.monotonic() + 60
    while (row := Evaluation.objects.get(key=key)).state != state:
        assert time.monotonic() < over
        evaluations.look()
        time.sleep(0.02)
    return row


def test_a_run_that_cannot_go_on_pauses_its_review_and_tells_the_house_why(settings: Settings) -> None:
    made = table()
    key = started(made, settings)
    row = until(worker(made, settings, TELLS), key, "paused")
    assert (row.take, row.progress["trouble"], made.state) == (1, WORDS, "paused")
    seen = {name: queries.review(made.key, actor=made.people[name]) for name in ("ada", "dev")}
    told = {name: [one.trouble for one in view.evaluations] for name, view in seen.items() if view}
    assert told == {"ada": [WORDS], "dev": [""]}
    services.resume(made.key, actor=made.people["ada"], at=made.at)
    row = until(worker(made, settings, DIES), key, "paused")
    assert "again and again" in row.progress["trouble"]
    assert row.take == 5
    assert Release.objects.filter(evaluation=row).count() == made.kinds().count("credential released") == 5
    services.resume(made.key, actor=made.people["ada"], at=made.at)
    evaluations = worker(made, settings, ASKS)
    evaluations.look()
    services.pause(made.key, actor=made.people["ada"], at=made.at)
    carried.look_until(evaluations, lambda: not evaluations.look())
    row.refresh_from_db()
    assert (row.take, row.state) == (6, "paused"), "told to pause, it went, and that is no trouble"
    assert not (settings.evaluations / "work" / key[:12]).exists()


def test_nothing_is_handed_to_a_run_of_a_plan_that_this_house_did_not_sign(settings: Settings, tmp_path: Path) -> None:
    made = table()
    keys.make(tmp_path / "other.key")
    key = started(made, settings, tmp_path / "other.key")
    row = until(worker(made, settings, DIES), key, "paused")
    assert "sign" in row.progress["trouble"]
    assert not Release.objects.exists()
    with pytest.raises(Refused, match="not the review's plan"):
        services.start(made.key, "words", "cd" * 32, actor=made.people["ada"], at=made.at, plan="ef" * 32)


def test_what_is_over_is_neither_taken_up_nor_handed_anything(settings: Settings) -> None:
    made = table()
    key = started(made, settings)
    taken = carrying.take_up(key, "here", at=made.at)
    assert taken is not None
    assert taken.take == 1
    assert carrying.due("elsewhere") == ()
    assert carrying.take_up(key, "elsewhere", at=made.at) is None
    with pytest.raises(Conflict, match="runs no more"):
        carrying.note_process(key, 0, {}, at=made.at)
    assert carrying.hand_over(key, 1, vault=made.vault, at=made.at)[0]["api_key"] == carried.KEY
    with pytest.raises(Conflict, match="already"):
        carrying.hand_over(key, 1, vault=made.vault, at=made.at)
    made.later(40)
    assert carrying.take_up(key, "here", at=made.at) is None, "the window is over, though nobody struck yet"
    services.withdraw(made.key, actor=made.people["dev"], at=made.at - DAY)
    carrying.note_progress(key, 1, {"doing": "planted"})
    carrying.broke_off(key, 1, "planted", at=made.at)
    carrying.ended(key, 1, at=made.at)
    row = Evaluation.objects.get(key=key)
    assert (row.state, row.progress, row.signed_plan, row.sealed_key) == ("cancelled", {}, None, None)


def test_an_errand_is_read_as_it_was_written_and_shows_nothing() -> None:
    from clearinghouse.evaluation.engine.orders import Credentials, Prices  # noqa: PLC0415

    told = Errand(
        suite="s", folder="f", state="t", plan=carried.plan(), data_key=bytes(32), ends=1.5,
        credentials=Credentials("https://x", carried.KEY), prices=Prices(input=1, output=2),
    )  # fmt: skip
    assert Errand.from_line(told.as_line()) == told
    assert carried.KEY not in repr(told)
