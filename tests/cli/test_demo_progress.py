from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from clearinghouse.bootstrap import wiring
from clearinghouse.cli import demo, demo_progress
from clearinghouse.cli.demo_home import DemoHome
from clearinghouse.cli.demo_progress import Watched
from clearinghouse.core.errors import SandboxUnavailable
from clearinghouse.core.proof import Signal, Verdict
from clearinghouse.core.visibility import LOCAL
from tests.proofs.factories import Sketch, archive
from tests.proofs.simulator import Bug, Simulator

if TYPE_CHECKING:
    from pathlib import Path

    from clearinghouse.cases.figures import Funnel

BUNDLE = archive(Sketch("alpha"))


class Heard:
    """A display that keeps what it was told."""

    def __init__(self) -> None:
        self.said: list[tuple[str, ...]] = []

    def funnel(self, funnel: Funnel) -> None:
        raise AssertionError(funnel)

    def doing(self, what: tuple[str, ...]) -> None:
        self.said.append(what)


def watched(stop: threading.Event) -> tuple[Watched, Heard]:
    heard = Heard()
    return Watched(Simulator({"alpha": Bug("gizmo.core:load")}), heard, stop), heard


def test_a_watched_prover_answers_as_the_prover_does_and_says_what_it_is_doing() -> None:
    prover, heard = watched(threading.Event())
    assert prover.prove(BUNDLE).verdict is Verdict.PROVEN
    assert prover.try_on(BUNDLE, "1.6").signal is Signal.SILENT
    assert prover.prove(b"no bundle").verdict is Verdict.INVALID
    names = ("proving gizmo 1.4", "trying gizmo 1.4 on 1.6", "proving a bundle")
    assert heard.said == [entry for name in names for entry in ((name,), ())]


def test_once_stopped_no_answer_comes_out_that_somebody_could_store() -> None:
    stop = threading.Event()
    prover, _ = watched(stop)
    answers = []
    stop.set()
    thread = threading.Thread(target=lambda: answers.append(prover.prove(BUNDLE)), daemon=True)
    thread.start()
    thread.join(timeout=0.5)
    assert thread.is_alive()
    assert answers == []
    stop.clear()  # let the thread go
    thread.join(timeout=30)


@pytest.mark.django_db
def test_without_a_terminal_there_is_a_plain_line_now_and_then_and_one_at_the_end(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from clearinghouse.cases import figures  # noqa: PLC0415

    monkeypatch.setattr(demo_progress, "EVERY_SECONDS", 0.01)
    with demo_progress.display() as shown:
        shown.doing(("proving gizmo 1.4",))
        shown.funnel(figures.funnel(actor=LOCAL))
        threading.Event().wait(0.2)
        shown.doing(())
    lines = capsys.readouterr().err.splitlines()
    assert "proving gizmo 1.4" in lines[0]
    assert lines[-1].endswith("0 of 0 reports answered, 0 of 0 proofs decided, 0 runs, 0 reports closed by 0 cases")


def test_without_a_sandbox_a_demo_begins_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def find(_state: Path) -> None:
        raise SandboxUnavailable("no sandbox here", advice="use Linux")

    (tmp_path / "demo.toml").write_text('[[report]]\nfinder = "Lab"\npath = "one.md"\n')
    (tmp_path / "one.md").write_text("# words\n")
    monkeypatch.setenv("CLEARINGHOUSE_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("clearinghouse.prover.sandbox.find.find_sandbox", find)
    wiring.settings.cache_clear()
    with pytest.raises(SandboxUnavailable) as error:
        demo.demo(check=True, inputs=tmp_path / "demo.toml")
    wiring.settings.cache_clear()
    assert error.value.exit_code == 69
    assert DemoHome(tmp_path / "home").mark().digest == ""
    assert not (tmp_path / "home" / "clearinghouse.sqlite3").exists()
