"""The server's commands as a shell sees them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from clearinghouse.adapters.jobs.memory import MemoryQueue
from clearinghouse.adapters.signing import keys
from clearinghouse.adapters.signing.process import ProcessSigner
from clearinghouse.bootstrap import wiring
from clearinghouse.cli.main import main
from clearinghouse.core.visibility import LOCAL
from clearinghouse.proofs import queries as proofs
from tests.intake.factories import house
from tests.journal.factories import lift_protection
from tests.proofs.factories import Sketch, archive
from tests.proofs.simulator import Bug

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Done:
    code: object
    stdout: str
    stderr: str


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Callable[..., Done]:
    """Run the command line in this process, on the test's own tables."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")

    def _run(*arguments: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["clearinghouse", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Done(ended.value.code or 0, out, err)

    return _run


Run = Callable[..., Done]


def objects(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_report_handed_in_to_a_fresh_home_can_be_listed_and_shown(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bundle.tar").write_bytes(archive(Sketch("alpha")))
    (tmp_path / "words.md").write_text("# Gizmo is weak\n")
    done = run("submit", tmp_path / "bundle.tar", tmp_path / "words.md", "--finder", "Lab One", "--json")
    assert done.code == 0, done.stderr
    bundle, words = objects(done.stdout)
    assert (bundle["state"], words["state"]) == ("proving", "parked")
    assert [row["id"] for row in objects(run("report", "list", "--json").stdout)] == [bundle["id"], words["id"]]
    shown = run("report", "show", words["id"])
    assert "Gizmo is weak" in shown.stdout
    assert "parked" in run("report", "list").stdout
    assert "whole: " in run("journal", "verify").stdout
    assert "report received" in run("journal", "show", f"report/{words['id']}").stdout


def test_every_path_is_tried_and_the_first_error_is_the_exit_code(run: Run, tmp_path: Path) -> None:
    (tmp_path / "words.md").write_text("Gizmo is weak")
    done = run("submit", tmp_path / "absent", tmp_path / "words.md", "--finder", "Lab One", "--json")
    assert done.code == 65
    assert done.stderr.strip() == f"clearinghouse: {tmp_path}/absent: there is no such file or folder"
    assert len(objects(done.stdout)) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("report", "show", "R-unknown"), 66, "no report R-unknown"),
        (("case", "show", "CLH-2026-00001"), 66, "no case CLH-2026-00001"),
        (("publish", "CLH-2026-00001", "--by", "A"), 66, "no case CLH-2026-00001"),
        (("journal", "show", "case/none"), 66, "no chain case/none"),
        (("submit", "x"), 2, "--finder"),
        (("unheard-of",), 2, "unheard-of"),
    ],
)
def test_an_error_is_one_line_on_stderr_and_an_exit_code(
    run: Run, arguments: tuple[str, ...], code: int, words: str
) -> None:
    done = run(*arguments)
    assert (done.code, done.stdout) == (code, "")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_journal_that_was_tampered_with_fails_verification_and_names_the_entry(run: Run, tmp_path: Path) -> None:
    (tmp_path / "words.md").write_text("Gizmo is weak")
    report = objects(run("submit", tmp_path / "words.md", "--finder", "Lab One", "--json").stdout)[0]["id"]
    with connection.cursor() as cursor:
        lift_protection(cursor)
        cursor.execute(f"UPDATE journal_entry SET actor = 'nobody' WHERE chain_id = 'report/{report}' AND seq = 2")
    done = run("journal", "verify")
    assert done.code == 70
    assert f"chain report/{report}, entry 2" in done.stderr


def test_a_proven_case_is_listed_shown_assessed_and_published(run: Run) -> None:
    clearing = house(alpha=Bug("gizmo.core:load"))
    clearing.send(Sketch("alpha"))
    clearing.work()
    case = "CLH-2026-00001"
    assert [row["id"] for row in objects(run("case", "list", "--json").stdout)] == [case]
    assert case in run("case", "list").stdout
    shown = run("case", "show", case).stdout
    assert "priority track to attend" in shown
    assert "Lab One" in shown
    done = run("case", "assess", case, "mission", "high", "--by", "A. Coordinator", "--because", "it is everywhere")
    assert "attend" in done.stdout
    published = run("publish", case, "--by", "A. Coordinator", "--json")
    assert Path(objects(published.stdout)[0]["path"]).exists()
    assert "published before" in run("publish", case, "--by", "A. Coordinator").stderr
    assert objects(run("case", "show", case, "--json").stdout)[0]["advisory_id"] == f"x_{case}"


def test_hostile_words_cannot_move_the_terminal(run: Run, tmp_path: Path) -> None:
    (tmp_path / "words.md").write_text("\x1b[2Jgone \x07\n")
    done = run("submit", tmp_path / "words.md", "--finder", "Lab One")
    assert "\x1b" not in done.stdout
    assert "\x1b" not in run("report", "list").stdout


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys\nfrom clearinghouse.cli.main import app\n"
        "try: app(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'django', 'dbos', 'sqlalchemy', 'pydantic', 'structlog'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


def test_a_report_without_a_signed_verdict_has_no_attestation_to_print(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bundle.tar").write_bytes(archive(Sketch("alpha")))
    (receipt,) = objects(run("submit", tmp_path / "bundle.tar", "--finder", "Lab One", "--json").stdout)
    done = run("report", "attestation", receipt["id"])
    assert (done.code, done.stdout) == (66, "")
    assert "keys init" in done.stderr
    assert run("report", "attestation", "R-none").code == 66


def test_a_signed_verdict_is_printed_byte_for_byte(run: Run, tmp_path: Path) -> None:
    keys.make(tmp_path / "k")
    clearing = house(alpha=Bug("gizmo.core:load"))
    clearing.queue = MemoryQueue(wiring.jobs(clearing.prover, clearing.clock, ProcessSigner(tmp_path / "k")))
    report = clearing.send(Sketch("alpha"))
    clearing.work()
    printed = run("report", "attestation", report.id).stdout
    assert report.bundle_id is not None
    assert printed.encode() == proofs.attestation(report.bundle_id, actor=LOCAL)
